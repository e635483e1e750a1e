"""A probability density on a grid, which is also a weighted cloud; laws, clouds and functions are converted to one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.grid import Atoms, Axis, Cells, Grid, Interval
from particles import (
    GaussianLaw,
    GaussianOutputs,
    ParticleCloud,
    RademacherOutputs,
    ShapeError,
    SymmetricPairs,
    as_neuron,
    generator,
)
from particles.arguments.integers import whole
from particles.shapes import Gram, PerParticle, Positions

Point = Float[Tensor, " dim"]
Levels = Float[Tensor, " levels"]
DensityFunction = Callable[[Positions], PerParticle]

#: The least part of a law's mass that a grid must hold.
LEAST_INSIDE = 0.999


@dataclass(frozen=True, eq=False)
class Density:
    """A probability density on a grid, given by the masses of its cells [cells]: non-negative, with sum one.

    The density in a cell is its mass over its volume. Moments are sums over the masses at the centres of the cells; for
    a smooth density that is known at the centres they are much more accurate than the order of the grid suggests.
    Raises ShapeError where there is not one mass for each cell.
    """

    grid: Grid
    masses: Cells

    def __post_init__(self) -> None:
        if self.masses.shape != (self.grid.count,):
            raise ShapeError(f"Masses have shape {tuple(self.masses.shape)}, the grid has {self.grid.count} cells.")

    @cached_property
    def cloud(self) -> ParticleCloud:
        """The masses at the centres of the cells as a weighted cloud in float64; raises MassError for negative ones."""
        return ParticleCloud(self.grid.centres, self.masses / self.masses.sum())

    @property
    def values(self) -> Cells:
        """The density at the centres [cells], mass over volume; an axis of atoms counts as volume one."""
        return self.masses / self.grid.volume

    @property
    def mean(self) -> Point:
        """E theta [dim]."""
        return self.masses @ self.grid.centres

    @property
    def covariance(self) -> Gram:
        """E (theta - E theta)(theta - E theta)^T [dim, dim]."""
        away = self.grid.centres - self.mean
        return away.T @ (self.masses[:, None] * away)

    @property
    def entropy(self) -> float:
        """-int rho log rho in nats; along an axis of atoms the integral is a sum over them."""
        return float(-torch.xlogy(self.masses, self.values).sum())

    @property
    def wall_mass(self) -> float:
        """Mass in the outermost cells of the intervals, an estimate of what the walls of the grid hold back."""
        inside = self.masses.reshape(self.grid.shape)
        for number, axis in enumerate(self.grid.axes):
            if isinstance(axis, Interval):
                inside = inside.narrow(number, 1, axis.cells - 2)
        return max(float(self.masses.sum() - inside.sum()), 0.0)

    def marginal(self, axis: int) -> "Density":
        """The marginal density of one coordinate, numbered from 0; raises ValueError for any other number."""
        if not -self.grid.dim <= whole(axis, "The axis", least=-self.grid.dim) < self.grid.dim:
            raise ValueError(
                f"The axis is {axis!r}, but the density has {self.grid.dim}, numbered from 0; take one of them."
            )
        axis = int(axis) % self.grid.dim
        others = tuple(number for number in range(self.grid.dim) if number != axis)
        shaped = self.masses.reshape(self.grid.shape)
        return Density(Grid((self.grid.axes[axis],)), shaped.sum(dim=others) if others else shaped)

    def cdf(self, points: Levels) -> Levels:
        """P(theta <= point) of a one-dimensional density at every point [levels], linear inside a cell.

        Raises ValueError for a density of several coordinates, or of atoms.
        """
        line, steps = self._line(), self._steps()
        place = ((points.double() - line.low) / line.width).clamp(0.0, float(line.cells))
        left = place.floor().long().clamp_max(line.cells - 1)
        return steps[left] + (place - left) * self.masses[left]

    def quantile(self, levels: Levels) -> Levels:
        """The inverse of `cdf` at levels in [0, 1]: [levels].

        Raises ValueError for a density of several coordinates, or of atoms.
        """
        line, steps = self._line(), self._steps()
        cell = torch.searchsorted(steps[1:-1].contiguous(), levels.double())
        share = (levels.double() - steps[cell]) / self.masses[cell].clamp_min(torch.finfo(torch.float64).tiny)
        return line.low + line.width * (cell + share.clamp(0.0, 1.0))

    def sample(self, count: int, seed: int) -> ParticleCloud:
        """A cloud of `count` independent particles of equal masses, uniform inside their cells.

        Random numbers come from the seed's stream "density". Raises ValueError for a count that is not a positive
        integer and a seed that is not a non-negative one.
        """
        count = whole(count, "The number of particles")
        draws = torch.from_numpy(generator(seed, "density").random((count, self.grid.dim + 1)))
        steps = torch.cumsum(self.masses, dim=0)
        cell = torch.searchsorted(steps, draws[:, 0] * steps[-1], right=True).clamp_max(self.grid.count - 1)
        widths = [axis.width if isinstance(axis, Interval) else 0.0 for axis in self.grid.axes]
        return ParticleCloud(self.grid.centres[cell] + (draws[:, 1:] - 0.5) * torch.tensor(widths, dtype=torch.float64))

    def distance(self, other: "Density") -> float:
        """Total variation (1/2) sum |difference of masses| to a density on the same grid or on the refined one.

        Raises ShapeError for a density on another grid.
        """
        masses = self.grid.gathered(other.masses) if other.grid == self.grid.refined else other.masses
        if self.masses.shape != masses.shape:
            raise ShapeError("Densities are compared on one grid, or with one on the refined grid; these two are not.")
        return 0.5 * float((self.masses - masses).abs().sum())

    def _line(self) -> Interval:
        axis = self.grid.axes[0]
        if self.grid.dim != 1 or not isinstance(axis, Interval):
            raise ValueError(
                f"Distribution functions are of one coordinate, but this density has {self.grid.dim}, or atoms; take "
                "marginal(axis) of an interval first."
            )
        return axis

    def _steps(self) -> Float[Tensor, " edges"]:
        return torch.cat([self.masses.new_zeros(1), torch.cumsum(self.masses, dim=0)])


Start = GaussianLaw | SymmetricPairs | ParticleCloud | Density | DensityFunction


def on_grid(start: Start, grid: Grid) -> Density:
    """The density on a grid that a start stands for: a law, a cloud, another density, or a function.

    Gaussian coordinates of a law are represented by their density at the centres. Atoms of a law, particles of a cloud
    and cells of another grid are shared linearly between the two nearest centres. A function gives the density [cells]
    at places [cells, dim], up to a factor. Raises ValueError where the grid holds less than 0.999 of a law's mass or a
    function is not a density, ShapeError where coordinates differ in number, TypeError for an unknown output law.
    """
    cloud = start.cloud if isinstance(start, Density) else start
    if isinstance(cloud, ParticleCloud):
        return Density(grid, grid.deposited(cloud.positions, cloud.masses))
    masses = _law(cloud, grid) if isinstance(cloud, GaussianLaw | SymmetricPairs) else cloud(grid.centres)
    total = float(masses.sum())
    if not math.isfinite(total) or total <= 0.0 or bool((masses < 0.0).any()):
        raise ValueError("The density to start from must be finite, non-negative and positive somewhere; it is not.")
    return Density(grid, masses.double() / total)


def law_of_one(start: GaussianLaw | SymmetricPairs) -> GaussianLaw:
    """The law of one particle; raises TypeError for pairs of deep networks, whose layers have a variance each."""
    law = start.law if isinstance(start, SymmetricPairs) else start
    if not isinstance(law, GaussianLaw):
        raise TypeError(f"The particles start from a {type(law).__name__}, but a GaussianLaw is needed; give one.")
    return law


def _law(start: GaussianLaw | SymmetricPairs, grid: Grid) -> Cells:
    """Masses [cells] of a law of one particle.

    Symmetric pairs have the same law of one particle as the law that they mirror, since outputs are as likely as their
    negatives.
    """
    law = law_of_one(start)
    neuron = as_neuron(law.neuron)
    if neuron.dim != grid.dim:
        raise ShapeError(f"Particles have {neuron.dim} coordinates, but the grid has {grid.dim}; make them agree.")

    def marginal(number: int, axis: Axis) -> Cells:
        if number < neuron.hidden:
            return _gaussian(axis, law.variance)
        if isinstance(law.outputs, GaussianOutputs):
            return _gaussian(axis, law.outputs.variance)
        if isinstance(law.outputs, RademacherOutputs):
            return _points(axis, [-1.0, 1.0])
        raise TypeError(
            f"The density of {type(law.outputs).__name__} is not known; take RademacherOutputs or GaussianOutputs, or "
            "give a function."
        )

    masses = grid.product(marginal)
    if float(masses.sum()) < LEAST_INSIDE:
        raise ValueError(f"The grid holds {float(masses.sum()):.3g} of the law's mass; enlarge its intervals.")
    return masses


def _gaussian(axis: Axis, variance: float) -> Cells:
    """Masses of N(0, variance) along an axis: its density at the centres, times the width of a cell."""
    if variance == 0.0:
        return _points(axis, [0.0])
    if isinstance(axis, Atoms):
        raise TypeError("A Gaussian coordinate has no atoms; give an Interval for it.")
    return torch.exp(-0.5 * axis.centres.square() / variance) * axis.width / math.sqrt(2.0 * math.pi * variance)


def _points(axis: Axis, points: list[float]) -> Cells:
    """Masses of these points, of equal mass each, along an axis."""
    cloud = ParticleCloud(torch.tensor(points, dtype=torch.float64)[:, None])
    return Grid((axis,)).deposited(cloud.positions, cloud.masses)
