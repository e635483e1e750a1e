"""What BDF hands from step to step, and how it chooses the next step and order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.rejection_loop import Place
from flows.integrators.error_controlled.step_control import Controller, Work
from flows.integrators.function_space.differentiation import HIGHEST, Formula
from flows.integrators.function_space.error_scales import UNITS, Judged, Scales
from flows.integrators.function_space.logarithmic_time import LogarithmicTime
from flows.integrators.function_space.matrix_free.preconditioner import Preconditioner
from particles.shapes import Positions

#: By the order of a formula.
CONTROLLERS = {
    order: Controller(order + 1, safety=0.87, largest=2.0, broken=0.5, floor=1e-10) for order in range(1, HIGHEST + 1)
}
#: After so many failed trials the points before are forgotten.
MOST_FAILED = 4
#: A run that would take more steps than this because rounding allows no longer ones is refused.
MOST_ROUNDED = 10_000


@dataclass(frozen=True, eq=False)
class BDFState:
    """The last points of the path and their times, newest first, and what the next step goes by.

    That is its size and order, for how many steps the order has been `held`, how many trials of the step have `failed`,
    whether the matrix has the curvature of single neurons (`curved`), and the scales of errors. The run `began` at a
    time, and its path is a polynomial in log(1 + (t - began) / `unit`); `mark` is the number of steps, and the length
    of the run, when this length had last doubled. `tried` is nothing; files have it. The `preconditioner` is that of
    steps that are solved by iterations.

    Points are ways from the start [particles, dim]: their rounding is that of how far the cloud has come, not of where
    it is, and coordinates at rest stay there.
    """

    points: tuple[Positions, ...]
    times: tuple[float, ...]
    size: float = 0.0
    order: int = 1
    held: int = 0
    failed: int = 0
    tried: None = None
    curved: bool = False
    began: float = 0.0
    unit: float = math.inf
    mark: tuple[int, float] = (0, 0.0)
    headway: Headway = Headway(0.0)
    scales: Scales | None = None
    work: Work = Work()
    preconditioner: Preconditioner | None = None

    @property
    def known(self) -> Scales:
        """The scales of a run that has begun."""
        if self.scales is None:
            raise ValueError("The state of BDF has no scales yet; begin the run with BDF.begun.")
        return self.scales

    @property
    def scale(self) -> LogarithmicTime:
        """That of the path."""
        return LogarithmicTime(self.began, self.unit)

    def formula(self, order: int, reached: float) -> Formula:
        """That of an order through the last points, for a step to this time, in time before it."""
        return _formula(order, self.times[: order + 1], reached, self.scale)

    @property
    def beside(self) -> tuple[int, ...]:
        """The orders beside its own that may be taken after the step at hand."""
        if self.held < self.order:
            return ()
        highest = min(HIGHEST, len(self.times) - 1)
        return tuple(order for order in (self.order - 1, self.order + 1) if 1 <= order <= highest)

    def rejected(self, at: Place, reached: float, judged: Judged) -> "BDFState":
        """After a trial that was too long; raises ToleranceNotReached where no step is short enough."""
        time, before = self.times[:2]
        taken = reached - time
        if judged.doubt > 1.0 and taken * MOST_ROUNDED < at.until - time:
            raise at.unreached(taken, UNITS)
        at.check_short(taken, time - before, taken, judged.larger)
        failed = self.failed + 1
        [way] = self.scale.ways((reached,), time)
        return replace(
            self,
            size=self.scale.length(CONTROLLERS[self.order].cut(way, judged.larger), time),
            order=self.order if failed < MOST_FAILED else 1,
            failed=failed,
            held=0,
            work=self.work.after(False, velocities=1),
        )

    def accepted(self, reached: float, error: float, corrections: Mapping[int, float]) -> "BDFState":
        """After a step, with the order and size that promise to go farthest; points and scales are still the old ones.

        Steps grow on the scale of the path, but none is longer than twice the one before: longer ones pass over slow
        growth that none of them has seen.

        `corrections` are the norms of d of its own order and of those `beside`: errors go as these times the constants
        of the formulas.
        """
        own = self.formula(self.order, reached).error * corrections[self.order]
        errors = {self.order: error}
        for order in self.beside if own > 0.0 else ():
            errors[order] = error / own * self.formula(order, reached).error * corrections[order]
        factors = {order: CONTROLLERS[order].factor(error) for order, error in errors.items()}
        best = max(factors, key=lambda order: factors[order])
        controller = CONTROLLERS[best]
        most = controller.first if len(self.times) == 2 else controller.largest
        [back] = self.scale.ways(self.times[:1], reached)
        step = reached - self.times[0]
        return replace(
            self,
            times=(reached, *self.times)[: HIGHEST + 1],
            size=min(self.scale.length(controller.grown(-back, factors[best], most), reached), most * step),
            order=best,
            held=self.held + 1 if best == self.order else 0,
            failed=0,
            work=self.work.after(True, velocities=1),
        )


@lru_cache(maxsize=64)
def _formula(order: int, times: tuple[float, ...], reached: float, scale: LogarithmicTime) -> Formula:
    """A step asks for each of its formulas several times."""
    return Formula(order, scale.ways(times, reached), 0.0)
