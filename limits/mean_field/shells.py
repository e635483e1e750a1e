"""Shells of a ball: the grid for densities on it that depend on the distance from its centre alone."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.grid import Cells
from particles.arguments.integers import whole
from particles.arguments.reals import positive


@dataclass(frozen=True)
class Shells:
    """The ball |x| <= radius in `dim` dimensions in `cells` shells of one thickness; the innermost is a ball.

    Raises ValueError for a radius that is not positive, a dim that is no positive integer and less than two shells.
    """

    radius: float
    dim: int
    cells: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive(self.radius, "The radius"))
        object.__setattr__(self, "dim", whole(self.dim, "The dim of the ball"))
        object.__setattr__(self, "cells", whole(self.cells, "The number of shells", 2))

    @property
    def width(self) -> float:
        """The thickness of a shell."""
        return self.radius / self.cells

    @property
    def centres(self) -> Cells:
        """The distance of the middle of every shell from the centre [cells], in float64."""
        return self.width * (torch.arange(self.cells, dtype=torch.float64) + 0.5)

    @property
    def edges(self) -> Float[Tensor, " edges"]:
        """The distances between which shells lie [cells + 1], in float64."""
        return self.width * torch.arange(self.cells + 1, dtype=torch.float64)

    @property
    def volumes(self) -> Cells:
        """The volumes of the shells [cells]."""
        return unit_ball(self.dim) * self.edges.pow(self.dim).diff()

    @property
    def refined(self) -> "Shells":
        """The same ball in twice as many shells."""
        return Shells(self.radius, self.dim, 2 * self.cells)


def unit_ball(dim: int) -> float:
    """The volume pi^(dim / 2) / Gamma(dim / 2 + 1) of the unit ball."""
    volume: float = math.pi ** (0.5 * dim) / math.gamma(0.5 * dim + 1.0)
    return volume
