"""One network, its two limiting densities, and clouds of it: neurons 3 tanh(w x) with w trained, nine data.

Inputs lie on [-2, 2], targets are 3 tanh(3 x) - 1.8 tanh(x / 2), temperature is 0.1 and confinement 0.18, w ~ N(0, 1)
at the start.
"""

from dataclasses import dataclass
from functools import cached_property

import torch

from flows import LangevinFlow, LeimkuhlerMatthews, LinearSplitting, evolve
from limits.mean_field.density import Density
from limits.mean_field.fokker_planck import FokkerPlanck
from limits.mean_field.gibbs import Gibbs
from limits.mean_field.grid import Atoms, Grid, Interval
from particles import Dataset, Identity, MeanField, ParticleCloud, Perceptron, Risk, Squared, Tanh, generator
from particles.shapes import PerParticle, Positions
from runs.studies.mean_field_laws.config import Config

TEMPERATURE, CONFINEMENT, OUTPUT = 0.1, 0.18, 3.0
#: When clouds are compared with the density on the way.
ON_THE_WAY = 0.5
#: Parts that the mass of a particle is cut into when it is moved onto the density.
PARTS = 8


@dataclass(frozen=True)
class Problem:
    """The risk, its two limiting densities, and clouds."""

    config: Config

    @cached_property
    def risk(self) -> Risk:
        """Nine data."""
        inputs = torch.linspace(-2.0, 2.0, 9, dtype=torch.float64)[:, None]
        targets = OUTPUT * torch.tanh(3.0 * inputs) - 0.6 * OUTPUT * torch.tanh(0.5 * inputs)
        return Risk(Perceptron(Tanh(), Identity(1)), MeanField(), Squared(), Dataset(inputs, targets))

    def on_the_way(self, cells: int, temperature: float = TEMPERATURE) -> tuple[Density, float]:
        """The density of w at time 0.5, and its error."""
        flow = FokkerPlanck(self.risk, temperature, CONFINEMENT, grid(cells), self.config.tolerance)
        solution = flow.solve(normal, [ON_THE_WAY])
        return solution.last.marginal(0), float(solution.errors[-1])

    def at_rest(self, cells: int) -> tuple[Density, float]:
        """The stationary density of w, and its error."""
        law = Gibbs(self.risk, TEMPERATURE, CONFINEMENT, grid(cells), normal).solve()
        return law.density.marginal(0), law.error

    def clouds(self, count: int, seed: int) -> tuple[ParticleCloud, ParticleCloud]:
        """A cloud on the way and at rest."""
        places = torch.from_numpy(generator(seed, "start").standard_normal((count, 1)))
        start = ParticleCloud(torch.cat([places, torch.full_like(places, OUTPUT)], dim=1))
        flow = LangevinFlow(self.risk, TEMPERATURE, CONFINEMENT)
        first = evolve(flow, start, LinearSplitting(self.config.steps[0]), until=ON_THE_WAY, seed=2 * seed)
        rest = self.config.rest - ON_THE_WAY
        return first, evolve(flow, first, LeimkuhlerMatthews(self.config.steps[1]), until=rest, seed=2 * seed + 1)


def grid(cells: int) -> Grid:
    """w in [-6, 6], and one value of the frozen output weight."""
    return Grid((Interval(-6.0, 6.0, cells), Atoms((OUTPUT,))))


def normal(places: Positions) -> PerParticle:
    """The density of the start, up to a factor."""
    return torch.exp(-0.5 * places[:, 0].square())


def distances(cloud: ParticleCloud, density: Density) -> tuple[float, float]:
    """W1 and W2 between particles of equal masses and a density on the line,

    W_p^p = int_0^1 |Q_m(u) - Q(u)|^p du, Q the quantiles, by eight midpoints for each particle.
    """
    pieces = cloud.count * PARTS
    levels = (torch.arange(pieces, dtype=torch.float64) + 0.5) / pieces
    ordered = cloud.positions[:, 0].sort().values.repeat_interleave(PARTS)
    apart = (ordered - density.quantile(levels)).abs()
    return float(apart.mean()), float(apart.square().mean().sqrt())
