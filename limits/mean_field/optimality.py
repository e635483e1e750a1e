"""The first-order optimality gap of a cloud: how far its potential is from lowest, and what that bounds."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.free_energy import FreeEnergy
from particles import ParticleCloud, ShapeError
from particles.shapes import PerParticle, Positions


@dataclass(frozen=True, eq=False)
class OptimalityGap:
    """The conditions  g = int g d rho on the support,  g >= int g d rho everywhere  (Chizat and Bach 2018), measured.

    `on_support` [particles] is g(theta_j) - int g d rho and `spread` its root mean square by mass. `gap` is
    int g d rho - min g >= 0 over the cloud's positions and the places searched, `place` [dim] where the minimum is.
    For a convex loss, at temperature zero,

        F(rho) - inf F <= int g d rho - inf g,

    so the gap over places that hold the lowest one bounds what any other measure could gain.
    """

    on_support: PerParticle
    spread: float
    gap: float
    place: Float[Tensor, " dim"]


def optimality_gap(energy: FreeEnergy, cloud: ParticleCloud, places: Positions | None = None) -> OptimalityGap:
    """The gap of a cloud; its potential is searched at its own positions and at other places [places, dim].

    Entropy is left out: at positive temperature take `Gibbs.excess`. Frozen coordinates are searched as given.
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
