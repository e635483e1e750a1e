"""Do networks whose features move converge linearly, and what do their scalings learn?"""
