"""A cloud whose particles also have velocities: the state of a flow with inertia."""

from dataclasses import dataclass
from typing import Self

import torch

from particles import ParticleCloud, ShapeError
from particles.shapes import Masses, Positions, Velocity


@dataclass(frozen=True, eq=False, init=False)
class KineticCloud(ParticleCloud):
    """Particle j at theta_j with mass lambda_j and velocity v_j = velocities[j]; at rest where they are left out.

    velocities [particles, dim] are kept in the dtype and on the device of the positions. Whatever takes a
    `ParticleCloud` takes this one; its methods keep the velocities. Raises ShapeError where they do not fit.
    """

    velocities: Velocity

    def __init__(self, positions: Positions, masses: Masses | None = None, velocities: Velocity | None = None) -> None:
        super().__init__(positions, masses)
        velocities = torch.zeros_like(positions) if velocities is None else velocities
        _check_shape(velocities, positions)
        object.__setattr__(self, "velocities", velocities.to(positions))

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same cloud on another device or in another dtype."""
        return type(self)(self.positions.to(device=device, dtype=dtype), self.masses, self.velocities)

    def detached(self) -> Self:
        """The same cloud without autograd history, in velocities neither; itself where there is none."""
        cloud = super().detached()
        return cloud.moved(cloud.positions, self.velocities.detach()) if self.velocities.requires_grad else cloud

    def reweighted(self, masses: Masses) -> Self:
        """The particles where they are and as fast, with other masses [particles]."""
        return type(self)(self.positions, masses, self.velocities)

    def moved(self, positions: Positions, velocities: Velocity | None = None) -> Self:
        """The particles with their masses at other positions, and with other velocities where these are given.

        Only shapes are checked: this is what integrators call inside a step.
        """
        cloud = super().moved(positions)
        if velocities is not None:
            _check_shape(velocities, positions)
            object.__setattr__(cloud, "velocities", velocities)
        return cloud

    def _unchecked(self, positions: Positions, masses: Masses) -> Self:
        cloud = super()._unchecked(positions, masses)
        object.__setattr__(cloud, "velocities", self.velocities)
        return cloud


def kinetic(cloud: ParticleCloud) -> KineticCloud:
    """The cloud with its velocities; one that does not speak of any is at rest."""
    return cloud if isinstance(cloud, KineticCloud) else KineticCloud(cloud.positions, cloud.masses)


def _check_shape(velocities: Velocity, positions: Positions) -> None:
    if velocities.shape != positions.shape:
        raise ShapeError(
            f"Velocities of shape {tuple(velocities.shape)} were given to positions of shape "
            f"{tuple(positions.shape)}; give one row per particle."
        )
