"""The Euler-Maruyama method for noisy flows."""

import math
from dataclasses import dataclass
from typing import ClassVar

from flows.base import Flow, NoisyFlow, Part, Together
from flows.integrators.fixed_step.grid import FixedStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions


@dataclass(frozen=True, init=False)
class EulerMaruyama(FixedStep):
    """theta <- theta + h v(theta) + sqrt(h) sigma(theta) xi, xi ~ N(0, 1) addressed by (seed, step, particle).

    Strong and weak order 1 for the additive noise of `LangevinFlow` (Maruyama 1955). The stationary variance at a
    quadratic of curvature k is too large by the factor 1 / (1 - h k / 2). On a flow without noise it is `Euler`.
    """

    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT, Part.NOISE})
    stays_inside: ClassVar[bool] = True
    together: ClassVar[Together] = Together.ONE_GRID

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v + sqrt(h) sigma xi."""
        moved = cloud.positions + size * flow.velocity(cloud, time)
        if isinstance(flow, NoisyFlow):
            kick = noise.normals(cloud.positions, cloud.first).mul_(math.sqrt(size) * flow.diffusion(cloud, time))
            moved = kick.add_(moved)
        return moved
