"""Statements of papers that are no bounds: an order, a slope, a published number, each beside what was measured.

The rule of `limits.theorems.base` gives each verdict: the interval of the measurement lies in the region that is
stated, outside, or on both sides. Intervals that come ready made, as those of slopes, are taken as 95 % ones, and are
stretched as far for theorems as standard errors are.
"""

import math
from collections.abc import Sequence

import scipy
import torch
from torch import Tensor

from limits.chaos import Slope
from limits.theorems.base import (
    EMPIRICAL_REACH,
    ROUNDING,
    Assumption,
    Inside,
    Result,
    Statement,
    Verdict,
    compared,
    from_above,
    stated,
    vacuous,
)
from particles import ShapeError
from particles.arguments import arguments_checked

#: A fraction of failures refutes a probability where chance gives as many once in ten million times.
SIGNIFICANCE = 1e-7


@arguments_checked
def in_order(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    values: Sequence[float],
    errors: Sequence[float] | None = None,
    *,
    increasing: bool = True,
) -> Result:
    """Every value exceeds the one before, or every one falls below it; equal ones do not.

    With standard errors `errors` the interval is that of the difference of neighbours, of error
    sqrt(e_i^2 + e_(i+1)^2): undecided where neighbours are within it. Reported are the two that decide, the first as
    bound, and the error of their difference. Raises ValueError for fewer than two values, ShapeError for another number
    of errors.
    """
    measured = torch.tensor(list(values), dtype=torch.float64)
    if len(measured) < 2:
        raise ValueError(f"An order is one of two values or more, but {len(measured)} were given; give more of them.")
    rises = measured.diff() if increasing else -measured.diff()
    single = None if errors is None else torch.tensor(list(errors), dtype=torch.float64)
    if single is not None and len(single) != len(measured):
        raise ShapeError(f"There are {len(single)} standard errors of {len(measured)} values; give one for each.")
    error = None if single is None else torch.hypot(single[:-1], single[1:])
    return compared(
        statement, assumptions, measured[:-1], measured[1:], Inside.of(statement, rises, error), strict=True
    )


@arguments_checked
def as_frequency(
    statement: Statement, assumptions: tuple[Assumption, ...], failed: Sequence[bool], probability: float
) -> Result:
    """Independent starts [seeds] fail with this probability at most.

    Measured is the fraction that failed; the bound contains what chance adds with so few of them. Vacuous where the
    probability is one or more.
    """
    most = min(probability, 1.0)
    allowed = float(scipy.stats.binom.isf(SIGNIFICANCE, len(failed), most)) / len(failed)
    result = from_above(statement, assumptions, max(allowed, most), sum(failed) / len(failed))
    return vacuous(result) if most == 1.0 else result


@arguments_checked
def as_slope(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    exact: float,
    slope: Slope,
    *,
    rival: float = 0.0,
) -> Result:
    """The slope is `exact` and not `rival`, by default no dependence at all, by its interval.

    Violated where the interval does not contain the slope that is stated, undecided where it contains the rival as
    well. The margin is 1 - |value - exact| / distance from the value to the end of the interval on that side. Raises
    ValueError for a rival that is what is stated.
    """
    if exact == rival:
        raise ValueError(f"The slope stated and its rival are both {exact:g}; give the rival that is to be excluded.")
    low, high = _ends(statement, slope)
    rounding = ROUNDING * max(abs(exact), abs(slope.value))
    reach = max(high - slope.value if exact > slope.value else slope.value - low, rounding)
    margin = 1.0 - abs(slope.value - exact) / reach if reach > 0.0 else 1.0
    if margin < -ROUNDING:
        verdict = Verdict.VIOLATED
    else:
        verdict = Verdict.HOLDS if rival < low or rival > high else Verdict.UNDECIDED
    return stated(statement, assumptions, exact, slope.value, verdict, margin, _error(slope))


@arguments_checked
def slope_within(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    slope: Slope,
    *,
    least: float = -math.inf,
    most: float = math.inf,
) -> Result:
    """least <= slope <= most, by its interval; one of the two may be left out. The bound reported is the nearer one.

    Raises ValueError where there is no such range, or no slope outside of it.
    """
    if not least <= most or math.isinf(least) and math.isinf(most):
        raise ValueError(f"A slope between {least:g} and {most:g} says nothing; give two numbers in order, or one.")
    low, high = _ends(statement, slope)
    ends = ((slope.value, slope.value), (low, high), (high, low))
    value, nearest, farthest = (torch.minimum(_alone(one - least), _alone(most - other)) for one, other in ends)
    bound = least if slope.value - least < most - slope.value else most
    inside = Inside(value, nearest, farthest, _alone(_error(slope)))
    return compared(statement, assumptions, _alone(bound), _alone(slope.value), inside)


@arguments_checked
def as_published(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    published: float,
    reading: float,
    measured: float,
    error: float | None = None,
) -> Result:
    """|measured - published| <= reading: the number agrees to what the published one can be read to.

    It holds where the interval of the measurement lies within the reading error, is violated where it lies outside, and
    undecided otherwise (Schuirmann 1987, on equivalence). Without `error` what was measured is exact. Raises ValueError
    for a reading error that is not positive: an exact number is compared by `as_value`.
    """
    if not 0.0 < reading < math.inf:
        raise ValueError(f"The reading error is {reading:g}, but must be positive; an exact number has as_value.")
    said, found, room = (_alone(number) for number in (published, measured, reading - abs(measured - published)))
    uncertain = None if error is None else _alone(error)
    return compared(statement, assumptions, said, found, Inside.of(statement, room, uncertain))


def _ends(statement: Statement, slope: Slope) -> tuple[float, float]:
    """The ends of the interval of a slope, stretched for a theorem."""
    stretch = statement.reach / EMPIRICAL_REACH
    return slope.value - stretch * (slope.value - slope.low), slope.value + stretch * (slope.high - slope.value)


def _error(slope: Slope) -> float:
    """The standard error of which its interval has `EMPIRICAL_REACH` to either side."""
    return (slope.high - slope.low) / (2.0 * EMPIRICAL_REACH)


def _alone(number: float) -> Tensor:
    return torch.tensor([number], dtype=torch.float64)
