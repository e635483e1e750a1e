"""The explicit Euler method."""

from dataclasses import dataclass
from typing import ClassVar

from flows.base import Flow, Part, Together
from flows.integrators.fixed_step.grid import FixedStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions


@dataclass(frozen=True, init=False)
class Euler(FixedStep):
    """theta <- theta + h v(theta): order 1, and exactly gradient descent with learning rate h.

    Stable on a gradient flow while h times the largest eigenvalue of K P is below 2.
    """

    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    stays_inside: ClassVar[bool] = True
    together: ClassVar[Together] = Together.ONE_GRID

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v(theta, t)."""
        return cloud.positions + size * flow.velocity(cloud, time)
