"""Noisy tanh neurons with one or two trained coordinates, whose density is known on a grid: on the way and at rest."""

import torch

from flows import LangevinFlow, LeimkuhlerMatthews, LinearSplitting
from limits import Atoms, Density, FokkerPlanck, Gibbs, Grid, Interval
from limits.mean_field.density import Start
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    generator,
)
from particles.shapes import PerParticle, Positions
from runs.studies.infinite_width.question import Question, equal_masses

#: Temperature, confinement, and the output weights where these are frozen.
HEAT, CONFINEMENT, OUTPUT = 0.2, 0.4, 2.0
#: When clouds are on the way, and at rest to what can be seen.
ON_THE_WAY, AT_REST = 1.0, 12.0
#: Walls and cells of the grids, of both dimensions.
WALLS, CELLS = {1: 7.0, 2: 5.5}, {1: 200, 2: 60}
TOLERANCE = {1: 1e-5, 2: 3e-4}


def langevin(dim: int, rest: bool) -> Question:
    """f at the last datum and E w^2 of five data on the line; dim = 2 trains output weights too."""
    neuron = Perceptron(Tanh(), Identity(1), 1, "both" if dim == 2 else "hidden")
    law = GaussianLaw(neuron, outputs=GaussianOutputs())
    x = torch.linspace(-2.0, 2.0, 5, dtype=torch.float64)[:, None]
    risk = Risk(neuron, MeanField(), Squared(), Dataset(x, torch.sin(1.5 * x)))

    def exact() -> dict[str, float]:
        density = _density(risk, _normal if dim == 1 else law, rest)
        f = risk.predictions(density.cloud)
        return {"f": float(f[-1, 0]), "E w^2": float(density.masses @ density.grid.centres[:, 0].square())}

    return Question(
        draw=_line if dim == 1 else equal_masses(law),
        flow=LangevinFlow(risk, HEAT, CONFINEMENT),
        integrator=LeimkuhlerMatthews if rest else LinearSplitting,
        step=0.1,
        times=(AT_REST if rest else ON_THE_WAY,),
        quantities={
            "f": lambda start, end: risk.predictions(end)[-1, 0],
            "E w^2": lambda start, end: end.masses @ end.positions[:, 0].square(),
        },
        exact=exact,
    )


def _density(risk: Risk, start: Start, rest: bool) -> Density:
    """The density on the way, or at rest."""
    dim = 2 if isinstance(start, GaussianLaw) else 1
    line = Interval(-WALLS[dim], WALLS[dim], CELLS[dim])
    grid = Grid((line, Atoms((OUTPUT,)) if dim == 1 else line))
    if rest:
        return Gibbs(risk, HEAT, CONFINEMENT, grid, start).solve().density
    return FokkerPlanck(risk, HEAT, CONFINEMENT, grid, TOLERANCE[dim]).solve(start, [ON_THE_WAY]).last


def _line(count: int, seed: int) -> ParticleCloud:
    """w ~ N(0, 1), and the frozen output weight."""
    w = torch.from_numpy(generator(seed, "start").standard_normal((count, 1)))
    return ParticleCloud(torch.cat([w, torch.full_like(w, OUTPUT)], dim=1))


def _normal(places: Positions) -> PerParticle:
    """The density of w at the start, up to a factor."""
    return torch.exp(-0.5 * places[:, 0].square())
