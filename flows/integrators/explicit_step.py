"""A step of an explicit method with its velocities, and the cloud at any time inside it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from particles import ParticleCloud
from particles.shapes import AnyFloat, Positions, Velocity


@dataclass(frozen=True, eq=False)
class ExplicitStep(ABC):
    """A step from a cloud and a time: its size, the positions it leads to, the velocities that it was made of.

    `order` is that of `at`, tested: its error is of size h^(order + 1).
    """

    cloud: ParticleCloud
    time: float
    size: float
    positions: Positions
    velocities: tuple[Velocity, ...]
    order: ClassVar[float]

    @abstractmethod
    def at(self, moment: float) -> ParticleCloud:
        """The cloud at any time inside the step."""


@dataclass(frozen=True, eq=False)
class Cubic(ExplicitStep):
    """A step of which the first velocity is that at its start, the last that at its end."""

    order: ClassVar[float] = 3.0

    def at(self, moment: float) -> ParticleCloud:
        """The cloud by the cubic with these positions and velocities at both ends.

        With s = (moment - time) / h and Delta = theta_1 - theta_0:
        theta_0 + s (Delta + (1 - s) (h v_0 - Delta + s (2 Delta - h v_0 - h v_1))).
        """
        s = (moment - self.time) / self.size
        start = self.cloud.positions
        first, last = self.size * self.velocities[0], self.size * self.velocities[-1]
        across = self.positions - start
        return self.cloud.moved(start + s * (across + (1.0 - s) * (first - across + s * (2.0 * across - first - last))))


def added(total: AnyFloat, vector: AnyFloat, weight: float | Tensor) -> AnyFloat:
    """total + weight vector, written into total; the weight is a number, or a column [members, 1]."""
    return total.addcmul_(vector, weight) if isinstance(weight, Tensor) else total.add_(vector, alpha=weight)


def combined(
    start: AnyFloat, velocities: Sequence[AnyFloat], weights: Sequence[float], size: float | Tensor
) -> AnyFloat:
    """start + size sum_i weights_i velocities_i, in a new tensor."""
    result = start.clone()
    for velocity, weight in zip(velocities, weights, strict=True):
        if weight != 0.0:
            added(result, velocity, size * weight)
    return result
