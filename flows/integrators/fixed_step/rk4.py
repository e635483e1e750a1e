"""The classical Runge-Kutta method."""

from dataclasses import dataclass
from typing import ClassVar

from flows.base import Flow, Part, Together
from flows.integrators.fixed_step.grid import FixedStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions


@dataclass(frozen=True, init=False)
class RK4(FixedStep):
    """Four velocities with weights 1/6, 1/3, 1/3, 1/6 at times t, t + h/2, t + h/2, t + h: order 4 (Kutta 1901)."""

    order: ClassVar[float] = 4.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    together: ClassVar[Together] = Together.ONE_GRID
    interval: ClassVar[float] = 2.785293563405282

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """Every stage sees the cloud moved to its own place."""
        start = cloud.positions
        first = flow.velocity(cloud, time)
        second = flow.velocity(cloud.moved(start + 0.5 * size * first), time + 0.5 * size)
        third = flow.velocity(cloud.moved(start + 0.5 * size * second), time + 0.5 * size)
        fourth = flow.velocity(cloud.moved(start + size * third), time + size)
        return start + size / 6.0 * (first + 2.0 * second + 2.0 * third + fourth)
