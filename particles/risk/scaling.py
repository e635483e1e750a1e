"""Scalings: what a particle's mass means for its output factor and its mobility.

    f(x) = sum_j s_j g(theta_j, x),   d theta_j / dt = -eta_j grad_{theta_j} R,   sum_j eta_j s_j^2 = 1 in each

but `Standard`. A particle of mass zero has s_j = eta_j = 0: it neither speaks nor moves, and is never divided by. One
whose mobility is beyond the largest number of the dtype does not move either.

`rates` give groups of coordinates a rate each, one where they are not named: coordinate q of particle j then has the
mobility eta_j rate(q). A group with rate zero stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch

from particles.arguments.reals import non_negative, positive
from particles.neurons.groups import PerGroup
from particles.shapes import PerParticle


@runtime_checkable
class Scaling(Protocol):
    """From masses lambda_j to output factors s_j and mobilities eta_j."""

    def factor(self, masses: PerParticle) -> PerParticle:
        """Output factors s_j [particles]."""
        ...

    def mobility(self, masses: PerParticle) -> PerParticle:
        """Mobilities eta_j [particles]."""
        ...


@dataclass(frozen=True)
class _Rated:
    """What our scalings share: a rate for each group of coordinates, None where all are one."""

    rates: Mapping[str, float] | None = field(default=None, kw_only=True, metadata={"optional": True})

    def __post_init__(self) -> None:
        if self.rates is not None:
            object.__setattr__(self, "rates", PerGroup.of(self.rates, "The rate", non_negative))


@dataclass(frozen=True)
class Power(_Rated):
    """s_j = lambda_j^p, eta_j = lambda_j^(1 - 2p): p = 1 is mean field, p = 1/2 the asymmetrical or NTK scaling.

    The mean tangent kernel at initialisation is the same for every p; the features of particle j move at speed
    lambda_j^(1 - p).
    """

    exponent: float

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "exponent", positive(self.exponent, "The power of a scaling"))

    def factor(self, masses: PerParticle) -> PerParticle:
        """lambda_j^p."""
        return masses**self.exponent

    def mobility(self, masses: PerParticle) -> PerParticle:
        """lambda_j^(1 - 2p), zero for mass zero."""
        return _where_positive(masses, masses ** (1.0 - 2.0 * self.exponent))


@dataclass(frozen=True)
class MeanField(_Rated):
    """s_j = lambda_j, eta_j = 1 / lambda_j: the Wasserstein gradient flow of the measure (Chizat and Bach 2018)."""

    def factor(self, masses: PerParticle) -> PerParticle:
        """lambda_j."""
        return masses

    def mobility(self, masses: PerParticle) -> PerParticle:
        """1 / lambda_j, zero for mass zero."""
        return _where_positive(masses, 1.0 / masses)


@dataclass(frozen=True)
class NTK(_Rated):
    """s_j = sqrt(lambda_j), eta_j = 1: NTK scaling for equal masses (Jacot et al. 2018), asymmetrical otherwise
    (Caron et al. 2023)."""

    def factor(self, masses: PerParticle) -> PerParticle:
        """sqrt(lambda_j)."""
        return masses.sqrt()

    def mobility(self, masses: PerParticle) -> PerParticle:
        """1, zero for mass zero."""
        return _where_positive(masses, torch.ones_like(masses))


@dataclass(frozen=True)
class Lazy(_Rated):
    """s_j = c lambda_j, eta_j = 1 / (c^2 lambda_j): c = 1 is mean field, c to infinity lazy (Chizat et al. 2019).

    With equal masses c = sqrt(m) is NTK scaling.
    """

    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "scale", positive(self.scale, "The scale of Lazy"))

    def factor(self, masses: PerParticle) -> PerParticle:
        """c lambda_j."""
        return self.scale * masses

    def mobility(self, masses: PerParticle) -> PerParticle:
        """1 / (c^2 lambda_j), zero for mass zero."""
        return _where_positive(masses, 1.0 / (self.scale**2 * masses))


@dataclass(frozen=True)
class Standard(_Rated):
    """s_j = 1, eta_j = 1: the sum that torch computes. Masses say only which particles there are, those above zero.

    `GradientFlow` with `Euler(step)` is gradient descent of the network's own parameters with learning rate `step`.
    """

    def factor(self, masses: PerParticle) -> PerParticle:
        """1, zero for mass zero."""
        return _where_positive(masses, torch.ones_like(masses))

    def mobility(self, masses: PerParticle) -> PerParticle:
        """1, zero for mass zero."""
        return _where_positive(masses, torch.ones_like(masses))


def _where_positive(masses: PerParticle, values: PerParticle) -> PerParticle:
    # 1 / lambda overflows for the subnormal masses of a steep Zipf law: those particles stand still like massless ones.
    return torch.where((masses > 0) & torch.isfinite(values), values, 0.0)
