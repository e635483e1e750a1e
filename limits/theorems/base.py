"""What checking a statement gives: its words, its assumptions, the bound beside what was measured, a verdict.

What was measured is a number, exact or with a standard error; with one it is an interval, the number less and plus so
many standard errors as `Statement.reach` says. A statement says in which region the number lies. One rule gives every
verdict: it holds where the whole interval lies in the region, it is violated where none of it does, and it is undecided
where the interval contains both sides. So a standard error that is not known, NaN, decides nothing, nor does a number
that is none; only a theorem is violated by such a number.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import torch
from torch import Tensor

from particles import ShapeError
from particles.arguments import arguments_checked
from particles.shapes import AnyFloat

#: Many numbers, or one, which keeps all its digits.
Numbers = AnyFloat | float
#: Margins below zero by less than this are rounding.
ROUNDING = 1e-9
#: Standard errors to either side of what was measured: of a theorem, whose violation is an alarm, and of a statement
#: that is empirical, where it is a finding at 95 %.
PROVEN_REACH, EMPIRICAL_REACH = 5.0, 2.0


class Verdict(StrEnum):
    """What came out. Vacuous: every assumption holds that is about the problem, but the bound promises nothing."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    VACUOUS = "vacuous"
    ASSUMPTION_FAILS = "assumption fails"


@dataclass(frozen=True)
class Assumption:
    """One assumption in words, and whether it holds here."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Statement:
    """What is said, where it stands, and whether it is proven there; what is not is empirical."""

    text: str
    source: str
    proven: bool = True

    @property
    def reach(self) -> float:
        """Standard errors to either side that the interval of a measurement has."""
        return PROVEN_REACH if self.proven else EMPIRICAL_REACH


@dataclass(frozen=True)
class Result:
    """A statement checked on one problem.

    `bound` and `measured` are those of the frame, or the particle, that decides. The margin is the distance from
    violation, relative to the bound: (bound - measured) / |bound| where the bound is from above, the negative of it
    where from below, 1 - |z| / 5 where it is a mean with z standard errors to its measurement (of an empirical
    statement 1 - |z| / 2). All three are NaN where an assumption fails. `error` is the standard error of what was
    measured, NaN where that has none or it is not known; `proven` whether the statement is a theorem.
    """

    statement: str
    source: str
    assumptions: tuple[Assumption, ...]
    bound: float
    measured: float
    verdict: Verdict
    margin: float
    error: float = math.nan
    proven: bool = True

    @property
    def score(self) -> float:
        """z, what was measured less the exact value in standard errors; NaN where that is no mean."""
        return (self.measured - self.bound) / self.error if self.error != 0.0 else 0.0

    @property
    def failing(self) -> tuple[str, ...]:
        """The assumptions that do not hold."""
        return tuple(assumption.text for assumption in self.assumptions if not assumption.holds)


def fails(assumptions: tuple[Assumption, ...]) -> bool:
    """Whether one of them does not hold."""
    return not all(assumption.holds for assumption in assumptions)


def unchecked(statement: Statement, assumptions: tuple[Assumption, ...]) -> Result:
    """The result where an assumption fails, so that there is nothing to compare."""
    nothing = math.nan
    return stated(statement, assumptions, nothing, nothing, Verdict.ASSUMPTION_FAILS, nothing)


@dataclass(frozen=True, eq=False)
class Inside:
    """How far what was measured lies inside the border of its region [entries], negative outside.

    `value` is that of the number, `least` and `most` those of the two ends of its interval; `error` are standard
    errors, None where what was measured is exact.
    """

    value: Tensor
    least: Tensor
    most: Tensor
    error: Tensor | None = None

    @classmethod
    def of(cls, statement: Statement, value: Tensor, error: Numbers | None) -> Self:
        """Of numbers and their standard errors. Raises ValueError where one is negative."""
        if error is None:
            return cls(value, value, value)
        error = _doubled(error)
        if bool((error < 0.0).any()):
            raise ValueError(f"A standard error is {float(error.min()):g}; give numbers that are zero or more.")
        error = _as_many("standard errors", error, value)
        return cls(value, value - statement.reach * error, value + statement.reach * error, error)


@arguments_checked
def from_above(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    bound: Numbers,
    measured: Numbers,
    trivial: float = math.inf,
    *,
    error: Numbers | None = None,
) -> Result:
    """measured <= bound, entry by entry. Vacuous where no bound is below `trivial`, which always holds.

    error: the standard error of every entry; what was measured is exact without.
    """
    measured = _doubled(measured)
    bound = _as_many("bounds", _doubled(bound), measured)
    result = compared(statement, assumptions, bound, measured, Inside.of(statement, bound - measured, error))
    return vacuous(result) if float(bound.min()) >= trivial else result


@arguments_checked
def from_below(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    bound: Numbers,
    measured: Numbers,
    trivial: float = 0.0,
    *,
    error: Numbers | None = None,
) -> Result:
    """measured >= bound, entry by entry. Vacuous where no bound is above `trivial`: zero, for what cannot be negative.

    error: the standard error of every entry; what was measured is exact without.
    """
    measured = _doubled(measured)
    bound = _as_many("bounds", _doubled(bound), measured)
    result = compared(statement, assumptions, bound, measured, Inside.of(statement, measured - bound, error))
    return vacuous(result) if float(bound.max()) <= trivial else result


@arguments_checked
def as_mean(statement: Statement, assumptions: tuple[Assumption, ...], exact: float, draws: AnyFloat) -> Result:
    """The mean of independent draws [seeds] is `exact`, as `as_value` says.

    Draws that do not vary at all must agree with it to rounding. Raises ValueError for fewer than two draws.
    """
    if draws.numel() < 2:
        raise ValueError(f"A mean is measured over seeds, but there is {draws.numel()} of them; give two or more.")
    error = float(draws.std()) / math.sqrt(draws.numel())
    return as_value(statement, assumptions, exact, float(draws.mean()), error)


@arguments_checked
def as_value(
    statement: Statement, assumptions: tuple[Assumption, ...], exact: float, measured: float, error: float
) -> Result:
    """What was measured, with its standard error, is `exact`: violated where its interval does not contain that.

    An interval never lies in a region of one number. Such a statement holds as long as it is not violated, and is
    undecided only where the standard error is not known.
    """
    if error < 0.0:
        raise ValueError(f"A standard error is {error:g}; give numbers that are zero or more.")
    if not math.isfinite(error):
        return stated(statement, assumptions, exact, measured, Verdict.UNDECIDED, math.nan, error)
    error = max(error, ROUNDING * max(abs(exact), abs(measured)))
    margin = 1.0 - abs(measured - exact) / (statement.reach * error) if error > 0.0 else 1.0
    verdict = Verdict.HOLDS if margin >= -ROUNDING else Verdict.VIOLATED
    return stated(statement, assumptions, exact, measured, verdict, margin, error)


def vacuous(result: Result) -> Result:
    """The same numbers, of a bound that promises nothing here; what is violated stays violated only if it promises."""
    return replace(result, verdict=Verdict.VACUOUS)


def compared(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    bound: Tensor,
    measured: Tensor,
    inside: Inside,
    strict: bool = False,
) -> Result:
    """The verdict of entries by how far they lie inside their region; `strict`: on its border is outside.

    Reported is the entry that decides, which is the one with the smallest margin where there are no errors. Where the
    bound is zero, as for particles without mass, the sign decides.
    """
    border = ROUNDING if strict else -ROUNDING
    value, least, most = (_relative(bound, each, strict) for each in (inside.value, inside.least, inside.most))
    outside = most < border
    if inside.error is None and statement.proven:
        outside = outside | value.isnan()
    if bool(outside.any()):
        verdict, deciding = Verdict.VIOLATED, torch.where(outside, most, math.inf)
    else:
        verdict, deciding = Verdict.HOLDS if bool((least >= border).all()) else Verdict.UNDECIDED, least
    place = int(deciding.argmin())
    error = torch.full_like(value, math.nan) if inside.error is None else inside.error
    said, found, margin, uncertain = (float(each.flatten()[place]) for each in (bound, measured, value, error))
    return stated(statement, assumptions, said, found, verdict, margin, uncertain)


def stated(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    bound: float,
    measured: float,
    verdict: Verdict,
    margin: float,
    error: float = math.nan,
) -> Result:
    """The result of a statement."""
    said = statement.text, statement.source, assumptions
    return Result(*said, bound, measured, verdict, margin, error, statement.proven)


def _relative(bound: Tensor, inside: Tensor, strict: bool) -> Tensor:
    within = inside > 0.0 if strict else inside >= 0.0
    sign = torch.where(inside.isnan(), math.nan, torch.where(within, math.inf, -math.inf))
    return torch.where(bound == 0.0, sign, inside / bound.abs())


def _doubled(numbers: Numbers) -> Tensor:
    """Numbers as a float64 tensor; torch alone would round a Python number to float32."""
    return numbers.double() if isinstance(numbers, Tensor) else torch.tensor(numbers, dtype=torch.float64)


def _as_many(what: str, numbers: Tensor, like: Tensor) -> Tensor:
    """As many numbers as were measured. Raises ShapeError where they are others, or where nothing was measured."""
    try:
        if like.numel() > 0 < numbers.numel():
            return numbers.expand_as(like)
    except RuntimeError:  # other shapes
        pass
    shapes = f"shape {list(numbers.shape)}, what was measured {list(like.shape)}"
    raise ShapeError(f"The {what} have {shapes}; give one for each, or one.")
