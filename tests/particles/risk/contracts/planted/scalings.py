"""Scalings with one mistake each, beside the law that must reject them and the claim it then makes."""

import torch
from torch import Tensor

from particles import Lazy, MeanField
from tests.particles.risk.contracts import scaling


class WrongMobility(MeanField):
    """Mean-field output with the mobility of NTK scaling."""

    def mobility(self, masses: Tensor) -> Tensor:
        """1."""
        return (masses > 0).to(masses)


class FlatWeights(MeanField):
    """1/m whatever the masses: the error that equal masses cannot show."""

    def factor(self, masses: Tensor) -> Tensor:
        """1/m."""
        return torch.full_like(masses, 1.0 / len(masses))

    def mobility(self, masses: Tensor) -> Tensor:
        """m."""
        return torch.full_like(masses, float(len(masses)))


class Dividing(MeanField):
    """Divides by a mass of zero."""

    def mobility(self, masses: Tensor) -> Tensor:
        """Infinite for mass zero."""
        return 1.0 / masses


class Overflowing(MeanField):
    """Asks whether the mass is zero, not whether its inverse is a number: a mistake this project made."""

    def mobility(self, masses: Tensor) -> Tensor:
        """Infinite for masses below the normal numbers."""
        return torch.where(masses > 0, 1.0 / masses, 0.0)


class OnceTooOften(Lazy):
    """The scale enters the mobility once instead of twice."""

    def mobility(self, masses: Tensor) -> Tensor:
        """1 / (c lambda)."""
        return super().mobility(masses) * self.scale


PLANTED_SCALINGS = [
    (WrongMobility(), scaling.kernel_has_mass_one, "sum_j eta_j s_j.2 is not one"),
    (FlatWeights(), scaling.kernel_has_mass_one, "eta_j s_j.2 is not the mass"),
    (OnceTooOften(3.0), scaling.kernel_has_mass_one, "sum_j eta_j s_j.2 is not one"),
    (Dividing(), scaling.massless_particles_neither_speak_nor_move, "mobility of mass zero is not zero"),
    (FlatWeights(), scaling.massless_particles_neither_speak_nor_move, "factor of mass zero is not zero"),
    (Overflowing(), scaling.vanishing_masses_stay_finite, "mobility of a vanishing mass is not finite"),
]
