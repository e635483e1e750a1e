"""What checking a theorem gives: the statement, its assumptions, the bound beside what was measured, a verdict."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import Tensor

from particles.shapes import AnyFloat

#: Margins below zero by less than this are rounding.
ROUNDING = 1e-9
#: Equalities are violated beyond this many standard errors.
STANDARD_ERRORS = 5.0


class Verdict(StrEnum):
    """What came out. Vacuous: every assumption holds that is about the problem, but the bound promises nothing."""

    HOLDS = "holds"
    VIOLATED = "violated"
    VACUOUS = "vacuous"
    ASSUMPTION_FAILS = "assumption fails"


@dataclass(frozen=True)
class Assumption:
    """One assumption in words, and whether it holds here."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Statement:
    """What a theorem says, and where it stands."""

    text: str
    source: str


@dataclass(frozen=True)
class Result:
    """A statement checked on one problem.

    `bound` and `measured` are those of the frame, or the particle, with the smallest margin. The margin is the distance
    from violation, relative to the bound: (bound - measured) / |bound| where the bound is from above, the negative of
    it where from below, 1 - |z| / 5 where it is a mean with z standard errors to its measurement. All three are NaN
    where an assumption fails. `error` is the standard error of what was measured, NaN where that is no mean.
    """

    statement: str
    source: str
    assumptions: tuple[Assumption, ...]
    bound: float
    measured: float
    verdict: Verdict
    margin: float
    error: float = math.nan

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
    return Result(statement.text, statement.source, assumptions, nothing, nothing, Verdict.ASSUMPTION_FAILS, nothing)


def from_above(
    statement: Statement,
    assumptions: tuple[Assumption, ...],
    bound: AnyFloat,
    measured: AnyFloat,
    trivial: float = math.inf,
) -> Result:
    """measured <= bound, entry by entry. Vacuous where no bound is below `trivial`, which always holds."""
    measured = measured.double()
    bound = bound.double().expand_as(measured)
    result = _worst(statement, assumptions, bound, measured, bound - measured)
    return vacuous(result) if float(bound.min()) >= trivial else result


def from_below(
    statement: Statement, assumptions: tuple[Assumption, ...], bound: AnyFloat, measured: AnyFloat
) -> Result:
    """measured >= bound, entry by entry. Vacuous where no bound is positive, for what cannot be negative."""
    measured = measured.double()
    bound = bound.double().expand_as(measured)
    result = _worst(statement, assumptions, bound, measured, measured - bound)
    return vacuous(result) if float(bound.max()) <= 0.0 else result


def as_mean(statement: Statement, assumptions: tuple[Assumption, ...], exact: float, draws: Tensor) -> Result:
    """The mean of independent draws [seeds] is `exact`, within five standard errors of the mean.

    Draws that do not vary at all must agree with it to rounding. Raises ValueError for fewer than two draws.
    """
    if draws.numel() < 2:
        raise ValueError(f"A mean is measured over seeds, but there is {draws.numel()} of them; give two or more.")
    mean = float(draws.mean())
    error = max(float(draws.std()) / math.sqrt(draws.numel()), ROUNDING * max(abs(exact), abs(mean)))
    margin = 1.0 - abs(mean - exact) / (STANDARD_ERRORS * error) if error > 0.0 else 1.0
    return replace(_judged(statement, assumptions, exact, mean, margin), error=error)


def vacuous(result: Result) -> Result:
    """The same numbers, of a bound that promises nothing here; what is violated stays violated only if it promises."""
    return replace(result, verdict=Verdict.VACUOUS)


def _worst(
    statement: Statement, assumptions: tuple[Assumption, ...], bound: Tensor, measured: Tensor, room: Tensor
) -> Result:
    """The entry with the smallest margin; where the bound is zero, as for particles without mass, the sign decides."""
    margins = torch.where(bound == 0.0, torch.where(room >= 0.0, math.inf, -math.inf), room / bound.abs())
    place = int(margins.argmin())
    values = (float(tensor.flatten()[place]) for tensor in (bound, measured, margins))
    return _judged(statement, assumptions, *values)


def _judged(
    statement: Statement, assumptions: tuple[Assumption, ...], bound: float, measured: float, margin: float
) -> Result:
    verdict = Verdict.HOLDS if margin >= -ROUNDING else Verdict.VIOLATED
    return Result(statement.text, statement.source, assumptions, bound, measured, verdict, margin)
