"""Langevin clouds against the density of infinitely many particles: distance against count, on the way and at rest.

Neurons 3 tanh(w x) with w trained, nine inputs on [-2, 2], targets 3 tanh(3 x) - 1.8 tanh(x / 2), temperature 0.1 and
confinement 0.18, from w ~ N(0, 1). At time 0.5 clouds are compared with the Fokker-Planck solution, at time 15 with the
Gibbs fixed point, which has two peaks; beside them independent draws from that fixed point. Clouds at rest come closer
than those: the potential pushes back what particles do in common. Distances are Wasserstein ones of order 1 and 2, by
quantiles.

Run as `python -m runs.benchmarks.mean_field_laws [FIGURE.png]`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.stats import linregress, t
from torch import Tensor

from flows import LangevinFlow, LeimkuhlerMatthews, LinearSplitting, evolve
from limits.mean_field.density import Density
from limits.mean_field.fokker_planck import FokkerPlanck
from limits.mean_field.gibbs import Gibbs
from limits.mean_field.grid import Atoms, Grid, Interval
from particles import Dataset, Identity, MeanField, ParticleCloud, Perceptron, Risk, Squared, Tanh, generator
from particles.shapes import PerParticle, Positions
from runs.figures.figures import COLOURS, GREY, save

TEMPERATURE, CONFINEMENT, OUTPUT = 0.1, 0.18, 3.0
#: When clouds are compared with the density on the way.
ON_THE_WAY = 0.5
#: Parts that the mass of a particle is cut into when it is moved onto the density.
PARTS = 8
WHERE = ("on the way, W1", "on the way, W2", "at rest, W1", "at rest, W2", "independent, W1", "independent, W2")


@dataclass(frozen=True)
class Scale:
    """Counts of particles, clouds of each, cells of the grid, and cells for its order.

    `rest` is when clouds are compared with the stationary density. Until time 0.5 the first of the `steps` is that of a
    scheme whose laws are of order two at every time, then the second of one of order two in the stationary state.
    """

    counts: tuple[int, ...] = (250, 500, 1000, 2000, 4000, 8000, 16000)
    clouds: int = 12
    cells: int = 400
    refinements: tuple[int, ...] = (50, 100, 200, 400)
    rest: float = 15.0
    steps: tuple[float, float] = (0.02, 0.025)
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Slope:
    """Slope of a straight line through logarithms, and half its 95 % confidence interval."""

    value: float
    half: float

    @classmethod
    def of(cls, counts: Sequence[int], distances: Tensor) -> "Slope":
        """Least squares through all clouds of all counts [counts, clouds]."""
        across = np.repeat(np.log(np.array(counts, dtype=np.float64)), distances.shape[1])
        fit = linregress(across, distances.log().flatten().numpy())
        return cls(float(fit.slope), float(t.ppf(0.975, len(across) - 2) * fit.stderr))


@dataclass(frozen=True, eq=False)
class Result:
    """Distances [counts, clouds] by what was compared, their slopes, the largest clouds, and grid errors by method."""

    scale: Scale
    distances: dict[str, Tensor]
    slopes: dict[str, Slope]
    shown: tuple[ParticleCloud, ParticleCloud]
    refinement: dict[str, list[float]]


@dataclass(frozen=True)
class Problem:
    """The risk, its two limiting densities, and clouds."""

    scale: Scale = Scale()

    @cached_property
    def risk(self) -> Risk:
        """Nine data."""
        inputs = torch.linspace(-2.0, 2.0, 9, dtype=torch.float64)[:, None]
        targets = OUTPUT * torch.tanh(3.0 * inputs) - 0.6 * OUTPUT * torch.tanh(0.5 * inputs)
        return Risk(Perceptron(Tanh(), Identity(1)), MeanField(), Squared(), Dataset(inputs, targets))

    def on_the_way(self, cells: int, temperature: float = TEMPERATURE) -> tuple[Density, float]:
        """The density of w at time 0.5, and its error."""
        flow = FokkerPlanck(self.risk, temperature, CONFINEMENT, grid(cells), self.scale.tolerance)
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
        first = evolve(flow, start, LinearSplitting(self.scale.steps[0]), until=ON_THE_WAY, seed=2 * seed)
        rest = self.scale.rest - ON_THE_WAY
        return first, evolve(flow, first, LeimkuhlerMatthews(self.scale.steps[1]), until=rest, seed=2 * seed + 1)


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


def measured(scale: Scale) -> Result:
    """All clouds of all counts; seeds are never used twice."""
    problem = Problem(scale)
    (way, _), (rest, _) = problem.on_the_way(scale.cells), problem.at_rest(scale.cells)
    rows: dict[str, list[list[float]]] = {where: [] for where in WHERE}
    for level, count in enumerate(scale.counts):
        seen = []
        for seed in range(level * scale.clouds, (level + 1) * scale.clouds):
            shown = problem.clouds(count, seed)
            pairs = ((shown[0], way), (shown[1], rest), (rest.sample(count, seed), rest))
            seen.append([value for cloud, density in pairs for value in distances(cloud, density)])
        for where, values in zip(WHERE, zip(*seen, strict=True), strict=True):
            rows[where].append(list(values))
    found = {where: torch.tensor(values, dtype=torch.float64) for where, values in rows.items()}
    slopes = {where: Slope.of(scale.counts, values) for where, values in found.items()}
    refinement = {
        f"Fokker-Planck, T = {TEMPERATURE}": [problem.on_the_way(cells)[1] for cells in scale.refinements],
        "Fokker-Planck, T = 0": [problem.on_the_way(cells, 0.0)[1] for cells in scale.refinements],
        "Gibbs": [problem.at_rest(cells)[1] for cells in scale.refinements],
    }
    return Result(scale, found, slopes, shown, refinement)


def report(result: Result) -> str:
    """Two tables: distances against count, errors of the grid against cells."""
    lines = [f"{'particles':>9}" + "".join(f"{where:>24}" for where in WHERE)]
    for level, count in enumerate(result.scale.counts):
        cells = []
        for where in WHERE:
            row = result.distances[where][level]
            cells.append(f"{float(row.mean()):.5f} +- {float(row.std()) / len(row) ** 0.5:.5f}")
        lines.append(f"{count:9}" + "".join(f"{cell:>24}" for cell in cells))
    slopes = [f"{slope.value:.3f} +- {slope.half:.3f}" for slope in result.slopes.values()]
    lines += [f"{'slope':>9}" + "".join(f"{slope:>24}" for slope in slopes), ""]
    lines.append(f"{'error of the grid with cells':28}" + "".join(f"{cells:11}" for cells in result.scale.refinements))
    for method, errors in result.refinement.items():
        order = float(np.log2(errors[-2] / errors[-1]))
        shown = "".join(f"{error:11.2e}" for error in errors)
        lines.append(f"{method:28}{shown}   order {order:.2f}")
    return "\n".join(lines)


def draw(result: Result, path: Path) -> None:
    """Histograms of the largest clouds on the densities, and distances against count."""
    problem = Problem(result.scale)
    figure = Figure(figsize=(11.5, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    laws = (problem.on_the_way(result.scale.cells)[0], problem.at_rest(result.scale.cells)[0])
    names = (f"Fokker-Planck, time {ON_THE_WAY:g}", f"Gibbs fixed point, time {result.scale.rest:g}")
    for axis, cloud, law, name, colour in zip(axes[:2], result.shown, laws, names, COLOURS, strict=False):
        places = law.grid.centres[:, 0].numpy()
        heights, edges = np.histogram(cloud.positions[:, 0].numpy(), bins=80, range=(-4.0, 4.0))
        widths = np.diff(edges)
        axis.bar(edges[:-1], heights / (cloud.count * widths), widths, align="edge", color="0.82", label="particles")
        axis.plot(places, law.values.numpy(), color=colour, lw=1.8, label="density")
        start = np.exp(-0.5 * places**2) / np.sqrt(2.0 * np.pi)
        axis.plot(places, start, color=GREY, lw=1.0, ls="--", label="start")
        axis.set(xlim=(-4.0, 4.0), xlabel="hidden weight w")
        axis.set_title(f"{name}, {cloud.count:,} particles", fontsize=10)
    axes[0].legend(frameon=False, fontsize=9)
    for where, colour in zip(WHERE[::2], (*COLOURS[:2], GREY), strict=True):
        values, slope = result.distances[where], result.slopes[where]
        spread = (values.std(dim=1) / values.shape[1] ** 0.5).numpy()
        label = f"{where.partition(',')[0]}: slope {slope.value:.2f} $\\pm$ {slope.half:.2f}"
        axes[2].errorbar(
            result.scale.counts, values.mean(dim=1).numpy(), 2.0 * spread, color=colour, label=label, marker="o", ms=3.5
        )
    axes[2].set(xscale="log", yscale="log", xlabel="particles")
    axes[2].set_title("Wasserstein distance to the density, order 1", fontsize=10)
    axes[2].legend(frameon=False, fontsize=9)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def main(scale: Scale = Scale(), path: Path | None = None) -> Result:
    """Measure, print, and draw where a path is given."""
    began = perf_counter()
    with torch.no_grad():
        result = measured(scale)
    print(report(result))
    print(f"{perf_counter() - began:.0f} s on {torch.get_num_threads()} thread(s)")
    if path is not None:
        draw(result, path)
    return result


if __name__ == "__main__":
    main(path=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
