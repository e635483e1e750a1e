"""Shapes of bumps: densities K(u) = k(|u|^2) with integral one, and their slopes k'."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from particles.arguments.integers import whole
from particles.shapes import AnyFloat


@runtime_checkable
class Profile(Protocol):
    """A density K(u) = k(|u|^2) on the space of u [dim], in every dimension with integral one."""

    def value(self, squares: AnyFloat, dim: int) -> AnyFloat:
        """k(s) [...] at squares s = |u|^2 [...]."""
        ...

    def slope(self, squares: AnyFloat, dim: int, value: AnyFloat | None = None) -> AnyFloat:
        """k'(s) [...]; `value` is k(s), where it is known already."""
        ...


@dataclass(frozen=True)
class GaussianProfile:
    """K(u) = (2 pi)^(-dim / 2) exp(-|u|^2 / 2), the density of N(0, I)."""

    def value(self, squares: AnyFloat, dim: int) -> AnyFloat:
        """(2 pi)^(-dim / 2) exp(-s / 2)."""
        height: float = (2.0 * math.pi) ** (-0.5 * dim)
        return torch.exp(-0.5 * squares) * height

    def slope(self, squares: AnyFloat, dim: int, value: AnyFloat | None = None) -> AnyFloat:
        """-k(s) / 2."""
        return -0.5 * (self.value(squares, dim) if value is None else value)


@dataclass(frozen=True)
class CompactProfile:
    """K(u) = c (1 - |u|^2)^p where |u| < 1, zero elsewhere; p = smoothness + 1.

    K has `smoothness` continuous derivatives, and c = Gamma(p + 1 + dim / 2) / (pi^(dim / 2) Gamma(p + 1)). Raises
    ValueError for a smoothness below one, since particles move along the derivative.
    """

    smoothness: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "smoothness", whole(self.smoothness, "The smoothness of CompactProfile"))

    def value(self, squares: AnyFloat, dim: int) -> AnyFloat:
        """c max(1 - s, 0)^p."""
        return (1.0 - squares).clamp(min=0.0).pow(self._power) * self._height(dim)

    def slope(self, squares: AnyFloat, dim: int, value: AnyFloat | None = None) -> AnyFloat:
        """-p c max(1 - s, 0)^(p - 1)."""
        return (1.0 - squares).clamp(min=0.0).pow(self._power - 1) * (-self._power * self._height(dim))

    @property
    def _power(self) -> int:
        return self.smoothness + 1

    def _height(self, dim: int) -> float:
        """c, the value at zero."""
        half, p = 0.5 * dim, self._power
        return math.exp(math.lgamma(p + 1.0 + half) - math.lgamma(p + 1.0) - half * math.log(math.pi))
