"""Heun's method, the explicit trapezoidal rule."""

from dataclasses import dataclass
from typing import ClassVar

from flows.base import Flow, Part, Together
from flows.integrators.fixed_step.grid import FixedStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions


@dataclass(frozen=True, init=False)
class Heun(FixedStep):
    """theta <- theta + h/2 [v(theta, t) + v(theta + h v(theta, t), t + h)]: order 2 (Heun 1900)."""

    order: ClassVar[float] = 2.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    together: ClassVar[Together] = Together.ONE_GRID

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The average of the velocities here and at the Euler point, where the measure has moved too."""
        first = flow.velocity(cloud, time)
        second = flow.velocity(cloud.moved(cloud.positions + size * first), time + size)
        return cloud.positions + 0.5 * size * (first + second)
