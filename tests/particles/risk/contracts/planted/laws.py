"""Initial laws with one mistake each, beside the law of their family that must reject them and its claim."""

import torch
from torch import Tensor

from particles import GaussianLaw, ParticleCloud
from tests.particles.risk.contracts import law
from tests.particles.risk.contracts.members import SMALL


class CountedLaw(GaussianLaw):
    """Mixes the number of particles into the seed."""

    def sample(self, *, masses: Tensor, seed: int) -> ParticleCloud:
        """A stream of its own for every count."""
        return super().sample(masses=masses, seed=seed + len(masses))


class HeavyLaw(GaussianLaw):
    """Draws wider where masses are large."""

    def sample(self, *, masses: Tensor, seed: int) -> ParticleCloud:
        """Positions that know their masses."""
        cloud = super().sample(masses=masses, seed=seed)
        return cloud.moved(cloud.positions * len(masses) * cloud.masses[:, None])


class DeafLaw(GaussianLaw):
    """Takes no notice of the seed."""

    def sample(self, *, masses: Tensor, seed: int) -> ParticleCloud:
        """Seed zero."""
        return super().sample(masses=masses, seed=0)


class GlobalLaw(GaussianLaw):
    """Seeds torch's global generator."""

    def sample(self, *, masses: Tensor, seed: int) -> ParticleCloud:
        """The right cloud, and a surprise for everyone else."""
        torch.manual_seed(seed)
        return super().sample(masses=masses, seed=seed)


class RolledLaw(GaussianLaw):
    """Begins with the last particle."""

    def sample(self, *, masses: Tensor, seed: int) -> ParticleCloud:
        """The right particles in another order."""
        cloud = super().sample(masses=masses, seed=seed)
        return cloud.moved(cloud.positions.roll(1, dims=0))


PLANTED_LAWS = [
    (CountedLaw(SMALL), law.larger_draws_hold_the_smaller, "does not hold the smaller"),
    (RolledLaw(SMALL), law.larger_draws_hold_the_smaller, "in another order"),
    (HeavyLaw(SMALL), law.masses_do_not_choose_positions, "Positions depend on the masses"),
    (DeafLaw(SMALL), law.seed_says_everything, "Another seed gives the same"),
    (GlobalLaw(SMALL), law.global_generators_are_left_alone, "A global generator was touched"),
]
