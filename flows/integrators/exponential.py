"""Exponential integration in function space: the Gauss-Newton part of a gradient flow is propagated exactly."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part
from flows.gauss_newton import GaussNewton, dense_risk
from flows.integrators.control import SHORTEST, Tolerance, Work, next_time
from flows.integrators.function_space import Scales
from flows.noise import StepNoise
from particles import ParticleCloud, ToleranceNotReached
from particles.shapes import Velocity

SAFETY, SMALLEST, LARGEST = 0.85, 0.01, 5.0
#: Below this phi functions are summed as Taylor series, above it their recursion loses less than four digits.
SERIES = 1.0
TERMS = 20


@dataclass(frozen=True, eq=False)
class ExponentialState:
    """The step to try next, the scales of errors, and the linear part at the cloud at hand where it is known."""

    size: float = 0.0
    scales: Scales | None = None
    linear: "LinearPart | None" = None
    work: Work = Work()


@dataclass(frozen=True)
class Exponential:
    """An exponential Runge-Kutta method of order 3 (Hochbruck and Ostermann 2005) with an embedded one of order 2.

    theta' = L theta + N(theta) with L = -M J^T C J, the Gauss-Newton part, frozen at the start of each step:

        theta_1 = theta + h phi_1(h L) F + (3/2) h phi_2(h L) D_3,   D_i = N(theta_i) - N(theta),
        theta_i at c = 1/3 and 2/3 of the step.

    Only the change of the features limits the step: in the lazy limit with the squared loss one step reaches any
    time. A step costs three velocities and one n k by n k eigendecomposition, which rejected trials share. Errors are
    measured as in `BDF`. Dense output of order 2. For gradient flows with n k up to 6000.
    """

    rtol: float = 1e-4
    atol: float = 1e-12
    order: ClassVar[float] = 3.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    @property
    def tolerance(self) -> Tolerance:
        """rtol and atol, checked."""
        return Tolerance(self.rtol, self.atol)

    def __post_init__(self) -> None:
        Tolerance.kept(self)

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
        scales = state.scales or Scales.of(linear.stiff, until - time)
        size = state.size or until - time
        while True:
            size, reached = next_time(size, time, until)
            trial = Trial(linear, size)
            error = scales.error(cloud, *trial.error, self.tolerance)
            work = replace(work, velocities=work.velocities + 3)
            factor = SAFETY * max(error, 1e-9) ** (-1.0 / self.order) if math.isfinite(error) else SMALLEST
            if error <= 1.0:
                break
            if size <= SHORTEST * max(abs(time), until - time):
                reason = f"the error is {error:.3g} times the allowed one"
                raise ToleranceNotReached(step=noise.step + 1, time=time, size=size, reason=reason)
            size, work = size * max(SMALLEST, min(factor, SAFETY)), replace(work, rejected=work.rejected + 1)
        moved = trial.at(size)
        work = replace(work, accepted=work.accepted + 1)
        after = ExponentialState(size * min(factor, LARGEST), scales.reached(moved), None, work)
        return Advance(reached, moved, after, lambda moment: trial.at(moment - time))


@dataclass(frozen=True, eq=False)
class LinearPart:
    """L = -M J^T C J at one cloud and its phi functions, by the eigendecomposition of the weighted Gram matrix."""

    stiff: GaussNewton

    @cached_property
    def _modes(self) -> tuple[Tensor, Tensor]:
        values, vectors = torch.linalg.eigh(self.stiff.gram)
        return values.clamp_min(0.0), vectors

    @cached_property
    def velocity_change(self) -> Tensor:
        """B^T J F [n k]."""
        return self.stiff.push(self.stiff.velocity)

    def phi(self, order: int, time: float, vector: Velocity, pushed: Tensor) -> tuple[Velocity, Tensor]:
        """phi_k(t L) v and its change of the function, from v and B^T J v.

        phi_k(t L) v = v / k! - t M J^T B phi_{k+1}(-t G) B^T J v,   B^T J phi_k(t L) v = phi_k(-t G) B^T J v.
        """
        values, vectors = self._modes
        modes = vectors.T @ pushed
        correction = vectors @ (phi(order + 1, -time * values) * modes)
        moved = vector / math.factorial(order) - self.stiff.pull(correction).mul_(time)
        return moved, vectors @ (phi(order, -time * values) * modes)

    def defect(self, positions: Velocity) -> tuple[Velocity, Tensor]:
        """D = F(theta_i) - F(theta) - L (theta_i - theta), and B^T J D."""
        cloud = self.stiff.at.cloud
        pushed = self.stiff.push(positions - cloud.positions)
        defect = self.stiff.at.risk.velocity(cloud.moved(positions)) - self.stiff.velocity + self.stiff.pull(pushed)
        return defect, self.stiff.push(defect)


@dataclass(frozen=True, eq=False)
class Trial:
    """One step of the method from a cloud, before it is judged."""

    linear: LinearPart
    size: float

    @cached_property
    def _second(self) -> tuple[Velocity, Tensor]:
        third = self.size / 3.0
        return self.linear.defect(self._start + third * self._phi_of_velocity(third)[0])

    @cached_property
    def _third(self) -> tuple[Velocity, Tensor]:
        part = 2.0 * self.size / 3.0
        bend, _ = self.linear.phi(2, part, *self._second)
        return self.linear.defect(self._start + part * self._phi_of_velocity(part)[0] + 2.0 * part * bend)

    @property
    def _start(self) -> Velocity:
        return self.linear.stiff.at.cloud.positions

    def _phi_of_velocity(self, time: float) -> tuple[Velocity, Tensor]:
        return self.linear.phi(1, time, self.linear.stiff.velocity, self.linear.velocity_change)

    @cached_property
    def error(self) -> tuple[Velocity, Tensor]:
        """Order 3 minus order 2, h phi_2(h L) (3/2 D_3 - 3 D_2), and its change of the function."""
        difference = [1.5 * third - 3.0 * second for third, second in zip(self._third, self._second, strict=True)]
        vector, change = self.linear.phi(2, self.size, *difference)
        return self.size * vector, self.size * change

    def at(self, time: float) -> ParticleCloud:
        """The cloud a time after the step's start: theta + t phi_1(t L) F + (3/2) (t^2 / h) phi_2(t L) D_3."""
        straight, _ = self._phi_of_velocity(time)
        bend, _ = self.linear.phi(2, time, *self._third)
        positions = self._start + time * straight + 1.5 * time * time / self.size * bend
        return self.linear.stiff.at.cloud.moved(positions)


def phi(order: int, x: Tensor) -> Tensor:
    """phi_k(x) = sum_j x^j / (j + k)! for x <= 0; phi_0 = exp, phi_{k+1}(x) = (phi_k(x) - 1/k!) / x.

    The recursion is used from |x| = 1 on, the series below, so the limit phi_k(0) = 1/k! needs no case of its own.
    """
    result = torch.exp(x)
    divisor = torch.where(x < -SERIES, x, -SERIES)
    for k in range(order):
        result = (result - 1.0 / math.factorial(k)) / divisor
    small = torch.where(x < -SERIES, torch.zeros_like(x), x)
    series = torch.zeros_like(x)
    for j in reversed(range(TERMS)):
        series = series * small + 1.0 / math.factorial(j + order)
    return torch.where(x < -SERIES, result, series)
