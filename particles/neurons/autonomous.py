"""What activations share whose derivative follows from their value."""

import math
from abc import ABC, abstractmethod
from functools import cache

import torch

from particles.shapes import AnyFloat


class Autonomous(ABC):
    """Activations whose derivative follows from their value, sigma' = h(sigma): neither z nor sigma' need be kept.

    Where sigma saturates, h(sigma) is a small difference of large numbers. Up to |z| = `unsaturated` it keeps half of
    its digits; beyond, `derivative` gives all of them.
    """

    @abstractmethod
    def value(self, z: AnyFloat) -> AnyFloat:
        """sigma(z)."""

    @abstractmethod
    def derivative_at(self, value: AnyFloat, out: AnyFloat | None = None) -> AnyFloat:
        """h(sigma), written into `out` where it is given, which may not be `value`."""

    @abstractmethod
    def overwrite(self, z: AnyFloat) -> AnyFloat:
        """sigma(z), written over z; accurate relative to the largest |sigma(z)| there, where `value` is for each z."""

    def unsaturated(self, dtype: torch.dtype) -> float:
        """The largest |z| at which h(sigma) keeps half of its digits."""
        return math.inf

    def derivative(self, z: AnyFloat, value: AnyFloat | None = None) -> AnyFloat:
        """h(sigma(z)); a caller who already holds sigma(z) passes it and saves computing it again."""
        return self.derivative_at(self.value(z) if value is None else value)


def autonomous(activation: object) -> Autonomous | None:
    """The activation if its sigma' follows from its sigma, which need not be so in a derived class that changes one."""
    return activation if isinstance(activation, Autonomous) and not _changed(type(activation)) else None


@cache
def _changed(kind: type) -> bool:
    """Whether a class has a sigma or sigma' of its own and inherits how one is written over z or follows from it."""

    def distance(method: str) -> int:
        return next(place for place, parent in enumerate(kind.__mro__) if method in vars(parent))

    return min(map(distance, ("value", "derivative"))) < max(map(distance, ("overwrite", "derivative_at")))
