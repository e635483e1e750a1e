"""The method of Leimkuhler and Matthews: one velocity a step, and a stationary law of second order."""

import math
from dataclasses import dataclass
from typing import ClassVar

from flows.base import Advance, Flow, NoisyFlow, Part, Together
from flows.integrators.fixed_step.grid import GivenStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions


@dataclass(frozen=True, eq=False)
class Drawn:
    """Numbers already drawn, with their address: kept for speed only, drawing again gives the same bits."""

    noise: StepNoise
    normals: Positions


@dataclass(frozen=True, init=False)
class LeimkuhlerMatthews(GivenStep):
    """theta <- theta + h v(theta) + sqrt(h) sigma (xi_n + xi_{n+1}) / 2, xi_n ~ N(0, 1) addressed by (seed, step).

    For constant sigma the stationary law is right to order 2, and exact where the drift is linear; at a fixed time
    expectations are right to order 1, with an error of order 1 that decays exponentially (Leimkuhler and Matthews
    2013; Leimkuhler, Matthews and Tretyakov 2014). Paths differ from the Brownian one by half an increment: strong
    order 1/2. The gain is for gradient drifts in equilibrium with their noise, as in every pairing of `LangevinFlow`
    except "measure" with unequal masses, where it is order 1. Without noise it is `Euler`.
    """

    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT, Part.NOISE})
    stays_inside: ClassVar[bool] = True
    together: ClassVar[Together] = Together.ONE_GRID
    states: ClassVar[tuple[type, ...]] = (Drawn, StepNoise)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Drawn | None:
        """Nothing has been drawn yet."""
        self._size()
        return None

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Drawn | None, time: float, until: float, noise: StepNoise
    ) -> Advance[Drawn | None]:
        """One step; the second of its two normals is handed on as the first of the next step."""
        start, size, reached = self.next(time, until)
        moved = cloud.positions + size * flow.velocity(cloud, start)
        if not isinstance(flow, NoisyFlow):
            return Advance(reached, cloud.moved(moved), None)
        first = (
            state.normals if state is not None and state.noise == noise else noise.normals(cloud.positions, cloud.first)
        )
        second = noise.after.normals(cloud.positions, cloud.first)
        kick = (first + second).mul_(0.5 * math.sqrt(size) * flow.diffusion(cloud, start))
        moved = kick.add_(moved)
        return Advance(reached, cloud.moved(moved), Drawn(noise.after, second))
