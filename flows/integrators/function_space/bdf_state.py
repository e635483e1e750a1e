"""What BDF hands from step to step, and how it chooses the next step and order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.step_control import SHORTEST, Work
from flows.integrators.function_space.differentiation import HIGHEST, Formula
from flows.integrators.function_space.error_scales import UNITS, Scales
from particles import ToleranceNotReached
from particles.shapes import Positions

SAFETY, SMALLEST, LARGEST, FIRST = 0.87, 0.2, 2.0, 10.0
#: After so many failed trials the points before are forgotten.
MOST_FAILED = 4
#: A run that would take more steps than this because rounding allows no longer ones is refused.
MOST_ROUNDED = 10_000


@dataclass(frozen=True)
class Judged:
    """Errors of a trial in units of the tolerance: of its formula, d `whole`, and what rounding leaves open in d.

    `kinked` says that d has not fallen from the trial before as it does where the path is smooth.
    """

    error: float
    doubt: float
    scales: Scales
    whole: float = 0.0
    kinked: bool = False

    @property
    def larger(self) -> float:
        """The one that counts."""
        return max(self.error, self.doubt)


@dataclass(frozen=True)
class Tried:
    """A trial that has failed: its order, where it would have ended, its d in units of the tolerance, any kink."""

    order: int
    reached: float
    whole: float
    kinked: bool


@dataclass(frozen=True, eq=False)
class BDFState:
    """The last points of the path and their times, newest first, and what the next step goes by.

    That is its size and order, for how many steps the order has been `held`, how many trials of the step have `failed`
    and which was the last,
    whether the matrix has the curvature of single neurons (`curved`), and the scales of errors. The run `began` at a
    time; `mark` is the number of steps, and the length of the run, when this length had last doubled.

    Points are ways from the start [particles, dim]: their rounding is that of how far the cloud has come, not of where
    it is, and coordinates at rest stay there.
    """

    points: tuple[Positions, ...]
    times: tuple[float, ...]
    size: float = 0.0
    order: int = 1
    held: int = 0
    failed: int = 0
    tried: Tried | None = None
    curved: bool = False
    began: float = 0.0
    mark: tuple[int, float] = (0, 0.0)
    headway: Headway = Headway(0.0)
    scales: Scales | None = None
    work: Work = Work()

    @property
    def known(self) -> Scales:
        """The scales of a run that has begun."""
        if self.scales is None:
            raise ValueError("The state of BDF has no scales yet; begin the run with BDF.begun.")
        return self.scales

    def kinked(self, whole: float, reached: float) -> bool:
        """Whether a trial after a failed one shows a kink of the path, by its d in units of the tolerance.

        On a smooth path d goes as the product of (t - t_i) over the points, at a kink not far from here as h: where it
        is above the geometric mean of both, there is one. A step keeps its kink.
        """
        before = self.tried
        if before is None or before.order != self.order or before.kinked:
            return before is not None and before.kinked
        ratios = [(reached - time) / (before.reached - time) for time in self.times[: self.order + 1]]
        return whole > before.whole * math.sqrt(ratios[0] * math.prod(ratios))

    def formula(self, order: int, reached: float) -> Formula:
        """That of an order through the last points, for a step to this time."""
        return Formula(order, self.times[: order + 1], reached)

    @property
    def beside(self) -> tuple[int, ...]:
        """The orders beside its own that may be taken after the step at hand."""
        if self.held < self.order:
            return ()
        highest = min(HIGHEST, len(self.times) - 1)
        return tuple(order for order in (self.order - 1, self.order + 1) if 1 <= order <= highest)

    def rejected(self, reached: float, judged: Judged, *, step: int, until: float) -> "BDFState":
        """After a trial that was too long; raises ToleranceNotReached where no step is short enough."""
        time, size, error = self.times[0], reached - self.times[0], judged.larger
        if judged.doubt > 1.0 and size * MOST_ROUNDED < until - time:
            raise ToleranceNotReached(step=step, time=time, size=size, reason=UNITS)
        if size <= SHORTEST * max(abs(time), time - self.times[1]):
            reason = f"the error is {error:.3g} times the allowed one"
            raise ToleranceNotReached(step=step, time=time, size=size, reason=reason)
        shrink = SAFETY * error ** (-1.0 / (self.order + 1)) if math.isfinite(error) else 0.5
        work = replace(self.work, velocities=self.work.velocities + 1, rejected=self.work.rejected + 1)
        size, failed = size * max(SMALLEST, min(shrink, 0.9)), self.failed + 1
        return replace(
            self, size=size, order=self.order if failed < MOST_FAILED else 1, failed=failed, held=0, work=work
        )

    def accepted(self, reached: float, error: float, corrections: Mapping[int, float]) -> "BDFState":
        """After a step, with the order and size that promise to go farthest; points and scales are still the old ones.

        `corrections` are the norms of d of its own order and of those `beside`: errors go as these times the constants
        of the formulas.
        """
        own = self.formula(self.order, reached).error * corrections[self.order]
        errors = {self.order: error}
        for order in self.beside if own > 0.0 else ():
            errors[order] = error / own * self.formula(order, reached).error * corrections[order]
        factors = {order: max(error, 1e-10) ** (-1.0 / (order + 1)) for order, error in errors.items()}
        best = max(factors, key=lambda order: factors[order])
        largest = FIRST if len(self.times) == 2 else LARGEST
        return replace(
            self,
            times=(reached, *self.times)[: HIGHEST + 1],
            size=(reached - self.times[0]) * max(SMALLEST, min(largest, SAFETY * factors[best])),
            order=best,
            held=self.held + 1 if best == self.order else 0,
            failed=0,
            tried=None,
            work=replace(self.work, velocities=self.work.velocities + 1, accepted=self.work.accepted + 1),
        )
