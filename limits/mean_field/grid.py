"""Grids on parameter space: each coordinate of a particle has an interval of cells or a set of atoms."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor

from particles import ShapeError
from particles.arguments.display import line
from particles.arguments.integers import whole
from particles.shapes import Masses, Positions

#: A number for each cell of an axis or a grid.
Cells = Float[Tensor, " cells"]
Points = Float[Tensor, " points"]

#: For each point the numbers of the cells that it is shared between [points, corners], and its shares of them.
Shares = tuple[Int[Tensor, "points corners"], Float[Tensor, "points corners"]]

#: Largest number of cells of a grid. The features of ten data at more cells would fill more than a gibibyte.
MOST_CELLS = 2**24


@dataclass(frozen=True)
class Interval:
    """The interval [low, high] in `cells` of equal width; a density is represented by its values at their centres.

    Raises ValueError unless low < high are finite and there are two or more cells.
    """

    low: float
    high: float
    cells: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"An interval goes from {self.low!r} to {self.high!r}, but low < high, finite, is needed.")
        object.__setattr__(self, "cells", whole(self.cells, "The number of cells of an interval", 2))

    @property
    def count(self) -> int:
        """The number of cells."""
        return self.cells

    @property
    def width(self) -> float:
        """The width h of a cell."""
        return (self.high - self.low) / self.cells

    @property
    def centres(self) -> Cells:
        """Centres of the cells [cells], in float64."""
        return self.low + self.width * (torch.arange(self.cells, dtype=torch.float64) + 0.5)

    @property
    def edges(self) -> Float[Tensor, " edges"]:
        """Edges of the cells [cells + 1], in float64."""
        return self.low + self.width * torch.arange(self.cells + 1, dtype=torch.float64)

    @property
    def refined(self) -> "Interval":
        """The same interval with twice as many cells."""
        return Interval(self.low, self.high, 2 * self.cells)

    def shares(self, points: Points) -> Shares:
        """The two nearest centres of each point [points, 2], and its shares of them, which keep the mean.

        A point beyond the outermost centre belongs to the outermost cell. Raises ValueError for points outside the
        interval.
        """
        outside = int(((points < self.low) | (points > self.high)).sum())
        if outside:
            raise ValueError(
                f"{outside} of {points.numel()} points lie outside [{self.low:g}, {self.high:g}]; enlarge the interval."
            )
        place = ((points - self.low) / self.width - 0.5).clamp(0.0, self.cells - 1.0)
        left = place.floor().long().clamp_max(self.cells - 2)
        share = place - left
        return torch.stack([left, left + 1], dim=1), torch.stack([1.0 - share, share], dim=1)


@dataclass(frozen=True)
class Atoms:
    """A coordinate that takes only these values, in rising order, such as a frozen output weight of -1 or +1.

    Raises ValueError unless the values are one or more finite numbers in rising order.
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(first < second for first, second in pairwise(self.values))
        if not self.values or not rising or not all(math.isfinite(value) for value in self.values):
            raise ValueError(
                f"Atoms are {line(self.values)}, but one or more finite numbers in rising order are needed."
            )

    @property
    def count(self) -> int:
        """The number of atoms."""
        return len(self.values)

    @property
    def width(self) -> float:
        """The number 1: an atom has volume one, whatever its distance from the next."""
        return 1.0

    @property
    def centres(self) -> Cells:
        """The values [atoms], in float64."""
        return torch.tensor(self.values, dtype=torch.float64)

    @property
    def refined(self) -> "Atoms":
        """The same atoms; only intervals are refined."""
        return self

    def shares(self, points: Points) -> Shares:
        """The atom of each point [points, 1], with a share of one; raises ValueError for points that are no atoms."""
        same = points[:, None] == self.centres
        strangers = int((~same.any(dim=1)).sum())
        if strangers:
            raise ValueError(
                f"{strangers} of {points.numel()} points are none of the atoms {line(self.values)}; add them."
            )
        return same.long().argmax(dim=1)[:, None], points.new_ones(points.numel(), 1)


Axis = Interval | Atoms


@dataclass(frozen=True)
class Grid:
    """A product of axes, an `Interval` or `Atoms` for each coordinate of a particle.

    Cells are numbered with the last axis running fastest. A density on the grid is a weighted cloud, with the masses of
    the cells at their centres. Raises TypeError for axes that are not a tuple of these, ValueError for more than 2^24
    cells.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        if not self.axes or not all(isinstance(axis, Interval | Atoms) for axis in self.axes):
            raise TypeError("A grid needs a tuple of one Interval or Atoms for each coordinate of a particle.")
        if self.count > MOST_CELLS:
            raise ValueError(f"The grid has {self.count:,} cells, {MOST_CELLS:,} at most are kept; take fewer an axis.")

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return len(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of cells along each axis."""
        return tuple(axis.count for axis in self.axes)

    @property
    def count(self) -> int:
        """The number of all cells."""
        return math.prod(self.shape)

    @property
    def volume(self) -> float:
        """The volume of a cell; along an axis of atoms its width counts as one."""
        return math.prod(axis.width for axis in self.axes)

    @cached_property
    def centres(self) -> Float[Tensor, "cells dim"]:
        """The centres of all cells [cells, dim], in float64."""
        rows = torch.meshgrid(*(axis.centres for axis in self.axes), indexing="ij")
        return torch.stack([row.reshape(-1) for row in rows], dim=1)

    @property
    def refined(self) -> "Grid":
        """The grid with cells of half the width along every interval; raises ValueError where that is too many."""
        return Grid(tuple(axis.refined for axis in self.axes))

    def gathered(self, fine: Float[Tensor, " smaller"]) -> Cells:
        """Masses of this grid's cells [cells] from those of the refined grid's cells [smaller], by summation."""
        pairs = [(axis.count, 2) if isinstance(axis, Interval) else (axis.count, 1) for axis in self.axes]
        split = fine.reshape([number for pair in pairs for number in pair])
        return split.sum(dim=tuple(range(1, 2 * self.dim, 2))).reshape(-1)

    def product(self, marginal: Callable[[int, Axis], Cells]) -> Cells:
        """Masses [cells] of a product measure; `marginal(number, axis)` gives the masses along one axis."""
        masses = torch.ones(1, dtype=torch.float64)
        for number, axis in enumerate(self.axes):
            masses = (masses[:, None] * marginal(number, axis)).reshape(-1)
        return masses

    def deposited(self, positions: Positions, masses: Masses) -> Cells:
        """Masses of the cells [cells], in float64, of particles at positions [particles, dim] with masses [particles].

        The mass of each particle is shared linearly between the nearest centres, which keeps the mean.
        Raises ShapeError for another number of coordinates and for masses that are not one for each particle,
        ValueError for particles outside the grid.
        """
        if positions.shape[1] != self.dim:
            raise ShapeError(
                f"Particles have {positions.shape[1]} coordinates but the grid {self.dim}; make them agree."
            )
        if masses.shape != positions.shape[:1] or not len(masses):
            raise ShapeError(
                f"{len(positions)} particles came with {len(masses)} masses; give one for each of one or more."
            )
        cells = torch.zeros(positions.shape[0], 1, dtype=torch.int64)
        shares = masses.double().cpu()[:, None]
        for axis, points in zip(self.axes, positions.double().cpu().T, strict=True):
            corners, parts = axis.shares(points)
            cells = (cells[:, :, None] * axis.count + corners[:, None, :]).flatten(1)
            shares = (shares[:, :, None] * parts[:, None, :]).flatten(1)
        return torch.zeros(self.count, dtype=torch.float64).index_add_(0, cells.flatten(), shares.flatten())
