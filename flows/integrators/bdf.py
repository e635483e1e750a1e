"""Backward differentiation of variable order on any grid of times, made implicit in function space."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part
from flows.gauss_newton import GaussNewton, dense_risk
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
        Tolerance(self.rtol, self.atol)

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
            state = self._begun(risk, cloud, state, until - time)
        while True:
            size, reached = next_time(state.size, time, until)
            trial = self._try(risk, cloud, state, reached)
            work = replace(state.work, velocities=state.work.velocities + 1)
            if trial.error <= 1.0:
                break
            if size <= SHORTEST * max(abs(time), until - time):
                reason = f"the error is {trial.error:.3g} times the allowed one"
                raise ToleranceNotReached(step=noise.step + 1, time=time, size=size, reason=reason)
            shrink = SAFETY * trial.error ** (-1.0 / (state.order + 1)) if math.isfinite(trial.error) else 0.5
            work = replace(work, rejected=work.rejected + 1)
            state = replace(state, size=size * max(SMALLEST, min(shrink, 0.9)), work=work, held=0)
        after = self._chosen(state, trial, reached)
        after = replace(after, work=replace(work, accepted=work.accepted + 1))
        dense = _Polynomial(cloud, after.points[: state.order + 1], after.times[: state.order + 1])
        return Advance(reached, trial.cloud, after, dense)

    def _begun(self, risk: Risk, cloud: ParticleCloud, state: BDFState, span: float) -> BDFState:
        """Scales, a first step whose error is about sqrt(rtol) / 4 of them, and a point before the first one."""
        stiff = GaussNewton.of(risk, cloud)
        state = replace(state, scales=Scales.of(stiff, span), work=Work(velocities=1))
        pace = self.rtol * state.error(cloud, stiff.velocity, stiff.push(stiff.velocity), self.tolerance)
        size = min(span, 0.5 * math.sqrt(self.rtol) / pace) if pace > 0.0 else span
        before = torch.add(cloud.positions, stiff.velocity, alpha=-size)
        return replace(state, points=(*state.points, before), times=(*state.times, state.times[0] - size), size=size)

    def _try(self, risk: Risk, cloud: ParticleCloud, state: BDFState, reached: float) -> Trial:
        order = state.order
        times, points = state.times[: order + 1], state.points[: order + 1]
        predicted, slope = combination(weights(times, reached), points), combination(slopes(times, reached), points)
        shift = 1.0 / ((1.0 - KAPPA[order]) * _leading(order, times, reached))
        stiff = GaussNewton.of(risk, cloud.moved(predicted))
        right = slope.mul_(-shift)
        if (relaxation := stiff.at.relaxation) is not None:
            right.add_(relaxation, alpha=shift)
        correction, change = stiff.shifted(shift, rough=self.rtol >= ROUGH).solve(right, shift * stiff.at.cotangents)
        error = _error(order, times, reached) * state.error(cloud, correction, change, self.tolerance)
        return Trial(cloud.moved(predicted + correction), correction, error)

    def _chosen(self, state: BDFState, trial: Trial, reached: float) -> BDFState:
        """The state after an accepted step, with the order and step that promise to go farthest."""
        order, size = state.order, reached - state.times[0]
        scales = state.scales.reached(trial.cloud) if state.scales else None
        errors = {order: trial.error}
        if state.held >= order:
            errors.update(_errors_beside(state, trial, reached))
        factors = {order: max(error, 1e-10) ** (-1.0 / (order + 1)) for order, error in errors.items()}
        best = max(factors, key=lambda order: factors[order])
        largest = FIRST if len(state.times) == 2 else LARGEST
        return replace(
            state,
            points=(trial.cloud.positions, *state.points)[: HIGHEST + 1],
            times=(reached, *state.times)[: HIGHEST + 1],
            size=size * max(SMALLEST, min(largest, SAFETY * factors[best])),
            order=best,
            held=state.held + 1 if best == order else 0,
            scales=scales,
        )


@dataclass(frozen=True, eq=False)
class _Polynomial:
    """Dense output: the polynomial through these points."""

    cloud: ParticleCloud
    points: tuple[Positions, ...]
    times: tuple[float, ...]

    def __call__(self, time: float) -> ParticleCloud:
        return self.cloud.moved(combination(weights(self.times, time), self.points))


def _leading(order: int, times: tuple[float, ...], reached: float) -> float:
    """sum_{i<k} 1 / (t - t_i), gamma_k / h on an even grid."""
    return sum(1.0 / (reached - time) for time in times[:order])


def _error(order: int, times: tuple[float, ...], reached: float) -> float:
    """The error of a step in units of d: kappa_k gamma_k + h / (t - t_k), 1 / (k + 1) on an even grid without kappa."""
    size = reached - times[0]
    return KAPPA[order] * _leading(order, times, reached) * size + size / (reached - times[order])


def _errors_beside(state: BDFState, trial: Trial, reached: float) -> dict[int, float]:
    """The errors that the step just taken would have had in the orders beside its own, in proportion to their d."""
    own = _error(state.order, state.times, reached) * float(trial.cloud.norms(trial.correction))
    errors = {}
    for order in (state.order - 1, state.order + 1):
        if 1 <= order <= min(HIGHEST, len(state.times) - 1) and own > 0.0:
            times = state.times[: order + 1]
            d = trial.cloud.positions - combination(weights(times, reached), state.points[: order + 1])
            errors[order] = trial.error / own * _error(order, times, reached) * float(trial.cloud.norms(d))
    return errors
