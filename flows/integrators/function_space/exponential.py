"""Exponential integration in function space: the Gauss-Newton part of a gradient flow is propagated exactly."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.step_control import SHORTEST, Tolerance, Work, checked_max_step, next_time
from flows.integrators.function_space.error_scales import UNITS, Scales
from flows.integrators.function_space.gauss_newton import GaussNewton, dense_risk
from flows.integrators.function_space.linear_part import LinearPart
from flows.noise import StepNoise
from particles import FlowRefused, ParticleCloud, ToleranceNotReached
from particles.shapes import Velocity

SAFETY, SMALLEST, LARGEST = 0.85, 0.01, 5.0
#: How many times the tolerance a step may be off the flow along its way: dense output is of order 2 only.
DEFECT = 10.0
#: The way is looked at going back from its end by this factor, and this often at the most.
LOOKS_APART, MOST_LOOKS = 3.0, 40
#: Units of rounding that what is left of h F carries where stiff directions have cancelled.
ROUNDINGS = 30.0
#: A velocity, with its part of eigenvectors and phi functions, costs as much as so many of an explicit method.
COST = 25
#: Largest difference of the regulariser's rates, times the run, that is followed explicitly.
MOST_UNEQUAL = 1e3


@dataclass(frozen=True, eq=False)
class ExponentialState:
    """The step to try next, the scales of errors, and the linear part at the cloud at hand where it is known."""

    size: float = 0.0
    scales: Scales | None = None
    linear: LinearPart | None = None
    headway: Headway | None = None
    work: Work = Work()


@dataclass(frozen=True)
class Exponential:
    """An exponential Runge-Kutta method of order 3 (Hochbruck and Ostermann 2005) with an embedded one of order 2.

    theta' = L theta + N(theta) with L = -(Delta + M J^T C J), the Gauss-Newton part, frozen at the start of each step:

        theta_1 = theta + h phi_1(h L) F + (3/2) h phi_2(h L) D_3,   D_i = N(theta_i) - N(theta),
        theta_i at c = 1/3 and 2/3 of the step.

    Only the change of the features limits the step: in the lazy limit with the squared loss one step reaches any
    time. A step costs three velocities and one n k by n k eigendecomposition, which rejected trials share. An embedded
    error of zero proves nothing where all stages lie beyond what happens in between, so a step is also held against the
    flow along its way (`Trial.defect`). Errors are measured as in `BDF`. Dense output of order 2. For gradient flows
    with n k up to 6000, whose regulariser, where there is one, pulls all particles at about the same rate.
    """

    rtol: float = 1e-4
    atol: float = 0.0
    max_step: float = math.inf
    order: ClassVar[float] = 3.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    states: ClassVar[tuple[type, ...]] = (ExponentialState, Scales, Headway, Work)

    @property
    def tolerance(self) -> Tolerance:
        """rtol and atol, checked."""
        return Tolerance(self.rtol, self.atol)

    def __post_init__(self) -> None:
        Tolerance.kept(self)
        checked_max_step(self.max_step)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> ExponentialState:
        """The first step to try is the whole run."""
        dense_risk(flow, "Exponential")
        return ExponentialState()

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: ExponentialState, time: float, until: float, noise: StepNoise
    ) -> Advance[ExponentialState]:
        """One step that meets the tolerance, with as many trials as it takes."""
        risk, work = dense_risk(flow, "Exponential"), state.work
        linear = state.linear or LinearPart(GaussNewton.of(risk, cloud))
        _refuse_unequal(linear.unequal, until - time)
        scales = state.scales or Scales.of(linear.stiff)
        size, first = state.size or until - time, state.size or until - time
        while True:
            size, reached = next_time(size, time, until, self.max_step)
            trial = Trial(linear, size)
            judged = self.judged(trial, scales)
            work = replace(work, velocities=work.velocities + judged.velocities)
            error = judged.error
            factor = SAFETY * max(error, 1e-9) ** (-1.0 / self.order) if math.isfinite(error) else SMALLEST
            if error <= 1.0:
                break
            if size <= SHORTEST * max(abs(time), first):
                reason = f"the error is {error:.3g} times the allowed one"
                raise ToleranceNotReached(step=noise.step + 1, time=time, size=size, reason=reason)
            size, work = size * max(SMALLEST, min(factor, SAFETY)), replace(work, rejected=work.rejected + 1)
        if judged.rounding > 1.0:
            raise ToleranceNotReached(step=noise.step + 1, time=time, size=size, reason=UNITS)
        work = replace(work, accepted=work.accepted + 1)
        spent, headway = COST * work.velocities, state.headway or Headway(time)
        headway = headway.looked(reached, until, spent, work.accepted, "take BDF, for flows that are not lazy")
        after = ExponentialState(size * min(factor, LARGEST), judged.scales, None, headway, work)
        return Advance(reached, trial.end, after, lambda moment: trial.at(moment - time))

    def judged(self, trial: "Trial", scales: Scales) -> "Judged":
        """The errors of a trial: embedded, and where that is small enough along the way; relative to how far the cloud
        has been, the trial included."""
        stiff, cloud = trial.linear.stiff, trial.linear.stiff.at.cloud
        outputs = stiff.weighed(stiff.model.at(trial.end).predictions) - scales.outputs
        vector, change = trial.error
        distance, size, speed = cloud.norms(trial.end.positions - scales.start, vector, stiff.velocity).tolist()
        changed, changes = torch.stack([outputs.norm(), change.norm()]).tolist()
        scales, coordinates = scales.went(distance, changed), cloud.count * cloud.dim
        error = scales.judged((size, changes), coordinates, self.tolerance)
        blurred = ROUNDINGS * trial.size * speed * torch.finfo(cloud.dtype).eps
        rounding = scales.judged((blurred, 0.0), coordinates, self.tolerance)
        if error > 1.0:
            return Judged(error, rounding, scales, 3)
        defect, velocities = trial.defect(lambda *sizes: scales.judged(sizes, coordinates, self.tolerance))
        return Judged(max(error, defect / DEFECT), rounding, scales, 3 + velocities)


@dataclass(frozen=True)
class Judged:
    """The error of a trial and what rounding of h F makes of it, in units of the tolerance; how far the cloud has been
    with it, and the velocities that it took to say so."""

    error: float
    rounding: float
    scales: Scales
    velocities: int


def _refuse_unequal(rates: float, span: float) -> None:
    """Refuse a regulariser whose pull differs so much between particles that the difference alone is stiff."""
    if rates * span > MOST_UNEQUAL:
        raise FlowRefused(
            f"The regulariser pulls particles of different mass at rates that differ by {rates:.3g}, which Exponential "
            f"follows explicitly, too slow for a time of {span:.3g}; take BDF, or MeanField(), where all are the same."
        )


@dataclass(frozen=True, eq=False)
class Trial:
    """One step of the method from a cloud, before it is judged."""

    linear: LinearPart
    size: float

    @cached_property
    def _second(self) -> tuple[Velocity, Tensor]:
        third = self.size / 3.0
        return self.linear.defect(self._start + third * self._phi_of_velocity(1, third)[0])

    @cached_property
    def _third(self) -> tuple[Velocity, Tensor]:
        part = 2.0 * self.size / 3.0
        bend, _ = self.linear.phi(2, part, *self._second)
        return self.linear.defect(self._start + part * self._phi_of_velocity(1, part)[0] + 2.0 * part * bend)

    @property
    def _start(self) -> Velocity:
        return self.linear.stiff.at.cloud.positions

    def _phi_of_velocity(self, order: int, time: float) -> tuple[Velocity, Tensor]:
        return self.linear.phi(order, time, self.linear.stiff.velocity, self.linear.velocity_change)

    @cached_property
    def error(self) -> tuple[Velocity, Tensor]:
        """Order 3 minus order 2, h phi_2(h L) (3/2 D_3 - 3 D_2) [particles, dim], and its change of the function, in
        the norm of the risk [n k]."""
        difference = [1.5 * third - 3.0 * second for third, second in zip(self._third, self._second, strict=True)]
        vector, pushed = self.linear.phi(2, self.size, *difference)
        return self.size * vector, self.linear.stiff.changed(self.size * vector, self.size * pushed)

    @cached_property
    def end(self) -> ParticleCloud:
        """The cloud at the step's end."""
        return self.at(self.size)

    def at(self, time: float) -> ParticleCloud:
        """The cloud a time after the step's start: theta + t phi_1(t L) F + (3/2) (t^2 / h) phi_2(t L) D_3."""
        straight, _ = self._phi_of_velocity(1, time)
        bend, _ = self.linear.phi(2, time, *self._third)
        positions = self._start + time * straight + 1.5 * time * time / self.size * bend
        return self.linear.stiff.at.cloud.moved(positions)

    def slope(self, time: float) -> Velocity:
        """The time derivative of that path: phi_0(t L) F + (3/2) (t / h) phi_1(t L) D_3 [particles, dim]."""
        bend, _ = self.linear.phi(1, time, *self._third)
        return self._phi_of_velocity(0, time)[0] + 1.5 * time / self.size * bend

    def defect(self, judge: Callable[[float, float], float]) -> tuple[float, int]:
        """By how much the path fails to follow the flow, judged as an error, and the velocities that this took.

        The sum of |dt phi_1(dt L) (F(path) - path')| over times that go back from the end of the step by factors of
        three, dt the way to the next one, until the path up to there is itself no larger than an error may be.
        """
        stiff, cloud = self.linear.stiff, self.linear.stiff.at.cloud
        time, total, looks = self.size, 0.0, 0
        while looks < MOST_LOOKS:
            there = self.at(time)
            off = stiff.model.velocity(there) - self.slope(time)
            span = time - time / LOOKS_APART
            vector, pushed = self.linear.phi(1, span, off, stiff.push(off))
            vector, change = span * vector, stiff.changed(span * vector, span * pushed)
            size, way = cloud.norms(vector, there.positions - self._start).tolist()
            looks, total = looks + 1, total + judge(size, float(torch.linalg.vector_norm(change)))
            if not total <= DEFECT or judge(way, 0.0) <= DEFECT:
                break
            time /= LOOKS_APART
        return total, looks
