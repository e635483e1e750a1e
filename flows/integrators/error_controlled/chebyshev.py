"""The stabilised explicit Runge-Kutta-Chebyshev method of order 2: stiff flows by velocities alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import torch

from flows.base import Flow, Together
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.rejection_loop import Place
from flows.integrators.error_controlled.spectral_radius import SpectralRadius
from flows.integrators.error_controlled.step_control import Controller, Pace, Tolerance, Work, next_time
from flows.integrators.error_controlled.velocity_only import (
    Inner,
    Paced,
    PacedState,
    PacedTrial,
    Stages,
    Stride,
    Weight,
)
from flows.integrators.explicit_step import Cubic, ExplicitStep, added
from particles import ParticleCloud
from particles.shapes import AnyFloat, Positions

DAMPING = 2.0 / 13.0
#: Steps after which the spectral radius is estimated again.
REFRESH = 25
#: Errors of steps add up to no more than ten times this rtol, or a larger one, without further ado.
PLAIN = 1e-4
#: mu, nu, mu~ h and gamma~ h of a stage in which nothing moves.
RESTING = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class ChebyshevState(PacedState):
    """The pace, the velocity at the cloud reached, the spectral radius there and its age in steps."""

    radius: SpectralRadius
    age: int = 0


@dataclass(frozen=True)
class Chebyshev(Paced[ChebyshevState]):
    """An explicit method of order 2 whose step grows with the square of its stages: h rho < 0.65 (s^2 - 1).

    The stages follow the three-term recurrence of shifted Chebyshev polynomials with damping 2/13 (van der Houwen and
    Sommeijer 1980; Sommeijer, Shampine and Verwer 1998); their number s comes from the step, which the error chooses,
    and the spectral radius rho, which a power iteration on velocities estimates every 25 steps and after a rejection.
    For flows whose eigenvalues lie close to the negative real axis, such as gradient flows; any neuron, loss and size.
    The error of every step is kept below `atol` per coordinate plus `rtol` times the distance the cloud has moved, and
    below 1e-4 by sqrt(rtol / 1e-4) of that: steps get more as their errors get smaller, and the error at the end would
    go as rtol^(2/3) otherwise. A run resumed by `evolve` chooses its steps anew and agrees to the
    tolerance; one continued from a kept state agrees to the bit.
    """

    order: ClassVar[float] = 2.0
    controller: ClassVar[Controller] = Controller.remembering(3)
    together: ClassVar[Together] = Together.OWN_PACE
    states: ClassVar[tuple[type, ...]] = (ChebyshevState, SpectralRadius, Pace, Headway, Work)
    holds: ClassVar[type[Any]] = ChebyshevState
    steps: ClassVar[type[ExplicitStep]] = Cubic

    @property
    def tolerance(self) -> Tolerance:
        """What error is allowed in a step: its power 3/2 makes that at the end go as rtol."""
        share = math.sqrt(min(self.rtol / PLAIN, 1.0)) if self.rtol > 0.0 else 1.0
        return Tolerance(share * self.rtol, share * self.atol)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> ChebyshevState:
        """The velocity and the spectral radius at the start, and a first step."""
        velocity = flow.velocity(cloud, time)
        radius = SpectralRadius.estimate(flow, cloud, velocity, time)
        longest = min(self.max_step, 1.0 / radius.value if radius.value > 0.0 else math.inf)
        pace = self.begun(flow, cloud, velocity, time, longest).worked(radius.velocities)
        return ChebyshevState(pace, velocity, radius)

    def ready(self, at: Place, state: ChebyshevState) -> ChebyshevState:
        """The state with the spectral radius found again where it is old."""
        return _refreshed(at, state) if state.age >= REFRESH else state

    def stride(self, state: ChebyshevState, time: float, until: float, dtype: torch.dtype) -> Stride:
        """The step that the pace proposes, or the longest that is stable, with as few stages as that takes."""
        wanted = min(state.pace.size, stable_step(self._most_stages(dtype), state.radius.value))
        size, reached = next_time(wanted, time, until, self.max_step)
        return Stride(size, reached, stages_for(size, state.radius.value))

    def moments(self, stride: Stride, time: float) -> Sequence[float]:
        """The times of the inner stages, and that of the velocity at the end."""
        return [*(time + node * stride.size for node in coefficients(stride.stages).nodes), stride.reached]

    def weights(self, stride: Stride, stages: int) -> list[float]:
        """h, mu~_1 h; then mu_j, nu_j, mu~_j h, gamma~_j h for j = 2..s, and after that stages that rest."""
        recurrence = coefficients(stride.stages)
        size = stride.size
        moving = [(mu, nu, inner * size, first * size) for mu, nu, inner, first in recurrence.rows]
        rows = [*moving, *[RESTING] * (stages - stride.stages)]
        return [size, recurrence.first * size, *(number for row in rows for number in row)]

    def tried(self, inner: Inner, start: AnyFloat, velocity: AnyFloat, weights: Sequence[Weight]) -> Stages:
        """A step by the recurrence for the displacements D_j = Y_j - theta, with the velocities at both ends:

        D_1 = mu~_1 h v_0,  D_j = mu_j D_(j-1) + nu_j D_(j-2) + mu~_j h v(theta + D_(j-1)) + gamma~_j h v_0.
        """
        size, first, *rest = weights
        before, now = torch.zeros_like(velocity), first * velocity
        stages = list(zip(*[iter(rest)] * 4, strict=True))
        for stage, (mu, nu, mu_tilde, gamma_tilde) in enumerate(stages):
            moving = inner(start + now, stage)
            added(added(added(before.mul_(nu), now, mu), moving, mu_tilde), velocity, gamma_tilde)
            before, now = now, before
        positions = start + now
        last = inner(positions, len(stages))
        error = added(now.mul_(-0.8), velocity + last, 0.4 * size)
        return positions, error, (velocity, last)

    def accepted(self, at: Place, state: ChebyshevState, trial: PacedTrial) -> ChebyshevState:
        """The spectral radius is one step older."""
        return replace(super().accepted(at, state, trial), age=state.age + 1)

    def rejected(self, at: Place, state: ChebyshevState, trial: PacedTrial) -> ChebyshevState:
        """The spectral radius is found again, but for one that was found here."""
        shorter = super().rejected(at, state, trial)
        return _refreshed(at, _turned(at.cloud, shorter, trial.estimate)) if state.age > 0 else shorter

    def _most_stages(self, dtype: torch.dtype) -> int:
        """Rounding grows with the square of the stages; this many keep it below a tenth of the tolerance."""
        return max(int(math.sqrt(0.1 * self.rtol / torch.finfo(dtype).eps)), 10)


def _turned(cloud: ParticleCloud, state: ChebyshevState, estimate: Positions) -> ChebyshevState:
    """The search for the leading direction turned towards the error of a rejected step, in which instability shows.

    The error weighs twice: equal weights would add to nothing where both are opposite.
    """
    known = state.radius.direction
    length, extent = cloud.norms(estimate, known).tolist()
    if not 0.0 < length < math.inf:
        return state
    direction = known / extent + 2.0 * estimate / length
    return replace(state, radius=replace(state.radius, direction=direction))


def _refreshed(at: Place, state: ChebyshevState) -> ChebyshevState:
    radius = SpectralRadius.estimate(at.flow, at.cloud, state.velocity, at.time, state.radius.direction)
    return replace(state, radius=radius, age=0, pace=state.pace.worked(radius.velocities))


@dataclass(frozen=True)
class Recurrence:
    """mu~_1; then mu_j, nu_j, mu~_j, gamma~_j for j = 2..s, and the time c_(j-1) of the velocity in each of these."""

    first: float
    rows: tuple[tuple[float, float, float, float], ...]
    nodes: tuple[float, ...]


@lru_cache(maxsize=1024)
def coefficients(stages: int) -> Recurrence:
    """With w_0 = 1 + 2/13 / s^2, w_1 = T_s'(w_0) / T_s''(w_0) and b_j = T_j''(w_0) / T_j'(w_0)^2, b_0 = b_1 = b_2:

    mu~_1 = b_1 w_1, mu_j = 2 b_j w_0 / b_(j-1), nu_j = -b_j / b_(j-2), mu~_j = 2 b_j w_1 / b_(j-1),
    gamma~_j = -(1 - b_(j-1) T_(j-1)(w_0)) mu~_j. The nodes are what the recurrence makes of a velocity of one.
    """
    w0 = 1.0 + DAMPING / stages**2
    value, slope, bend = [1.0, w0], [0.0, 1.0], [0.0, 0.0]
    for j in range(2, stages + 1):
        value.append(2.0 * w0 * value[-1] - value[-2])
        slope.append(2.0 * value[j - 1] + 2.0 * w0 * slope[-1] - slope[-2])
        bend.append(4.0 * slope[j - 1] + 2.0 * w0 * bend[-1] - bend[-2])
    w1 = slope[stages] / bend[stages]
    b = [0.0, 0.0, *(bend[j] / slope[j] ** 2 for j in range(2, stages + 1))]
    b[0] = b[1] = b[2]
    rows = []
    nodes = [0.0, b[1] * w1]
    for j in range(2, stages + 1):
        mu, nu, mu_tilde = 2.0 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2], 2.0 * b[j] * w1 / b[j - 1]
        gamma_tilde = -(1.0 - b[j - 1] * value[j - 1]) * mu_tilde
        rows.append((mu, nu, mu_tilde, gamma_tilde))
        nodes.append(mu * nodes[-1] + nu * nodes[-2] + mu_tilde + gamma_tilde)
    return Recurrence(b[1] * w1, tuple(rows), tuple(nodes[1:stages]))


def stages_for(size: float, radius: float) -> int:
    """The fewest stages, two or more, whose stability interval 0.65 (s^2 - 1) covers size times radius."""
    return max(2, math.ceil(math.sqrt(1.0 + 1.54 * size * radius)))


def stable_step(stages: int, radius: float) -> float:
    """The longest step that this many stages allow."""
    return (stages**2 - 1) / (1.54 * radius) if radius > 0.0 else math.inf
