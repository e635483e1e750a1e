"""The benchmark of mean-field laws: its distances, its problem, its tables and its figure."""

from pathlib import Path

import pytest
import torch
from scipy.stats import norm, wasserstein_distance

from limits.mean_field.density import Density, on_grid
from limits.mean_field.grid import Atoms, Grid, Interval
from particles import GaussianLaw, Identity, ParticleCloud, Perceptron, Tanh
from runs.benchmarks.mean_field_laws import (
    CONFINEMENT,
    OUTPUT,
    TEMPERATURE,
    WHERE,
    Problem,
    Result,
    Scale,
    Slope,
    distances,
    draw,
    main,
    measured,
    report,
)
from tests.problems import numbers
from tests.tolerances import assert_identical

TINY = Scale(counts=(60, 240), clouds=3, cells=60, refinements=(40, 80), rest=1.5, steps=(0.1, 0.1), tolerance=1e-3)
NORMAL = Density(
    Grid((Interval(-8.0, 8.0, 800),)),
    on_grid(GaussianLaw(Perceptron(Tanh(), Identity(1))), Grid((Interval(-8.0, 8.0, 800), Atoms((-1.0, 1.0)))))
    .masses.reshape(800, 2)
    .sum(dim=1),
)


@pytest.fixture(scope="module")
def result() -> Result:
    """The tiny scale, once."""
    return main(TINY)


def test_distances_are_wasserstein_distances() -> None:
    """Assert that W1 is scipy's, and that W2 of a shifted normal quantile grid is the shift."""
    places = numbers(0, 300, 1)
    first, _ = distances(ParticleCloud(places), NORMAL)
    centres = NORMAL.grid.centres[:, 0].numpy()
    assert abs(first - wasserstein_distance(places[:, 0].numpy(), centres, None, NORMAL.masses.numpy())) < 2e-3
    levels = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000.0
    shifted = torch.from_numpy(norm.ppf(levels.numpy()))[:, None] + 0.5
    for distance in distances(ParticleCloud(shifted), NORMAL):
        assert abs(distance - 0.5) < 2e-3


def test_slope_and_interval() -> None:
    """Assert that exact powers have their slope without width, and that scatter widens the interval around it."""
    counts = (10, 100, 1000)
    powers = torch.tensor(counts, dtype=torch.float64)[:, None].expand(3, 8) ** -0.5
    exact, rough = Slope.of(counts, powers), Slope.of(counts, powers * torch.exp(0.1 * numbers(1, 3, 8)))
    assert abs(exact.value + 0.5) < 1e-12
    assert exact.half < 1e-6
    assert abs(rough.value + 0.5) < rough.half
    assert 0.01 < rough.half < 0.05


def test_problem_is_the_described_one() -> None:
    """Assert that a neuron is 3 tanh(w x), that targets are as described, and that only w has moved."""
    problem = Problem(TINY)
    x = torch.linspace(-2.0, 2.0, 9, dtype=torch.float64)[:, None]
    assert_identical(problem.risk.data.targets, 3.0 * torch.tanh(3.0 * x) - 1.8 * torch.tanh(0.5 * x))
    way, rest = problem.clouds(5, 0)
    assert_identical(
        problem.risk.predictions(way), OUTPUT * torch.tanh(x * way.positions[:, 0]).mean(dim=1, keepdim=True)
    )
    assert torch.equal(rest.positions[:, 1], torch.full((5,), OUTPUT, dtype=torch.float64))
    assert (TEMPERATURE, CONFINEMENT) == (0.1, 0.18)


def test_stationary_density_has_two_peaks() -> None:
    """Assert that the Gibbs measure is not a bell: it has exactly two local maxima."""
    values = Problem(TINY).at_rest(100)[0].values
    assert int(((values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])).sum()) == 2


def test_distances_fall_and_tables_are_complete(result: Result) -> None:
    """Assert that every comparison has a finite distance for every cloud, falling with the count, and a line."""
    assert set(result.distances) == set(WHERE)
    for values in result.distances.values():
        assert values.shape == (2, 3)
        assert float(values[1].mean()) < float(values[0].mean())
    said = report(result)
    assert all(where in said for where in (*WHERE, "Gibbs", "Fokker-Planck, T = 0", "slope"))
    assert abs(float(torch.tensor(result.refinement["Gibbs"])[0] / result.refinement["Gibbs"][1]) - 4.0) < 1.0


def test_seeds_are_not_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that every cloud of every count has a seed of its own."""
    seeds: list[int] = []

    def clouds(problem: Problem, count: int, seed: int) -> tuple[ParticleCloud, ParticleCloud]:
        """Standard normal weights, and a note of the seed."""
        seeds.append(seed)
        cloud = ParticleCloud(numbers(seed, count, 2))
        return cloud, cloud

    monkeypatch.setattr(Problem, "clouds", clouds)
    measured(TINY)
    assert len(seeds) == len(set(seeds)) == 6


def test_figure_is_drawn(result: Result, tmp_path: Path) -> None:
    """Assert that a PNG of some size is written."""
    draw(result, tmp_path / "laws.png")
    written = (tmp_path / "laws.png").read_bytes()
    assert written.startswith(b"\x89PNG")
    assert len(written) > 20000
