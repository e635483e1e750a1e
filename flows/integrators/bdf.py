"""Numerical differentiation formulas of variable order, made implicit in function space."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part
from flows.gauss_newton import GaussNewton, dense_risk
from flows.integrators.control import SHORTEST, Tolerance, Work, next_time
from flows.integrators.function_space import Scales
from flows.noise import StepNoise
from particles import ParticleCloud, Risk, ToleranceNotReached
from particles.shapes import Velocity

HIGHEST = 5
KAPPA = (0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0)
GAMMA = tuple(sum(1.0 / i for i in range(1, order + 1)) for order in range(HIGHEST + 1))
ALPHA = tuple((1.0 - KAPPA[order]) * GAMMA[order] for order in range(HIGHEST + 1))
ERROR = tuple(KAPPA[order] * GAMMA[order] + 1.0 / (order + 1) for order in range(HIGHEST + 1))

ITERATIONS = 4
#: Newton iterations stop where the error left is below this part of the tolerance.
NEWTON = 0.1
#: Contraction of Newton's iteration that is assumed until one has been seen.
CONTRACTION = 0.3
SAFETY, SMALLEST, LARGEST, WORTHWHILE = 0.8, 0.2, 10.0, 1.1
#: Steps of one size before another is tried.
HOLD = 2


@dataclass(frozen=True, eq=False)
class BDFState:
    """Backward differences of the positions [orders, particles, dim], the step and order they belong to, for how many
    steps these have been held, Newton's contraction, and the scales that errors are measured by."""

    differences: Tensor
    size: float = 0.0
    order: int = 1
    held: int = 0
    contraction: float = CONTRACTION
    scales: Scales | None = None
    work: Work = Work()

    def error(self, vector: Velocity, change: Tensor, tolerance: Tolerance) -> float:
        """An error in units of the tolerance."""
        return math.inf if self.scales is None else self.scales.error(vector, change, tolerance)


@dataclass(frozen=True, eq=False)
class Trial:
    """A step tried: the correction d of the predictor, its change of the function, its error where Newton converged."""

    correction: Velocity
    change: Tensor
    stiff: GaussNewton
    error: float
    contraction: float
    velocities: int


@dataclass(frozen=True)
class BDF:
    """Backward differentiation (NDF; Klopfenstein 1971, Shampine and Reichelt 1997), orders 1 to 5, steps by error.

    theta_{n+1} = psi + (h / alpha_k) F(theta_{n+1}), solved by Newton's method from the extrapolated positions with the
    Gauss-Newton Jacobian there (`GaussNewton`): evaluating it costs no activation more, factorising it one n k by n k
    Cholesky factor, so that one velocity a step is the rule however stiff the flow. The error of a step is at most
    rtol times the distance moved, in the positions, and rtol times the residual of the start, in the function.
    Dense output by the interpolating polynomial. For gradient flows with n k up to 6000.
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
        """Differences of order one; the first step is chosen when the end of the run is known."""
        dense_risk(flow, "BDF")
        differences = cloud.positions.new_zeros(HIGHEST + 3, *cloud.positions.shape)
        differences[0] = cloud.positions
        return BDFState(differences)

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: BDFState, time: float, until: float, noise: StepNoise
    ) -> Advance[BDFState]:
        """One step that meets the tolerance, with as many trials as it takes."""
        risk = dense_risk(flow, "BDF")
        if state.size == 0.0:
            state = self._begun(risk, cloud, state, until - time)
        while True:
            size, reached = next_time(state.size, time, until)
            state = state if size == state.size else _resized(state, size / state.size)
            trial = self._try(risk, cloud, state)
            work = replace(state.work, velocities=state.work.velocities + trial.velocities)
            if trial.error <= 1.0:
                break
            if size <= SHORTEST * max(abs(time), until - time):
                reason = f"the error is {trial.error:.3g} times the allowed one"
                raise ToleranceNotReached(step=noise.step + 1, time=time, size=size, reason=reason)
            shrink = SAFETY * trial.error ** (-1.0 / (state.order + 1)) if math.isfinite(trial.error) else 0.5
            work = replace(work, rejected=work.rejected + 1)
            state = replace(_resized(state, max(SMALLEST, min(shrink, 0.9))), work=work, contraction=CONTRACTION)
        work = replace(work, accepted=work.accepted + 1)
        state = replace(_advanced(state, trial), work=work)
        dense = _Polynomial(cloud, state.differences, state.order, reached, size)
        return Advance(reached, cloud.moved(state.differences[0]), self._chosen(state, trial), dense)

    def _begun(self, risk: Risk, cloud: ParticleCloud, state: BDFState, span: float) -> BDFState:
        """Scales, and a first step whose error is about sqrt(rtol) / 4 of them."""
        stiff = GaussNewton.of(risk, cloud)
        state = replace(state, scales=Scales.of(stiff, span), work=Work(velocities=1))
        pace = self.rtol * state.error(stiff.velocity, stiff.push(stiff.velocity), self.tolerance)
        size = min(span, 0.5 * math.sqrt(self.rtol) / pace) if pace > 0.0 else span
        differences = state.differences.clone()
        differences[1] = size * stiff.velocity
        return replace(state, differences=differences, size=size)

    def _try(self, risk: Risk, cloud: ParticleCloud, state: BDFState) -> Trial:
        order, shift = state.order, state.size / ALPHA[state.order]
        predicted = state.differences[: order + 1].sum(dim=0)
        known = torch.tensordot(_row(GAMMA[1 : order + 1], predicted), state.differences[1 : order + 1], 1)
        known /= ALPHA[order]
        stiff = GaussNewton.of(risk, cloud.moved(predicted))
        shifted, velocity = stiff.shifted(shift), stiff.velocity
        correction, change = torch.zeros_like(predicted), predicted.new_zeros(stiff.weighted_residual.shape)
        contraction, before = state.contraction, 0.0
        for iteration in range(1, ITERATIONS + 1):
            update, shift_of_function = shifted.solve(shift * velocity - known - correction)
            correction, change = correction + update, change + shift_of_function
            size = state.error(update, shift_of_function, self.tolerance)
            if not math.isfinite(size):
                break
            if before > 0.0:
                contraction = max(0.1 * contraction, size / before)
            if contraction >= 1.0:
                break
            if contraction / (1.0 - contraction) * size < NEWTON:
                error = ERROR[order] * state.error(correction, change, self.tolerance)
                return Trial(correction, change, stiff, error, contraction, iteration)
            before = size
            velocity = risk.velocity(cloud.moved(predicted + correction))
        return Trial(correction, change, stiff, math.inf, CONTRACTION, iteration)

    def _chosen(self, state: BDFState, trial: Trial) -> BDFState:
        """The state with the order and step that promise to go farthest."""
        if state.held < HOLD:
            return state
        order, differences, push = state.order, state.differences, trial.stiff.push
        errors = {order: trial.error}
        if order > 1:
            errors[order - 1] = ERROR[order - 1] * state.error(
                differences[order], push(differences[order]), self.tolerance
            )
        if order < HIGHEST:
            above = differences[order + 2]
            errors[order + 1] = ERROR[order + 1] * state.error(above, push(above), self.tolerance)
        factors = {order: max(error, 1e-10) ** (-1.0 / (order + 1)) for order, error in errors.items()}
        best = max(factors, key=lambda order: factors[order])
        factor = min(LARGEST, SAFETY * factors[best])
        if best == order and 0.9 < factor < WORTHWHILE:
            return state
        return _resized(replace(state, order=best), factor)


@dataclass(frozen=True, eq=False)
class _Polynomial:
    """Dense output: the polynomial through the last order + 1 points, by backward differences."""

    cloud: ParticleCloud
    differences: Tensor
    order: int
    time: float
    size: float

    def __call__(self, time: float) -> ParticleCloud:
        weights, product = [1.0], 1.0
        for i in range(self.order):
            product *= ((time - self.time) / self.size + i) / (i + 1)
            weights.append(product)
        weighted = torch.tensordot(_row(weights, self.differences), self.differences[: self.order + 1], 1)
        return self.cloud.moved(weighted)


def _advanced(state: BDFState, trial: Trial) -> BDFState:
    """Differences one step later: d is the new difference of order + 1, each lower one adds up."""
    order, differences = state.order, state.differences.clone()
    differences[order + 2] = trial.correction - differences[order + 1]
    differences[order + 1] = trial.correction
    for lower in range(order, -1, -1):
        differences[lower] += differences[lower + 1]
    scales = state.scales.reached(differences[0]) if state.scales else None
    return replace(state, differences=differences, held=state.held + 1, contraction=trial.contraction, scales=scales)


def _resized(state: BDFState, factor: float) -> BDFState:
    """The differences of the same polynomial on a grid whose step is `factor` times as long."""
    order = state.order
    matrix = _pascal(order, factor) @ _pascal(order, 1.0)
    differences = state.differences.clone()
    flat = state.differences[: order + 1].reshape(order + 1, -1)
    differences[: order + 1] = (matrix.T.to(flat) @ flat).reshape(differences[: order + 1].shape)
    return replace(state, differences=differences, size=state.size * factor, held=0)


def _pascal(order: int, factor: float) -> Tensor:
    rows = torch.arange(1, order + 1, dtype=torch.float64)[:, None]
    columns = torch.arange(1, order + 1, dtype=torch.float64)[None, :]
    matrix = torch.zeros(order + 1, order + 1, dtype=torch.float64)
    matrix[0] = 1.0
    matrix[1:, 1:] = (rows - 1.0 - factor * columns) / rows
    return torch.cumprod(matrix, dim=0)


def _row(weights: tuple[float, ...] | list[float], like: Tensor) -> Tensor:
    return torch.tensor(weights, dtype=like.dtype, device=like.device)
