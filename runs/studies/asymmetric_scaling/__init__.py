"""One network under four node scalings: do its particles move, and does its kernel change?"""
