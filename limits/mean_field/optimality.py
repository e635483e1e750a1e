"""The first-order optimality gap of a cloud: how far its potential is above the lowest one."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.free_energy import FreeEnergy
from particles import ParticleCloud, ShapeError
from particles.shapes import PerParticle, Positions


@dataclass(frozen=True, eq=False)
class OptimalityGap:
    """The distance of a cloud from the conditions of optimality (Chizat and Bach 2018), made by `optimality_gap`.

    The conditions are g = int g d rho on the support and g >= int g d rho everywhere, with g the first variation.
    `on_support` [particles] is g(theta_j) - int g d rho, and `spread` is its root mean square by mass. `gap` is
    int g d rho - min g >= 0, with the minimum over the cloud's positions and the places searched, and `place` [dim] is
    where that minimum is. For a convex loss, at temperature zero,

        F(rho) - inf F <= int g d rho - inf g,

    so the gap bounds what any other measure could gain, if the places searched hold the lowest potential.
    """

    on_support: PerParticle
    spread: float
    gap: float
    place: Float[Tensor, " dim"]


def optimality_gap(energy: FreeEnergy, cloud: ParticleCloud, places: Positions | None = None) -> OptimalityGap:
    """The optimality gap of a cloud, with the potential g evaluated at its own positions and at `places` [places, dim].

    The entropy is left out; at positive temperature `Gibbs.excess` is the gap. Frozen coordinates are taken as the
    places give them. Raises ShapeError where neuron, cloud and places differ in their number of coordinates.
    """
    if energy.risk.network.neuron.dim != cloud.dim or (places is not None and places.shape[1] != cloud.dim):
        raise ShapeError(
            f"Neurons have {energy.risk.network.neuron.dim} coordinates, but the cloud {cloud.dim}"
            f"{'' if places is None else f' and the places {places.shape[1]}'}; make them agree."
        )
    searched = cloud.positions if places is None else torch.cat([cloud.positions, places.to(cloud.positions)])
    values = energy.potential(cloud, searched)
    relative = values - cloud.masses @ values[: cloud.count]
    on_support = relative[: cloud.count]
    lowest = int(relative.argmin())
    spread = float((cloud.masses @ on_support.square()).sqrt())
    return OptimalityGap(on_support, spread, max(-float(relative[lowest]), 0.0), searched[lowest])
