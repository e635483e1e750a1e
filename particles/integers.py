"""Whole numbers, Python's and NumPy's, as counts, seeds and places."""

from numbers import Integral


def whole(value: object, what: str, least: int = 1) -> int:
    """The number as a plain integer; raises ValueError for what is none, True and False among it, or is too small."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{what} is {value!r}, but an integer of at least {least} is needed.")
    return int(value)
