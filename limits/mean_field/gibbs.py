"""The stationary measure of the noisy mean-field flow: the fixed point rho = exp(-g[rho] / T) / Z on a grid.

g depends on the measure through its n k predictions f only, so the fixed point is one of f: Newton's method finds it in
that space, whatever the number of cells.
"""

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

#: Newton steps, and halvings of each, before the search is given up.
MOST_STEPS, MOST_HALVINGS = 200, 40


@dataclass(frozen=True, eq=False)
class GibbsLaw:
    """A fixed point on the refined grid, and how well it is known.

    `free_energy` is F(rho) with its entropy; `residual` the root of sum_i p_i |f - f[Gibbs of f]|^2 at the end;
    `steps` how many Newton steps it took; `error` the total variation to the fixed point on the given grid, about
    three times that to the exact one for smooth features.
    """

    density: Density
    predictions: Outputs
    free_energy: float
    residual: float
    steps: int
    error: float


@dataclass(frozen=True)
class Gibbs:
    """rho = exp(-g[rho] / T) / Z, the minimiser of R(rho) + (confinement / 2) E |theta|^2 + T int rho log rho.

    Unique for a convex loss (Mei, Montanari and Nguyen 2018). Where some coordinates are frozen, `start` says how they
    are distributed, and rho is a Gibbs measure given them. `tolerance` is for the root mean square of
    f - f[Gibbs of f], relative to 1 + that of f.
    """

    risk: Risk
    temperature: float
    confinement: float
    grid: Grid
    start: Start | None = None
    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        if not self.temperature > 0.0:
            raise ValueError(f"The temperature is {self.temperature!r}, but a Gibbs measure needs a positive one.")
        check_axes(self.energy, self.grid)
        if self.start is None and len(range(self.grid.dim)[self.energy.columns]) < self.grid.dim:
            raise ValueError(
                "Some coordinates are frozen; give `start`, a law or a cloud, for how they are distributed."
            )

    @property
    def energy(self) -> FreeEnergy:
        """The free energy."""
        return FreeEnergy(self.risk, self.temperature, self.confinement)

    def solve(self) -> GibbsLaw:
        """The fixed point on the refined grid, with the distance from that on the given one.

        Raises ArithmeticError where Newton's method does not reach the tolerance.
        """
        coarse, _, _ = self._here.solved(self.tolerance)
        fine = _Family(self.energy, self.grid.refined, self.start)
        predictions, residual, steps = fine.solved(self.tolerance)
        density = fine.density(predictions)
        error = self._here.density(coarse).distance(density)
        return GibbsLaw(density, predictions, self.energy(density), residual, steps, error)

    def generated(self, measure: ParticleCloud | Density) -> Density:
        """The Gibbs measure exp(-g / T) / Z in the potential g that a cloud or a density generates."""
        cloud = measure.cloud if isinstance(measure, Density) else measure
        return self._here.density(self.risk.predictions(cloud).double().cpu())

    def self_consistency(self, cloud: ParticleCloud) -> float:
        """How far a cloud is from stationary: root of sum_i p_i |f(x_i) - f'(x_i)|^2, f' of the measure it generates.

        Of order m^(-1/2) for m independent particles of the stationary law; the factor grows like 1 / T.
        """
        predictions = self.risk.predictions(cloud).double().cpu()
        return self._here.size(self._here.predictions(self._here.masses(predictions)) - predictions)

    def excess(self, density: Density) -> float:
        """T KL(rho | Gibbs[rho]) >= F(rho) - F*, both sides on the grid (Nitanda, Wu and Suzuki 2022; Chizat 2022).

        The first-order optimality gap of a density at positive temperature; zero for the fixed point only.
        """
        if density.grid != self.grid:
            raise ValueError("The density is on another grid than this Gibbs measure; build Gibbs on density.grid.")
        logs = self._here.logs(self.risk.predictions(density.cloud))
        kept = density.masses > 0.0
        masses = density.masses[kept]
        return self.temperature * float(masses @ (masses.log() - logs[kept]))

    @cached_property
    def _here(self) -> "_Family":
        return _Family(self.energy, self.grid, self.start)


@dataclass(frozen=True, eq=False)
class _Family:
    """The Gibbs measures on one grid, a family indexed by predictions f."""

    energy: FreeEnergy
    grid: Grid
    start: Start | None

    @cached_property
    def landscape(self) -> Landscape:
        return Landscape(self.energy, self.grid.centres)

    @cached_property
    def moving(self) -> tuple[int, ...]:
        return tuple(range(self.grid.dim)[self.energy.columns])

    @cached_property
    def labels(self) -> Tensor:
        """Mass of the frozen coordinates, in the shape of the grid with ones along the axes that move."""
        if self.start is None:
            return torch.ones((1,) * self.grid.dim, dtype=torch.float64)
        return on_grid(self.start, self.grid).masses.reshape(self.grid.shape).sum(dim=self.moving, keepdim=True)

    def masses(self, predictions: Outputs) -> Masses:
        """exp(-g / T) / Z [cells], normalised for each value of the frozen coordinates."""
        return torch.exp(self.logs(predictions))

    def logs(self, predictions: Outputs) -> Masses:
        """Logarithms of the masses [cells]."""
        exponent = -self.landscape.potential(predictions).reshape(self.grid.shape) / self.energy.temperature
        return (self.labels.log() + exponent - torch.logsumexp(exponent, dim=self.moving, keepdim=True)).reshape(-1)

    def density(self, predictions: Outputs) -> Density:
        return Density(self.grid, self.masses(predictions))

    def predictions(self, masses: Masses) -> Outputs:
        return self.landscape.predictions(masses)

    def size(self, difference: Outputs) -> float:
        """Root of sum_i p_i |difference_i|^2."""
        return float((self.landscape.data.weights @ difference.square().sum(dim=1)).sqrt())

    def solved(self, tolerance: float) -> tuple[Outputs, float, int]:
        """f with f = f[Gibbs of f], the remaining difference and the steps taken, from f = 0 by damped Newton steps.

            f <- f + s (1 + C W / T)^(-1) (f[Gibbs of f] - f),

        C the covariance of the features under the measure, W = diag(p_i loss''_i): positive definite in the right
        inner product for a convex loss, so that some s <= 1 makes the difference smaller.
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
        response = response / self.energy.temperature
        step: Tensor = torch.linalg.solve(torch.eye(len(response)).to(response) + response, gap.reshape(-1))
        return step.reshape(f.shape)

    def _covariance(self, masses: Masses) -> Gram:
        """Covariance of the features [n k, n k] given the frozen coordinates, averaged over these."""
        features = self.landscape.features
        weighted = masses[:, None] * features
        sums = weighted.reshape(*self.grid.shape, -1).sum(dim=self.moving).reshape(-1, features.shape[1])
        shares = self.labels.reshape(-1, 1)
        means = torch.where(shares > 0.0, sums / shares, 0.0)
        return features.T @ weighted - means.T @ sums
