"""The law of large numbers: online gradient descent of N particles with step s is the mean-field flow up to both."""

from limits.chaos import Slope
from limits.theorems.base import Result, Statement
from limits.theorems.comparisons import as_slope

SOURCE = "Mei, Montanari and Nguyen 2018, theorem 3; Shevchenko and Mondelli 2020, section 3"


def particle_rate(slope: Slope, what: str = "the distance of outputs to the limit") -> Result:
    """The distance to the limit of many particles, in root mean square, falls as N^(-1/2), and does not stay.

    `slope` is that of log distance against log N, of runs with one step and the same data.
    """
    return as_slope(Statement(f"{what} falls as N^(-1/2)", SOURCE, proven=False), (), -0.5, slope)


def step_rate(slope: Slope, what: str = "the distance of outputs to the flow") -> Result:
    """The distance to the gradient flow of the expected risk, in root mean square, goes as s^(1/2), and does not stay.

    `slope` is that of log distance against log s, of runs from one start with fresh data. The noise of the data is of
    order sqrt(s); what finite steps add beside it is of order s.
    """
    return as_slope(Statement(f"{what} goes as s^(1/2)", SOURCE, proven=False), (), 0.5, slope)
