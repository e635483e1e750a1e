"""The problem of mean-field laws, its densities, and distances of clouds from them."""

import torch
from scipy.stats import norm, wasserstein_distance

from limits.mean_field.density import Density, on_grid
from limits.mean_field.grid import Atoms, Grid, Interval
from particles import GaussianLaw, Identity, ParticleCloud, Perceptron, Tanh
from runs.studies.mean_field_laws.problem import CONFINEMENT, OUTPUT, TEMPERATURE, Problem, distances
from runs.studies.mean_field_laws.study import STUDY
from tests.problems import numbers
from tests.tolerances import assert_identical

TINY = STUDY.configured(scale="smoke", device="cpu")
NORMAL = Density(
    Grid((Interval(-8.0, 8.0, 800),)),
    on_grid(GaussianLaw(Perceptron(Tanh(), Identity(1))), Grid((Interval(-8.0, 8.0, 800), Atoms((-1.0, 1.0)))))
    .masses.reshape(800, 2)
    .sum(dim=1),
)


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
