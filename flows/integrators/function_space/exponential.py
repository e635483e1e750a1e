"""Exponential integration in function space: the Gauss-Newton part of a gradient flow is propagated exactly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from flows.base import Flow
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.rejection_loop import ErrorControlled, Place, Trial
from flows.integrators.error_controlled.step_control import Controller, Work, next_time
from flows.integrators.function_space.error_scales import UNITS, Judged, Scales
from flows.integrators.function_space.gauss_newton import GaussNewton, dense_risk
from flows.integrators.function_space.linear_part import LinearPart
from particles import FlowRefused, ParticleCloud
from particles.shapes import Velocity

CONTROLLER = Controller(3, safety=0.85, smallest=0.01, again=0.85, broken=0.01, floor=1e-9)
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

    @property
    def known(self) -> tuple[LinearPart, Scales]:
        """The linear part and the scales of a step that is being tried."""
        if self.linear is None or self.scales is None:
            raise ValueError("The state of Exponential has no linear part yet; begin the step with Exponential.ready.")
        return self.linear, self.scales


@dataclass(frozen=True, eq=False)
class ExponentialTrial(Trial):
    """A step tried, its size and its errors."""

    size: float
    judged: Judged


@dataclass(frozen=True)
class Exponential(ErrorControlled[ExponentialState, ExponentialTrial]):
    """An exponential Runge-Kutta method of order 3 (Hochbruck and Ostermann 2005) with an embedded one of order 2.

    theta' = L theta + N(theta) with L = -(Delta + M J^T C J), the Gauss-Newton part, frozen at the start of each step:

        theta_1 = theta + h phi_1(h L) F + (3/2) h phi_2(h L) D_3,   D_i = N(theta_i) - N(theta),
        theta_i at c = 1/3 and 2/3 of the step.

    Only the change of the features limits the step: in the lazy limit with the squared loss one step reaches any
    time. A step costs three velocities and one n k by n k eigendecomposition, which rejected trials share. An embedded
    error of zero proves nothing where all stages lie beyond what happens in between, so a step is also held against the
    flow along its way (`Propagated.defect`). Errors are measured as in `BDF`. Dense output is of order 2. For gradient
    flows with n k up to 6000, whose regulariser, where there is one, pulls all particles at about the same rate.
    """

    order: ClassVar[float] = 3.0
    holds: ClassVar[type[Any]] = ExponentialState
    states: ClassVar[tuple[type, ...]] = (ExponentialState, Scales, Headway, Work)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> ExponentialState:
        """The first step to try is the whole run."""
        dense_risk(flow, "Exponential")
        return ExponentialState()

    def ready(self, at: Place, state: ExponentialState) -> ExponentialState:
        """The state with the linear part here, which all trials share."""
        left = at.until - at.time
        linear = state.linear or LinearPart(GaussNewton.of(dense_risk(at.flow, "Exponential"), at.cloud))
        _refuse_unequal(linear.unequal, left)
        scales = state.scales or Scales.of(linear.stiff)
        return replace(state, size=state.size or left, scales=scales, linear=linear)

    def attempt(self, at: Place, state: ExponentialState) -> ExponentialTrial:
        """A step of the state's size."""
        linear, scales = state.known
        size, reached = next_time(state.size, at.time, at.until, self.max_step)
        way = Propagated(linear, size)
        judged = self.judged(way, scales)

        def between(moment: float) -> ParticleCloud:
            return way.at(moment - at.time)

        return ExponentialTrial(reached, way.end, between, judged.error, size, judged)

    def judged(self, way: "Propagated", scales: Scales) -> Judged:
        """The errors of a step: embedded, and where that is small enough along the way.

        They are relative to how far the cloud has been, the step included; the doubt is what rounding makes of h F.
        """
        stiff, cloud = way.linear.stiff, way.linear.stiff.at.cloud
        outputs = stiff.weighed(stiff.model.at(way.end).predictions) - scales.outputs
        vector, change = way.error
        distance, size, speed = cloud.norms(way.end.positions - scales.start, vector, stiff.velocity).tolist()
        changed, changes = torch.stack([outputs.norm(), change.norm()]).tolist()
        scales = scales.went(distance, changed)
        coordinates = cloud.count * cloud.dim
        error = scales.judged((size, changes), coordinates, self.tolerance)
        blurred = ROUNDINGS * way.size * speed * torch.finfo(cloud.dtype).eps
        doubt = scales.judged((blurred, 0.0), coordinates, self.tolerance)
        if error > 1.0:
            return Judged(error, doubt, scales, 3)
        defect, velocities = way.defect(lambda *sizes: scales.judged(sizes, coordinates, self.tolerance))
        return Judged(max(error, defect / DEFECT), doubt, scales, 3 + velocities)

    def accepted(self, at: Place, state: ExponentialState, trial: ExponentialTrial) -> ExponentialState:
        """The state at the end of the step, of which the linear part is not known yet."""
        if trial.judged.doubt > 1.0:
            raise at.unreached(trial.size, UNITS)
        work = state.work.after(True, trial.judged.velocities)
        headway = state.headway or Headway(at.time)
        advice = "take BDF, for flows that are not lazy"
        headway = headway.looked(trial.reached, at.until, COST * work.velocities, at.step, advice)
        size = CONTROLLER.grown(trial.size, CONTROLLER.factor(trial.error), CONTROLLER.largest)
        return ExponentialState(size, trial.judged.scales, None, headway, work)

    def rejected(self, at: Place, state: ExponentialState, trial: ExponentialTrial) -> ExponentialState:
        """The state with a shorter step."""
        at.check_short(trial.size, at.until - at.time, trial.size, trial.error)
        work = state.work.after(False, trial.judged.velocities)
        return replace(state, size=CONTROLLER.cut(trial.size, trial.error), work=work)


def _refuse_unequal(rates: float, span: float) -> None:
    """Refuse a regulariser whose pull differs so much between particles that the difference alone is stiff."""
    if rates * span > MOST_UNEQUAL:
        raise FlowRefused(
            f"The regulariser pulls particles of different mass at rates that differ by {rates:.3g}, which Exponential "
            f"follows explicitly, too slow for a time of {span:.3g}; take BDF, or MeanField(), where all are the same."
        )


@dataclass(frozen=True, eq=False)
class Propagated:
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
        time = self.size
        total = 0.0
        looks = 0
        while looks < MOST_LOOKS:
            there = self.at(time)
            off = stiff.model.velocity(there) - self.slope(time)
            span = time - time / LOOKS_APART
            vector, pushed = self.linear.phi(1, span, off, stiff.push(off))
            vector, change = span * vector, stiff.changed(span * vector, span * pushed)
            size, way = cloud.norms(vector, there.positions - self._start).tolist()
            looks = looks + 1
            total = total + judge(size, float(torch.linalg.vector_norm(change)))
            if not total <= DEFECT or judge(way, 0.0) <= DEFECT:
                break
            time /= LOOKS_APART
        return total, looks
