"""Finite volumes for the mean-field equation d_t rho = div(rho grad g[rho]) + T lap rho, with an error estimate.

In space the equation becomes the Markov chain of limits/mean_field/markov_chain.py, of second order at positive
temperature. In time a step applies the exponential of the chain's rates in the potential at the middle of the step,
which is of second order too. Every step keeps masses non-negative and their sum one, however long it is.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.density import Density, Start, on_grid
from limits.mean_field.free_energy import FreeEnergy, Landscape
from limits.mean_field.grid import Atoms, Grid
from limits.mean_field.markov_chain import Array, Chain
from particles import Risk, ShapeError
from particles.arguments.display import line
from particles.neurons.groups import expanded

#: Largest and smallest ratio of a step to the step before it.
GROWTH, SHRINKAGE = 3.0, 0.2
#: Length of the first step, in mean waiting times of the cell with the largest rate.
FIRST = 10.0


@dataclass(frozen=True, eq=False)
class Densities:
    """The solution of `FokkerPlanck` at its times [times]: `densities` on the refined grid, `coarse` on the given one.

    `errors` [times] is the total variation between both. At positive temperature the scheme is of second order, so the
    returned solution is about three times closer to the exact one than that. At temperature zero it is of first order,
    or of less where the law concentrates. The effect of the walls is not included: see `Density.wall_mass`.
    """

    times: Float[Tensor, " times"]
    densities: tuple[Density, ...]
    coarse: tuple[Density, ...]

    @property
    def errors(self) -> Float[Tensor, " times"]:
        """Total variation, half the sum of absolute differences of cell masses, between both solutions [times]."""
        pairs = zip(self.coarse, self.densities, strict=True)
        return torch.tensor([rough.distance(fine) for rough, fine in pairs], dtype=torch.float64)

    def density(self, time: float) -> Density:
        """The density at one of the times; raises ValueError for another time."""
        (index,) = torch.nonzero(self.times == time, as_tuple=True)
        if index.numel() == 0:
            raise ValueError(f"The solution is not known at time {time!r}; solve for it, known are {line(self.times)}.")
        return self.densities[int(index[0])]

    @property
    def last(self) -> Density:
        """The density at the last time."""
        return self.densities[-1]


@dataclass(frozen=True)
class FokkerPlanck:
    """The limit of `LangevinFlow(risk, temperature, confinement)` under `MeanField`, on a grid with no-flux walls.

    It solves d_t rho = div(rho grad g[rho]) + T lap rho (Mei, Montanari and Nguyen 2018), g as in `FreeEnergy`; where
    groups of coordinates have rates, these multiply both terms along their axes. Trained coordinates need an
    `Interval`; frozen ones may be `Atoms`. Temperature zero is gradient flow, by upwind fluxes. `tolerance` bounds, for
    each step and in total variation, the distance to a scheme of first order in time; the error in time falls in
    proportion to it.
    Raises TypeError for a scaling other than `MeanField`, ShapeError for a grid with another number of coordinates,
    ValueError for a tolerance outside (0, 1), a negative temperature or confinement, and atoms of a trained coordinate.
    """

    risk: Risk
    temperature: float | Mapping[str, float]
    confinement: float | Mapping[str, float]
    grid: Grid
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        if not 0.0 < self.tolerance < 1.0:
            raise ValueError(f"The tolerance is {self.tolerance!r}, but a number between 0 and 1 is needed.")
        check_axes(self.energy, self.grid)

    @property
    def energy(self) -> FreeEnergy:
        """The free energy that decreases along the flow."""
        return FreeEnergy(self.risk, self.temperature, self.confinement)

    def solve(self, start: Start, times: Sequence[float]) -> Densities:
        """The densities at rising times, from a start at time 0.

        `start` is a law, a cloud, a density, or a function that gives the density [places] at places [places, dim] up
        to a factor. The equation is solved on the grid and on the refined one; the refined solution is returned, and
        the other gives its error. Work per unit of time grows with the number of cells times T / width^2.
        Raises ValueError for times that are not rising and non-negative, for a start with mass outside the grid and for
        a function that is not a density, ShapeError for a start with another number of coordinates, TypeError for a law
        whose output law is unknown.
        """
        moments = [float(time) for time in times]
        if not moments or not all(0.0 <= time < math.inf for time in moments) or moments != sorted(set(moments)):
            raise ValueError(f"Times are {line(times)}, but rising non-negative numbers are needed.")
        coarse = tuple(self._solved(self.grid, start, moments, 4.0 * self.tolerance))
        fine = tuple(self._solved(self.grid.refined, start, moments, self.tolerance))
        return Densities(torch.tensor(moments, dtype=torch.float64), fine, coarse)

    def _solved(self, grid: Grid, start: Start, times: list[float], tolerance: float) -> Iterator[Density]:
        stepper = _Stepper(self.energy, grid, tolerance)
        masses = on_grid(start, grid).masses.numpy()
        step = FIRST / max(stepper.chain(masses).fastest, float(np.finfo(np.float64).tiny) * FIRST)
        for begin, until in pairwise([0.0, *times]):
            time = begin
            while time < until:
                masses, taken, step = stepper.step(masses, min(step, until - time))
                time = until if taken >= until - time else time + taken
            yield Density(grid, torch.from_numpy(masses))


@dataclass(frozen=True, eq=False)
class _Stepper:
    """The step rule for the masses on one grid, with the error per step bounded by `tolerance`."""

    energy: FreeEnergy
    grid: Grid
    tolerance: float

    @cached_property
    def landscape(self) -> Landscape:
        return Landscape(self.energy, self.grid.centres)

    def chain(self, masses: Array) -> Chain:
        """The chain in the potential of these masses."""
        potential = self.landscape.potential(self.landscape.predictions(torch.from_numpy(masses)))
        return Chain.of(potential.numpy(), self.energy.heat, self.grid, self.energy.moving, self.rates)

    @cached_property
    def rates(self) -> list[float] | None:
        """The rate of each trained coordinate, by which the scaling multiplies its mobility; None where all are one."""
        network = self.energy.risk.network
        if network.rates is None:
            return None
        every: list[float] = expanded(network.rates, network.groups, self.grid.centres).tolist()
        return [every[axis] for axis in self.energy.moving]

    def step(self, masses: Array, longest: float) -> tuple[Array, float, float]:
        """The masses after a step, the length of that step, and the length allowed for the next one.

        The rates at the beginning carry the masses to the middle of the step, and the rates there carry the whole step.
        The rates at the beginning alone give the solution of first order from which the error is estimated.
        """
        begin = self.chain(masses)
        step = longest
        while True:
            middle = begin.carried(masses, 0.5 * step)
            after = self.chain(middle).carried(masses, step)
            gap = 0.5 * float(np.abs(after - begin.carried(middle, 0.5 * step)).sum())
            factor = min(GROWTH, max(SHRINKAGE, 0.9 * math.sqrt(self.tolerance / max(gap, 1e-300))))
            if gap <= self.tolerance:
                return after, step, factor * step
            step *= factor


def check_axes(energy: FreeEnergy, grid: Grid) -> None:
    """Raise ShapeError for a grid with another number of axes, ValueError for atoms where particles move."""
    dim = energy.risk.network.neuron.dim
    if grid.dim != dim:
        raise ShapeError(f"Particles have {dim} coordinates, but the grid has {grid.dim}; make them agree.")
    stuck = [number for number in energy.moving if isinstance(grid.axes[number], Atoms)]
    if stuck:
        raise ValueError(f"Coordinates {stuck} are trained, but the grid has atoms there; give an Interval for each.")
