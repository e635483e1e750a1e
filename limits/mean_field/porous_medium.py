"""The viscous porous-medium equation, which bumps that fit a density follow in the limit of many narrow ones.

In space it is solved by finite volumes: fluxes rho v with v = -(2 / |Omega|) grad(rho - f) between neighbouring cells
and rho from the cell that they leave, linear in it with a limiter, so that an empty cell gives nothing. In time the
masses below every border of two cells are solved for, by LSODA, so the total mass is one whatever happens to them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from limits.mean_field.grid import Cells, Interval
from limits.mean_field.shells import Shells, unit_ball
from particles import ShapeError
from particles.arguments.display import line
from particles.arguments.reals import non_negative

Array = NDArray[np.float64]
PerTime = Float[Tensor, " times"]
#: A function of the coordinate, x on an interval and |x| in a ball, at places [cells].
Profile = Callable[[Tensor], Tensor]

#: Tolerances of LSODA for masses below borders, which are numbers from zero to one.
RTOL, ATOL = 1e-8, 1e-11
#: A time in which nothing moves. LSODA never ends where the square of its step is too small for a float.
AT_ONCE = 1e-100


@dataclass(frozen=True, eq=False)
class PorousDensities:
    """The solution of `PorousMedium` at its times: masses of cells [times, cells] on the refined grid.

    `coarse` [times, half as many cells] are those on the given grid. Raises ShapeError for other numbers of them.
    """

    medium: "PorousMedium"
    times: PerTime
    masses: Float[Tensor, "times cells"]
    coarse: Float[Tensor, "times coarse"]

    def __post_init__(self) -> None:
        cells = self.medium.grid.cells
        for masses, count in ((self.masses, 2 * cells), (self.coarse, cells)):
            if masses.shape != (len(self.times), count):
                raise ShapeError(
                    f"Masses have shape {list(masses.shape)}, but there are {len(self.times)} times and {count} cells; "
                    "give one for each."
                )

    @property
    def grid(self) -> Interval | Shells:
        """The refined grid."""
        return self.medium.grid.refined

    @property
    def values(self) -> Float[Tensor, "times cells"]:
        """rho at the centres of the cells."""
        return self.masses / volumes(self.grid)

    @property
    def errors(self) -> PerTime:
        """Total variation between both solutions; where rho is smooth, that is three times the error or more."""
        paired = self.masses.reshape(len(self.times), -1, 2).sum(dim=2)
        return 0.5 * (paired - self.coarse).abs().sum(dim=1)

    @property
    def excess(self) -> PerTime:
        """L(rho) = (1 / |Omega|) int (rho - f)^2, the excess risk."""
        return self.medium.excess(self.grid, self.masses)

    @property
    def excess_errors(self) -> PerTime:
        """The distance of L between both solutions."""
        return (self.excess - self.medium.excess(self.medium.grid, self.coarse)).abs()

    @property
    def free_energy(self) -> PerTime:
        """L(rho) + temperature int rho log rho, which falls."""
        return self.excess + self.medium.temperature * torch.xlogy(self.masses, self.values).sum(dim=1)


@dataclass(frozen=True)
class PorousMedium:
    """d_t rho = (2 / |Omega|) div(rho grad(rho - f)) + temperature lap rho in Omega, without flux through its walls.

    It is the limit, many bumps of vanishing width, of a network f_N = (1/N) sum_j K^width(x - theta_j) that is trained
    between reflecting walls on L_N = E (f(x) - f_N(x))^2, x uniform in Omega, along d theta_j = -N grad_j L_N dt +
    sqrt(2 temperature) dW_j (Javanmard, Mondelli and Montanari 2020), and the Wasserstein gradient flow of
    L(rho) = (1 / |Omega|) int (rho - f)^2 plus temperature int rho log rho. `Squared` has a factor 1/2 that L has not:
    the time of `GradientFlow` and `LangevinFlow` is twice this one, and their temperature half.

    `grid` is an `Interval`, or `Shells` of a ball around zero, in which f and rho depend on |x| alone; `target` is f,
    a function of x or |x| at places [cells]. Raises ValueError for a negative temperature.
    """

    target: Profile
    grid: Interval | Shells
    temperature: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", non_negative(self.temperature, "The temperature"))

    @property
    def volume(self) -> float:
        """|Omega|."""
        if isinstance(self.grid, Interval):
            return self.grid.high - self.grid.low
        return unit_ball(self.grid.dim) * self.grid.radius**self.grid.dim

    def solve(self, start: Profile, times: Sequence[float]) -> PorousDensities:
        """The densities at rising times, from a density at time 0 that is a function of x or |x|, up to a factor.

        The equation is solved on the grid and on the refined one, whose solution is returned. Raises ValueError for
        times that are not rising and non-negative and a start that is no density, ArithmeticError where LSODA fails.
        """
        moments = [float(time) for time in times]
        if not moments or not all(0.0 <= time < math.inf for time in moments) or moments != sorted(set(moments)):
            raise ValueError(f"Times are {line(times)}, but rising non-negative numbers are needed.")
        coarse, fine = (self._solved(grid, start, moments) for grid in (self.grid, self.grid.refined))
        return PorousDensities(self, torch.tensor(moments, dtype=torch.float64), fine, coarse)

    def excess(self, grid: Interval | Shells, masses: Float[Tensor, "times cells"]) -> PerTime:
        """L(rho) = (1 / |Omega|) sum_cells volume (rho - f)^2 of masses of the cells of a grid."""
        size = volumes(grid)
        return (masses / size - self._on(self.target, grid)).square() @ size / self.volume

    def _solved(self, grid: Interval | Shells, start: Profile, times: list[float]) -> Float[Tensor, "times cells"]:
        size = volumes(grid)
        begun = self._on(start, grid) * size
        if not bool(torch.isfinite(begun).all()) or bool((begun < 0.0).any()) or float(begun.sum()) <= 0.0:
            raise ValueError(
                "The density to start from must be finite, non-negative and positive somewhere; it is not."
            )
        if times[-1] < AT_ONCE:
            return (begun / begun.sum()).expand(len(times), -1).clone()
        below = torch.cumsum(begun / begun.sum(), dim=0)[:-1].numpy()
        fluxes = _Fluxes(size.numpy(), _areas(grid), grid.width, self._on(self.target, grid).numpy(), self)
        options = {"method": "LSODA", "lband": 2, "uband": 2, "rtol": RTOL, "atol": ATOL}
        found = scipy.integrate.solve_ivp(fluxes, (0.0, times[-1]), below, t_eval=times, **options)
        if not found.success:
            raise ArithmeticError(f"The porous-medium equation was not solved: {found.message}")
        rising = np.clip(np.maximum.accumulate(found.y, axis=0), 0.0, 1.0).T
        return torch.from_numpy(np.diff(rising, prepend=0.0, append=1.0, axis=1))

    def _on(self, function: Profile, grid: Interval | Shells) -> Cells:
        """A function at the centres of the cells, in float64."""
        return function(grid.centres).double().expand(grid.cells)


@dataclass(frozen=True, eq=False)
class _Fluxes:
    """How fast the masses below the borders of cells change, by the flux through each."""

    volumes: Array
    areas: Array
    width: float
    target: Array
    medium: PorousMedium

    def __call__(self, time: float, below: Array) -> Array:
        """d/dt of the masses below the borders [cells - 1]."""
        rho = np.diff(below, prepend=0.0, append=1.0) / self.volumes
        steps = np.diff(rho)
        slopes = np.zeros_like(rho)
        slopes[1:-1] = _limited(steps[:-1], steps[1:])
        speed = (2.0 / self.medium.volume / self.width) * (np.diff(self.target) - steps)
        carried = np.where(speed > 0.0, rho[:-1] + 0.5 * slopes[:-1], rho[1:] - 0.5 * slopes[1:])
        return -self.areas * (speed * carried - (self.medium.temperature / self.width) * steps)


def _limited(left: Array, right: Array) -> Array:
    """The slope of van Leer: the harmonic mean of the steps on both sides, zero where they differ in sign."""
    product = left * right
    rising = product > 0.0
    total = np.where(rising, left + right, 1.0)
    return np.where(rising, 2.0 * product / total, 0.0)


def volumes(grid: Interval | Shells) -> Cells:
    """The volumes of the cells [cells]."""
    if isinstance(grid, Shells):
        return grid.volumes
    return torch.full((grid.cells,), grid.width, dtype=torch.float64)


def _areas(grid: Interval | Shells) -> Array:
    """The areas of the borders between cells [cells - 1]; one on an interval."""
    if isinstance(grid, Shells):
        inner: Array = (unit_ball(grid.dim) * grid.dim * grid.edges[1:-1].pow(grid.dim - 1)).numpy()
        return inner
    return np.ones(grid.cells - 1)
