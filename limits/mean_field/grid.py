"""Grids on parameter space: cells along some coordinates, atoms along others."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor

from particles import ShapeError
from particles.arguments.integers import whole
from particles.shapes import Masses, Positions

#: A number for each cell of an axis or a grid.
Cells = Float[Tensor, " cells"]
Points = Float[Tensor, " points"]

#: Cells [points, corners] that points are shared between, and the shares.
Shares = tuple[Int[Tensor, "points corners"], Float[Tensor, "points corners"]]

#: More cells than this are refused: features of ten data would fill a gibibyte.
MOST_CELLS = 2**24


@dataclass(frozen=True)
class Interval:
    """[low, high] in cells of equal width; a density is known by its values at the centres."""

    low: float
    high: float
    cells: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"An interval goes from {self.low!r} to {self.high!r}, but low < high, finite, is needed.")
        object.__setattr__(self, "cells", whole(self.cells, "The number of cells of an interval", 2))

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.cells

    @property
    def width(self) -> float:
        """h, the width of a cell."""
        return (self.high - self.low) / self.cells

    @property
    def centres(self) -> Cells:
        """Centres of the cells [cells], in float64."""
        return self.low + self.width * (torch.arange(self.cells, dtype=torch.float64) + 0.5)

    @property
    def edges(self) -> Float[Tensor, " edges"]:
        """Edges of the cells [cells + 1]."""
        return self.low + self.width * torch.arange(self.cells + 1, dtype=torch.float64)

    @property
    def refined(self) -> "Interval":
        """Twice as many cells."""
        return Interval(self.low, self.high, 2 * self.cells)

    def shares(self, points: Points) -> Shares:
        """Each point's two nearest centres [points, 2] and its linear shares of them, which keep the mean.

        Beyond the outermost centres the outermost cell has all. Raises ValueError for points outside the interval.
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
    """A coordinate that takes these values only, in rising order: a frozen output weight -1 or +1, for instance."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(first < second for first, second in pairwise(self.values))
        if not self.values or not rising or not all(math.isfinite(value) for value in self.values):
            raise ValueError(f"Atoms are {self.values!r}, but one or more finite numbers in rising order are needed.")

    @property
    def count(self) -> int:
        """Number of atoms."""
        return len(self.values)

    @property
    def width(self) -> float:
        """1: an atom counts as one, whatever its distance from the next."""
        return 1.0

    @property
    def centres(self) -> Cells:
        """The values [atoms], in float64."""
        return torch.tensor(self.values, dtype=torch.float64)

    @property
    def refined(self) -> "Atoms":
        """Themselves."""
        return self

    def shares(self, points: Points) -> Shares:
        """Each point's atom [points, 1], with a share of one; raises ValueError for points that are no atoms."""
        same = points[:, None] == self.centres
        strangers = int((~same.any(dim=1)).sum())
        if strangers:
            raise ValueError(f"{strangers} of {points.numel()} points are none of the atoms {self.values!r}; add them.")
        return same.long().argmax(dim=1)[:, None], points.new_ones(points.numel(), 1)


Axis = Interval | Atoms


@dataclass(frozen=True)
class Grid:
    """A product of axes, one for each coordinate of a particle; cells are numbered with the last axis running fastest.

    A density on the grid is a weighted cloud: cell masses at the centres.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        if not self.axes or not all(isinstance(axis, Interval | Atoms) for axis in self.axes):
            raise TypeError("A grid needs a tuple of one Interval or Atoms for each coordinate of a particle.")
        if self.count > MOST_CELLS:
            raise ValueError(f"The grid has {self.count:,} cells, {MOST_CELLS:,} at most are kept; take fewer an axis.")

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return len(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each axis."""
        return tuple(axis.count for axis in self.axes)

    @property
    def count(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def volume(self) -> float:
        """Volume of a cell; atoms count as one."""
        return math.prod(axis.width for axis in self.axes)

    @cached_property
    def centres(self) -> Float[Tensor, "cells dim"]:
        """Where the cells' masses sit [cells, dim], in float64."""
        rows = torch.meshgrid(*(axis.centres for axis in self.axes), indexing="ij")
        return torch.stack([row.reshape(-1) for row in rows], dim=1)

    @property
    def refined(self) -> "Grid":
        """Half the width along every interval."""
        return Grid(tuple(axis.refined for axis in self.axes))

    def gathered(self, fine: Float[Tensor, " smaller"]) -> Cells:
        """Masses of the refined grid [cells of it] added up over each cell of this one [cells]."""
        pairs = [(axis.count, 2) if isinstance(axis, Interval) else (axis.count, 1) for axis in self.axes]
        split = fine.reshape([number for pair in pairs for number in pair])
        return split.sum(dim=tuple(range(1, 2 * self.dim, 2))).reshape(-1)

    def product(self, marginal: Callable[[int, Axis], Cells]) -> Cells:
        """Masses [cells] of a product measure from those along each axis, a function of its number and itself."""
        masses = torch.ones(1, dtype=torch.float64)
        for number, axis in enumerate(self.axes):
            masses = (masses[:, None] * marginal(number, axis)).reshape(-1)
        return masses

    def deposited(self, positions: Positions, masses: Masses) -> Cells:
        """The cells' masses [cells] of a weighted cloud, in float64: each particle's shared between its neighbours."""
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
