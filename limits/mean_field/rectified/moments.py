"""Integrals over the angle that all predictions are made of, by Gauss's rule on pieces of arcs.

tau = h sinh(u), with h the distance over which Q changes near its lowest point, spreads that point as wide as all
others: with Q = low + bend tau^2 the poles are pi / 2 away from the real axis, however small `low` is.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Self

import numpy as np
import torch
from torch import Tensor

from limits.mean_field.rectified.arcs import Pieces

#: Nodes of Gauss's rule on a piece; intervals up to 21 wide, that is a `low` of 1e-16, are done to rounding.
NODES = 128


@dataclass(frozen=True, eq=False)
class Moments:
    """Nodes of a rule on every piece, or on part of it [..., pieces, nodes], and integrals over unit vectors e.

    `weights` are those of int dphi / q, with q = Q / c_a. `e` [..., pieces, nodes, 2] are directions of any length,
    `form` is Q there and `pull` v . e.
    """

    weights: Tensor
    e: Tensor
    form: Tensor
    pull: Tensor
    confinement: float

    @classmethod
    def of(cls, pieces: Pieces, confinement: float, nodes: int = NODES) -> Self:
        """Over every piece; confinement is c_a."""
        return cls.between(pieces, torch.zeros_like(pieces.length), pieces.length, confinement, nodes)

    @classmethod
    def between(cls, pieces: Pieces, lower: Tensor, upper: Tensor, confinement: float, nodes: int = NODES) -> Self:
        """Over lower <= tau <= upper of every piece; the two are [..., pieces]."""
        places, weights = rule(nodes)
        h = pieces.scale
        first, last = torch.asinh(lower / h), torch.asinh(upper / h)
        u = first[..., None] + (last - first)[..., None] * places
        tau = h[:, None] * torch.sinh(u)
        form = pieces.low[:, None] + tau * (pieces.slope[:, None] + tau * pieces.bend[:, None])
        ways = (last - first)[..., None] * weights * torch.cosh(u) * (h * pieces.area)[:, None]
        e = pieces.start[:, None] + tau[..., None] * pieces.direction[:, None]
        pull = (e @ pieces.v[:, :, None])[..., 0]
        return cls(confinement * ways / form, e, form, pull, confinement)

    @cached_property
    def mass(self) -> Tensor:
        """int dphi / q over every piece [..., pieces]."""
        return self.weights.sum(dim=-1)

    @cached_property
    def square(self) -> Tensor:
        """int e e^T / q^2 dphi over every piece [..., pieces, 2, 2]."""
        shares = (self.confinement * self.weights / self.form)[..., None]
        return torch.einsum("...nx,...ny->...xy", shares * self.e, self.e)


@cache
def rule(nodes: int) -> tuple[Tensor, Tensor]:
    """Places in [0, 1] and weights of Gauss's rule."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return torch.from_numpy(0.5 * (1.0 + places)), torch.from_numpy(0.5 * weights)
