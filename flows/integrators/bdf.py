"""Backward differentiation of variable order on any grid of times, made implicit in function space."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part
from flows.gauss_newton import GaussNewton, dense_risk, spread
from flows.integrators.control import SHORTEST, Tolerance, Work, next_time
from flows.integrators.function_space import Scales
from flows.integrators.interpolation import combination, slopes, weights
from flows.noise import StepNoise
from particles import ParticleCloud, Risk, ToleranceNotReached
from particles.shapes import Positions, Velocity

HIGHEST = 5
#: Part of gamma_k d that the numerical differentiation formulas of order k move into the error.
KAPPA = (0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0)

#: Single-precision products are good enough for this rtol and larger ones.
ROUGH = 1e-6
SAFETY, SMALLEST, LARGEST, FIRST = 0.8, 0.2, 2.0, 10.0


@dataclass(frozen=True, eq=False)
class BDFState:
    """The last points of the path and their times, newest first; the order and step to take next, for how many steps
    the order has been held, and the scales that errors are measured by."""

    points: tuple[Positions, ...]
    times: tuple[float, ...]
    size: float = 0.0
    order: int = 1
    held: int = 0
    scales: Scales | None = None
    work: Work = Work()

    def error(self, cloud: ParticleCloud, vector: Velocity, change: Tensor, tolerance: Tolerance) -> float:
        """An error in units of the tolerance."""
        return math.inf if self.scales is None else self.scales.error(cloud, vector, change, tolerance)

    def formula(self, order: int, reached: float) -> "Formula":
        """That of an order through the last points, for a step to this time."""
        return Formula(order, self.times[: order + 1], reached)

    @property
    def beside(self) -> tuple[int, ...]:
        """The orders beside its own that may be taken after the step at hand."""
        if self.held < self.order:
            return ()
        highest = min(HIGHEST, len(self.times) - 1)
        return tuple(order for order in (self.order - 1, self.order + 1) if 1 <= order <= highest)

    def rejected(self, reached: float, error: float, *, step: int, until: float) -> "BDFState":
        """After a trial that was too long; raises ToleranceNotReached where no step is short enough."""
        time, size = self.times[0], reached - self.times[0]
        if size <= SHORTEST * max(abs(time), until - time):
            reason = f"the error is {error:.3g} times the allowed one"
            raise ToleranceNotReached(step=step, time=time, size=size, reason=reason)
        shrink = SAFETY * error ** (-1.0 / (self.order + 1)) if math.isfinite(error) else 0.5
        work = replace(self.work, velocities=self.work.velocities + 1, rejected=self.work.rejected + 1)
        return replace(self, size=size * max(SMALLEST, min(shrink, 0.9)), work=work, held=0)

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
            work=replace(self.work, velocities=self.work.velocities + 1, accepted=self.work.accepted + 1),
        )


@dataclass(frozen=True)
class Formula:
    """The numbers in the formula of order k through points at k + 1 times, newest first, for a step to `reached`."""

    order: int
    times: tuple[float, ...]
    reached: float

    @property
    def values(self) -> list[float]:
        """Weights of the points in P(t)."""
        return weights(self.times, self.reached)

    @property
    def slopes(self) -> list[float]:
        """Weights of the points in P'(t)."""
        return slopes(self.times, self.reached)

    @property
    def leading(self) -> float:
        """sum_{i<k} 1 / (t - t_i), gamma_k / h on an even grid."""
        return sum(1.0 / (self.reached - time) for time in self.times[: self.order])

    @property
    def shift(self) -> float:
        """h'."""
        return 1.0 / ((1.0 - KAPPA[self.order]) * self.leading)

    @property
    def error(self) -> float:
        """The error of a step in units of d: kappa_k gamma_k + h / (t - t_k), 1 / (k + 1) on an even grid without
        kappa."""
        size = self.reached - self.times[0]
        return KAPPA[self.order] * self.leading * size + size / (self.reached - self.times[self.order])


@dataclass(frozen=True, eq=False)
class Trial:
    """A step tried: where it came to, the correction d of the predictor, its error in units of the tolerance."""

    cloud: ParticleCloud
    correction: Velocity
    error: float


@dataclass(frozen=True)
class BDF:
    """Backward differentiation (NDF; Klopfenstein 1971, Shampine and Reichelt 1997), orders 1 to 5, linearly implicit.

    With P the polynomial of degree k through the last k + 1 points, the next one is P(t) + d,

        (1 - h' A) d = h' (F(P(t)) - P'(t)),   1 / h' = (1 - kappa_k) sum_{i<k} 1 / (t - t_i),

    with the Gauss-Newton Jacobian A at P(t) (`GaussNewton`): evaluating it costs no activation more, factorising it one
    n k by n k Cholesky factor, so that a step is one velocity however stiff the flow. This is one step of Newton's
    method; others would halve the steps across kinks and gain nothing on smooth flows, where d is small. Its error
    is d times h / (t - t_k) and what kappa adds, at most rtol times the distance moved, in the positions, and rtol
    times the residual of the start, in the function. Dense output by the polynomial through the new point. For
    gradient flows with n k up to 6000.
    """

    rtol: float = 1e-4
    atol: float = 1e-12
    order: ClassVar[float] = float(HIGHEST)
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    @property
    def tolerance(self) -> Tolerance:
        """rtol and atol, checked."""
        return Tolerance(self.rtol, self.atol)

    def __post_init__(self) -> None:
        Tolerance.kept(self)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> BDFState:
        """One point; the first step is chosen when the end of the run is known."""
        dense_risk(flow, "BDF")
        return BDFState((cloud.positions,), (time,))

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: BDFState, time: float, until: float, noise: StepNoise
    ) -> Advance[BDFState]:
        """One step that meets the tolerance, with as many trials as it takes."""
        risk = dense_risk(flow, "BDF")
        if state.size == 0.0:
            state = self.begun(risk, cloud, state, until - time)
        while True:
            _, reached = next_time(state.size, time, until)
            trial = self._try(risk, cloud, state, reached)
            if trial.error <= 1.0:
                break
            state = state.rejected(reached, trial.error, step=noise.step + 1, until=until)
        after = self._chosen(state, trial, reached)
        dense = Polynomial(cloud, after.points[: state.order + 1], after.times[: state.order + 1])
        return Advance(reached, trial.cloud, after, dense)

    def begun(self, risk: Risk, cloud: ParticleCloud, state: BDFState, span: float) -> BDFState:
        """Scales, a first step whose error is about sqrt(rtol) / 4 of them, and a point before the first one."""
        stiff = GaussNewton.of(risk, cloud)
        state = replace(state, scales=Scales.of(stiff, span), work=Work(velocities=1))
        pace = self.rtol * state.error(cloud, stiff.velocity, stiff.push(stiff.velocity), self.tolerance)
        if not math.isfinite(pace):
            reason = "positions or velocities are not finite"
            raise ToleranceNotReached(step=1, time=state.times[0], size=span, reason=reason)
        size = min(span, 0.5 * math.sqrt(self.rtol) / pace) if pace > 0.0 else span
        before = torch.add(cloud.positions, stiff.velocity, alpha=-size)
        return replace(state, points=(*state.points, before), times=(*state.times, state.times[0] - size), size=size)

    def _try(self, risk: Risk, cloud: ParticleCloud, state: BDFState, reached: float) -> Trial:
        formula, points = state.formula(state.order, reached), state.points[: state.order + 1]
        predicted, slope = combination(formula.values, points), combination(formula.slopes, points)
        correction, change = self.correction(risk, cloud.moved(predicted), slope, formula.shift)
        error = formula.error * state.error(cloud, correction, change, self.tolerance)
        return Trial(cloud.moved(predicted + correction), correction, error)

    def correction(
        self, risk: Risk, predicted: ParticleCloud, slope: Velocity, shift: float | Tensor
    ) -> tuple[Velocity, Tensor]:
        """d [particles, dim] and the change of the function that it brings [n k]; the slope is written over.

        With an `EnsembleRisk` those of all members, stacked, for shifts h' of each [members].
        """
        stiff = GaussNewton.of(risk, predicted)
        particles, data = (spread(shift, rows) for rows in (slope.shape[0], stiff.at.cotangents.shape[0]))
        right = slope.mul_(-particles)
        if (relaxation := stiff.at.relaxation) is not None:
            right.add_(relaxation.mul_(particles))
        rough = self.rtol if self.rtol >= ROUGH else 0.0
        return stiff.shifted(shift, rough=rough).solve(right, data * stiff.at.cotangents)

    def _chosen(self, state: BDFState, trial: Trial, reached: float) -> BDFState:
        """The state after an accepted step."""
        cloud = trial.cloud
        corrections = {state.order: float(cloud.norms(trial.correction))}
        for order in state.beside:
            predicted = combination(state.formula(order, reached).values, state.points[: order + 1])
            corrections[order] = float(cloud.norms(cloud.positions - predicted))
        return replace(
            state.accepted(reached, trial.error, corrections),
            points=(cloud.positions, *state.points)[: HIGHEST + 1],
            scales=state.scales.reached(cloud) if state.scales else None,
        )


@dataclass(frozen=True, eq=False)
class Polynomial:
    """Dense output: the polynomial through these points."""

    cloud: ParticleCloud
    points: tuple[Positions, ...]
    times: tuple[float, ...]

    def __call__(self, time: float) -> ParticleCloud:
        return self.cloud.moved(combination(weights(self.times, time), self.points))
