"""Activations z G(z): sigma and sigma' share the gate G, which is what they cost."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch

from particles.shapes import AnyFloat

ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


class Gated(ABC):
    """sigma(z) = z G(z); whoever needs sigma and sigma' computes G(z) once."""

    @abstractmethod
    def gate(self, z: AnyFloat) -> AnyFloat:
        """G(z)."""

    @abstractmethod
    def slope_at(self, z: AnyFloat, gate: AnyFloat) -> AnyFloat:
        """sigma'(z) = G + z G'(z) for the gate at z."""

    def value(self, z: AnyFloat) -> AnyFloat:
        """z G(z)."""
        return z * self.gate(z)

    def derivative(self, z: AnyFloat, value: AnyFloat | None = None) -> AnyFloat:
        """G(z) + z G'(z); sigma(z) is of no use here."""
        return self.slope_at(z, self.gate(z))


def gated(activation: object) -> Gated | None:
    """The activation if its sigma and sigma' are what its gate gives, which those of a derived class need not be."""
    if not isinstance(activation, Gated):
        return None
    kind = type(activation)
    return activation if kind.value is Gated.value and kind.derivative is Gated.derivative else None


@dataclass(frozen=True)
class GELU(Gated):
    """sigma(z) = z Phi(z) with the Gaussian distribution function Phi (Hendrycks and Gimpel 2016), exact."""

    homogeneous: ClassVar[bool] = False
    lipschitz: ClassVar[float] = 1.128904145185155
    bounded: ClassVar[bool] = False
    smooth: ClassVar[bool] = True

    def gate(self, z: AnyFloat) -> AnyFloat:
        """Phi(z)."""
        return 0.5 * torch.erfc(-ROOT_HALF * z)

    def slope_at(self, z: AnyFloat, gate: AnyFloat) -> AnyFloat:
        """Phi(z) + z phi(z), phi the Gaussian density."""
        return gate + z * torch.exp(-0.5 * z * z) / ROOT_TWO_PI


@dataclass(frozen=True)
class SiLU(Gated):
    """sigma(z) = z / (1 + exp(-z)), also called swish."""

    homogeneous: ClassVar[bool] = False
    lipschitz: ClassVar[float] = 1.099839320128867
    bounded: ClassVar[bool] = False
    smooth: ClassVar[bool] = True

    def gate(self, z: AnyFloat) -> AnyFloat:
        """1 / (1 + exp(-z))."""
        return torch.sigmoid(z)

    def slope_at(self, z: AnyFloat, gate: AnyFloat) -> AnyFloat:
        """s + z s (1 - s) for the gate s."""
        return gate * (1.0 + z * (1.0 - gate))
