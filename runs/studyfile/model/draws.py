"""Numbers drawn at random from an interval, which become whole ones where a key takes no others."""

import math
from typing import Annotated, Self

import numpy as np
from pydantic import BeforeValidator


class Drawn(float):
    """A real number, and the whole number that the same draw is; None where the interval holds none."""

    whole: int | None

    def __new__(cls, value: float, whole: int | None = None) -> Self:
        """Of a real and a whole number."""
        drawn = super().__new__(cls, value)
        drawn.whole = whole
        return drawn


def _whole(given: object) -> object:
    return given if not isinstance(given, Drawn) or given.whole is None else given.whole


#: The type of keys that take whole numbers only.
Whole = Annotated[int, BeforeValidator(_whole)]


def drawn(generator: np.random.Generator, low: float, high: float, log: bool, count: int) -> list[Drawn]:
    """Numbers evenly from [low, high], with log evenly in the logarithm.

    Whole numbers are those from low to high, both included, each as likely; with log as likely as its share of the
    logarithm, from 1/2 below it to 1/2 above it.
    """
    first, last = math.ceil(low), math.floor(high)
    ends = (first - 0.5, last + 0.5)
    found = []
    for share in generator.uniform(size=count).tolist():
        real = _between(low, high, log, share)
        whole = min(max(math.floor(_between(*ends, log, share) + 0.5), first), last) if first <= last else None
        found.append(Drawn(real, whole))
    return found


def _between(low: float, high: float, log: bool, share: float) -> float:
    """The number at this share of the way."""
    if log:
        return math.exp(_between(math.log(low), math.log(high), False, share))
    return low + (high - low) * share
