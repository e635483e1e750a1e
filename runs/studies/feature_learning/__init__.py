"""Do networks whose features move converge at a linear rate, and what do three scalings of them learn?"""
