"""Numbers with intervals, and levels: the parts of an estimate of the limit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limits.infinite_width.series import Rate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimated:
    """A number estimated from samples, `value`, with an interval from `low` to `high`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LimitValue(Estimated):
    """One quantity at infinite width, by name, with an interval that holds its standard error and its bias.

    `standard_error` is that of the samples, and `bias` what may be left of the 1/m series after extrapolation. `rate`
    is the measured decay of the last difference of levels.
    """

    name: str
    standard_error: float
    bias: float
    rate: Rate


@dataclass(frozen=True, eq=False)
class Level:
    """One level: the `width` of its fine clouds, its number of `samples`, and the `cost` of all of them.

    `mean` and `variance` [quantities] are those of the differences between fine and coarse clouds, at the lowest level
    those of the values.
    """

    width: int
    samples: int
    mean: Array
    variance: Array
    cost: float
