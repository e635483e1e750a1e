"""Densities on grids: moments, distribution functions, samples, and what they are made from."""

import math

import pytest
import torch
from scipy.stats import kstest, norm

from limits.mean_field.density import Density, on_grid
from limits.mean_field.grid import Atoms, Grid, Interval
from particles import (
    Deep,
    DeepLaw,
    Dense,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    ParticleCloud,
    Perceptron,
    ShapeError,
    SymmetricPairs,
    Tanh,
)
from tests.limits.mean_field.one_dimensional import Sine, line, signed_line
from tests.problems import numbers
from tests.tolerances import KS, Z, assert_identical, z_score

NEURON = Perceptron(Tanh(), Identity(1))
NORMAL = on_grid(GaussianLaw(Sine()), line(200, 8.0))


def test_moments_of_a_gaussian_are_right_far_beyond_the_grid() -> None:
    """Assert that mean, variance and entropy of N(0, 2) have errors near rounding on cells of width 0.1."""
    density = on_grid(GaussianLaw(Sine(), variance=2.0), line(240, 12.0))
    assert abs(float(density.mean)) < 1e-12
    assert abs(float(density.covariance) - 2.0) < 1e-10
    assert abs(density.entropy - 0.5 * math.log(4.0 * math.pi * math.e)) < 1e-10


def test_law_of_a_perceptron_has_atoms_where_outputs_have() -> None:
    """Assert that Rademacher outputs are atoms of one half and that symmetric pairs have the same law."""
    law = GaussianLaw(NEURON)
    density = on_grid(law, signed_line(100, 8.0))
    assert_identical(density.marginal(1).masses, torch.tensor([0.5, 0.5], dtype=torch.float64))
    assert_identical(density.covariance, torch.eye(2).double(), operations=1e5)
    assert_identical(on_grid(SymmetricPairs(law), signed_line(100, 8.0)).masses, density.masses)


def test_gaussian_outputs_have_their_own_variance() -> None:
    """Assert that hidden weights have variance 1 and output weights 4, and that they are not exchanged."""
    law = GaussianLaw(NEURON, outputs=GaussianOutputs(4.0))
    density = on_grid(law, Grid((Interval(-8.0, 8.0, 80), Interval(-16.0, 16.0, 60))))
    assert_identical(density.covariance, torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64)), operations=1e6)


def test_cloud_and_function_become_densities() -> None:
    """Assert that a cloud keeps its mean, that a function is normalised, a density keeps its masses on its grid."""
    cloud = ParticleCloud(numbers(0, 40, 1), torch.arange(1, 41).double() / 820.0)
    assert_identical(on_grid(cloud, line()).mean, cloud.masses @ cloud.positions)
    density = on_grid(lambda places: 7.0 * torch.exp(-0.5 * places[:, 0].square()), line(200, 8.0))
    assert_identical(density.masses, NORMAL.masses)
    assert_identical(on_grid(NORMAL, NORMAL.grid).masses, NORMAL.masses)
    assert on_grid(NORMAL, NORMAL.grid.refined).distance(on_grid(GaussianLaw(Sine()), NORMAL.grid.refined)) < 1e-2


def test_cdf_is_that_of_the_gaussian() -> None:
    """Assert that the distribution function agrees with the normal one to the square of the width, over 12."""
    points = torch.linspace(-9.0, 9.0, 41).double()
    exact = torch.from_numpy(norm.cdf(points.numpy()))
    assert float((NORMAL.cdf(points) - exact).abs().max()) < 0.08**2 / 12.0


def test_quantile_inverts_the_cdf() -> None:
    """Assert that quantiles of levels lead back to the levels, the ends included."""
    levels = torch.tensor([0.0, 1e-6, 0.1, 0.5, 0.77, 1.0 - 1e-6, 1.0], dtype=torch.float64)
    assert_identical(NORMAL.cdf(NORMAL.quantile(levels)), levels)
    assert abs(float(NORMAL.quantile(torch.tensor([0.975], dtype=torch.float64))) - 1.959964) < 0.08**2


def test_samples_follow_the_density() -> None:
    """Assert that samples pass a Kolmogorov-Smirnov test, have equal masses, and depend on the seed alone."""
    cloud = NORMAL.sample(20000, seed=3)
    places = cloud.positions[:, 0]
    assert kstest(places.numpy(), norm.cdf).pvalue > KS
    assert abs(z_score(places.square(), 1.0)) < Z
    assert torch.equal(NORMAL.sample(20000, seed=3).positions, cloud.positions)
    assert not torch.equal(NORMAL.sample(20000, seed=4).positions, cloud.positions)


def test_samples_sit_on_atoms() -> None:
    """Assert that a coordinate with atoms takes their values only, as often as their masses say."""
    grid = Grid((Interval(0.0, 1.0, 2), Atoms((-1.0, 2.0))))
    places = Density(grid, torch.tensor([0.0, 0.6, 0.1, 0.3], dtype=torch.float64)).sample(5000, seed=0).positions
    assert set(places[:, 1].tolist()) == {-1.0, 2.0}
    assert bool((places[places[:, 1] == -1.0][:, 0] > 0.5).all())
    assert abs(z_score((places[:, 1] == 2.0).double(), 0.9)) < Z


def test_wall_mass_counts_the_outermost_cells_of_intervals() -> None:
    """Assert that mass at either wall counts, once in a corner, and that atoms are no walls."""
    grid = Grid((Interval(0.0, 1.0, 3), Atoms((0.0, 1.0))))
    density = Density(grid, torch.tensor([0.1, 0.2, 0.3, 0.2, 0.15, 0.05], dtype=torch.float64))
    assert abs(density.wall_mass - 0.5) < 1e-15
    assert Density(Grid((Atoms((0.0, 1.0)),)), torch.tensor([0.5, 0.5], dtype=torch.float64)).wall_mass == 0.0


def test_distance_is_total_variation() -> None:
    """Assert that disjoint densities are at distance one, and that refined ones are gathered first."""
    grid = Grid((Interval(0.0, 1.0, 2),))
    first, second = (Density(grid, torch.tensor(masses, dtype=torch.float64)) for masses in ([1.0, 0.0], [0.0, 1.0]))
    assert first.distance(second) == 1.0
    fine = Density(grid.refined, torch.tensor([0.25, 0.5, 0.25, 0.0], dtype=torch.float64))
    assert first.distance(fine) == 0.25


def test_densities_that_do_not_fit_are_refused() -> None:
    """Assert that each is refused with its reason."""
    cut, gauss = line(20, 1.0), GaussianLaw(NEURON, outputs=GaussianOutputs())
    with pytest.raises(ShapeError, match=r"shape \(3,\), the grid has 20 cells"):
        Density(cut, torch.ones(3).double())
    with pytest.raises(ShapeError, match="compared on one grid"):
        NORMAL.distance(on_grid(GaussianLaw(Sine()), line(100, 8.0)))
    with pytest.raises(ValueError, match="holds 0.683 of the law's mass; enlarge"):
        on_grid(GaussianLaw(Sine(), variance=4.0), line(40, 2.0))
    with pytest.raises(ShapeError, match="Particles have 2 coordinates, but the grid has 1"):
        on_grid(GaussianLaw(NEURON), line())
    with pytest.raises(TypeError, match="start from a DeepLaw, but a GaussianLaw is needed"):
        on_grid(SymmetricPairs(DeepLaw(Deep(1, [Dense(1)]))), line())
    with pytest.raises(TypeError, match="has no atoms; give an Interval"):
        on_grid(gauss, signed_line())
    with pytest.raises(ValueError, match="non-negative and positive somewhere; it is not"):
        on_grid(lambda places: places[:, 0], line())
    with pytest.raises(ValueError, match="of one coordinate, but this density has 2"):
        on_grid(GaussianLaw(NEURON), signed_line()).cdf(torch.zeros(1).double())
