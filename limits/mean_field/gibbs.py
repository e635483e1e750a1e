"""The stationary measure of the noisy mean-field flow: the fixed point rho = exp(-g[rho] / T) / Z on a grid.

The potential g depends on the measure only through its n k predictions f. So the fixed point is found by Newton's
method in the space of predictions, whatever the number of cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from limits.mean_field.density import Density, Start, on_grid
from limits.mean_field.fokker_planck import check_axes
from limits.mean_field.free_energy import FreeEnergy, Landscape
from limits.mean_field.grid import Grid
from particles import ParticleCloud, Risk
from particles.shapes import Gram, Masses, Outputs

#: Largest number of Newton steps, and of halvings of one step, before the search is given up.
MOST_STEPS, MOST_HALVINGS = 200, 40


@dataclass(frozen=True, eq=False)
class GibbsLaw:
    """A fixed point on the refined grid, with estimates of its error; made by `Gibbs.solve`.

    `density` is the measure rho and `predictions` [data, outputs] are its f. `free_energy` is F(rho) with its entropy.
    `residual` is the root of sum_i p_i |f - f[Gibbs of f]|^2 at the end, and `steps` the number of Newton steps taken.
    `error` is the total variation to the fixed point on the given grid; for smooth features that is about three times
    the distance to the exact measure.
    """

    density: Density
    predictions: Outputs
    free_energy: float
    residual: float
    steps: int
    error: float


@dataclass(frozen=True)
class Gibbs:
    """The measure rho = exp(-g[rho] / T) / Z, the minimiser of `FreeEnergy` at temperature T > 0.

    That is R(rho) + (confinement / 2) E |theta|^2 + T int rho log rho. It is unique for a convex loss (Mei, Montanari
    and Nguyen 2018). If some coordinates are frozen, `start` gives their distribution, and rho is a Gibbs measure given
    their values. `tolerance` bounds the root mean square over the data
    of f - f[Gibbs of f], relative to 1 plus that of f.
    Raises ValueError for a temperature that is not positive, a negative confinement, atoms of a trained coordinate, and
    frozen coordinates without a `start`; TypeError for a scaling other than `MeanField`; ShapeError for a grid with
    another number of coordinates.
    """

    risk: Risk
    temperature: float | Mapping[str, float]
    confinement: float | Mapping[str, float]
    grid: Grid
    start: Start | None = None
    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        if not self.energy.heat > 0.0:
            raise ValueError(f"The temperature is {self.temperature!r}, but a Gibbs measure needs a positive one.")
        check_axes(self.energy, self.grid)
        if self.start is None and len(self.energy.moving) < self.grid.dim:
            raise ValueError(
                "Some coordinates are frozen; give `start`, a law or a cloud, for how they are distributed."
            )

    @property
    def energy(self) -> FreeEnergy:
        """The free energy that rho minimises."""
        return FreeEnergy(self.risk, self.temperature, self.confinement)

    def solve(self) -> GibbsLaw:
        """The fixed point on the refined grid, with its distance from the fixed point on the given grid.

        Raises ArithmeticError where Newton's method does not reach the tolerance, ValueError where a feature is not
        finite on the grid, and what a `start` that does not fit the grid raises, as in `FokkerPlanck.solve`.
        """
        coarse, _, _ = self._here.solved(self.tolerance)
        fine = _Family(self.energy, self.grid.refined, self.start)
        predictions, residual, steps = fine.solved(self.tolerance)
        density = fine.density(predictions)
        error = self._here.density(coarse).distance(density)
        return GibbsLaw(density, predictions, self.energy(density), residual, steps, error)

    def generated(self, measure: ParticleCloud | Density) -> Density:
        """The Gibbs measure exp(-g / T) / Z, on the given grid, in the potential g of a cloud or a density.

        Raises ValueError where a feature is not finite on the grid.
        """
        cloud = measure.cloud if isinstance(measure, Density) else measure
        return self._here.density(self.risk.predictions(cloud).double().cpu())

    def self_consistency(self, cloud: ParticleCloud) -> float:
        """Distance of a cloud from stationarity, the root of sum_i p_i |f(x_i) - f'(x_i)|^2.

        f' are the predictions of the Gibbs measure that the cloud generates. For m independent particles of the
        stationary law the distance is of order m^(-1/2), with a factor that grows like 1 / T. Raises as `generated`.
        """
        predictions = self.risk.predictions(cloud).double().cpu()
        return self._here.size(self._here.predictions(self._here.masses(predictions)) - predictions)

    def excess(self, density: Density) -> float:
        """T KL(rho | Gibbs[rho]) >= F(rho) - F*, both sides on the grid (Nitanda, Wu and Suzuki 2022; Chizat 2022).

        It is the first-order optimality gap of a density at positive temperature, and zero only for the fixed point.
        Raises ValueError for a density on another grid and where a feature is not finite on the grid.
        """
        if density.grid != self.grid:
            raise ValueError("The density is on another grid than this Gibbs measure; build Gibbs on density.grid.")
        logs = self._here.logs(self.risk.predictions(density.cloud))
        kept = density.masses > 0.0
        masses = density.masses[kept]
        return self.energy.heat * float(masses @ (masses.log() - logs[kept]))

    @cached_property
    def _here(self) -> "_Family":
        return _Family(self.energy, self.grid, self.start)


@dataclass(frozen=True, eq=False)
class _Family:
    """The Gibbs measures on one grid; predictions f [data, outputs] select one of them."""

    energy: FreeEnergy
    grid: Grid
    start: Start | None

    @cached_property
    def landscape(self) -> Landscape:
        return Landscape(self.energy, self.grid.centres)

    @cached_property
    def moving(self) -> tuple[int, ...]:
        """The numbers of the trained coordinates."""
        return tuple(self.energy.moving)

    @cached_property
    def labels(self) -> Tensor:
        """Masses of the values of the frozen coordinates, in the shape of the grid with size 1 along moving axes."""
        if self.start is None:
            return torch.ones((1,) * self.grid.dim, dtype=torch.float64)
        return on_grid(self.start, self.grid).masses.reshape(self.grid.shape).sum(dim=self.moving, keepdim=True)

    def masses(self, predictions: Outputs) -> Masses:
        """exp(-g / T) / Z [cells], normalised for each value of the frozen coordinates."""
        return torch.exp(self.logs(predictions))

    def logs(self, predictions: Outputs) -> Masses:
        """Logarithms of the masses [cells]."""
        exponent = -self.landscape.potential(predictions).reshape(self.grid.shape) / self.energy.heat
        return (self.labels.log() + exponent - torch.logsumexp(exponent, dim=self.moving, keepdim=True)).reshape(-1)

    def density(self, predictions: Outputs) -> Density:
        """The Gibbs measure of these predictions as a density."""
        return Density(self.grid, self.masses(predictions))

    def predictions(self, masses: Masses) -> Outputs:
        """The predictions f [data, outputs] of a measure with these masses."""
        return self.landscape.predictions(masses)

    def size(self, difference: Outputs) -> float:
        """Root of sum_i p_i |difference_i|^2."""
        return float((self.landscape.data.weights @ difference.square().sum(dim=1)).sqrt())

    def solved(self, tolerance: float) -> tuple[Outputs, float, int]:
        """The solution of f = f[Gibbs of f], the remaining difference and the number of damped Newton steps from f = 0.

            f <- f + s (1 + C W / T)^(-1) (f[Gibbs of f] - f)

        C is the covariance of the features under the measure and W = diag(p_i loss''_i). For a convex loss the matrix
        is positive definite in a suitable inner product, so some s <= 1 makes the difference smaller.
        """
        f = torch.zeros_like(self.landscape.data.targets)
        masses = self.masses(f)
        gap = self.predictions(masses) - f
        for steps in range(MOST_STEPS):
            left = self.size(gap)
            if left <= tolerance * (1.0 + self.size(f)):
                return f, left, steps
            direction = self._newton(f, masses, gap)
            for halving in range(MOST_HALVINGS):
                trial = f + 0.5**halving * direction
                masses = self.masses(trial)
                new = self.predictions(masses) - trial
                if self.size(new) < left:
                    break
            else:
                break
            f, gap = trial, new
        raise ArithmeticError(
            f"The Gibbs measure was not found: after {steps} Newton steps f differs by {left:.3g} from its own; raise "
            "the temperature or the tolerance."
        )

    def _newton(self, f: Outputs, masses: Masses, gap: Outputs) -> Outputs:
        data = self.landscape.data
        bends = data.weights[:, None, None] * self.energy.risk.loss.curvature(f, data.targets)
        response = torch.einsum("rnk,nkc->rnc", self._covariance(masses).reshape(-1, *f.shape), bends).flatten(1)
        response = response / self.energy.heat
        step: Tensor = torch.linalg.solve(torch.eye(len(response)).to(response) + response, gap.reshape(-1))
        return step.reshape(f.shape)

    def _covariance(self, masses: Masses) -> Gram:
        """Covariance of the features [n k, n k] given the frozen coordinates, averaged over their values."""
        features = self.landscape.features
        weighted = masses[:, None] * features
        sums = weighted.reshape(*self.grid.shape, -1).sum(dim=self.moving).reshape(-1, features.shape[1])
        shares = self.labels.reshape(-1, 1)
        means = torch.where(shares > 0.0, sums / shares, 0.0)
        return features.T @ weighted - means.T @ sums
