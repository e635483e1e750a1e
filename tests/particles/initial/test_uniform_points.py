"""Uniform numbers behind laws: inside (0, 1), uniform, nested in the count, addressed by the seed."""

import pytest
import torch
from scipy.stats import qmc

from particles import Points, Random, Sobol
from particles.initial.uniform_points import SMALLEST, SOBOL_DIMENSIONS
from tests.draws import untouched_generators
from tests.particles.risk.contracts.members import name_of
from tests.tolerances import Z, z_score

POINTS: list[Points] = [Random(), Sobol()]
MANY = 4096


@pytest.mark.parametrize("points", POINTS, ids=name_of)
def test_numbers_are_uniform(points: Points) -> None:
    """Assert that mean and second moment of every coordinate are those of the uniform law."""
    numbers = points.draw(MANY, 5, seed=1)
    assert numbers.shape == (MANY, 5) and numbers.dtype == torch.float64
    for column in numbers.T:
        assert abs(z_score(column, 1.0 / 2.0)) < Z
        assert abs(z_score(column.square(), 1.0 / 3.0)) < Z


@pytest.mark.parametrize("points", POINTS, ids=name_of)
@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_larger_draws_begin_with_smaller_ones(points: Points, count: int) -> None:
    """Assert that the first rows do not depend on how many follow, for counts that are no powers of two as well."""
    assert torch.equal(points.draw(count, 3, seed=2), points.draw(1000, 3, seed=2)[:count])


@pytest.mark.parametrize("points", POINTS, ids=name_of)
def test_seed_addresses_the_numbers(points: Points) -> None:
    """Assert that a seed gives the same numbers again, and another seed others, without global generators."""
    with untouched_generators():
        first, again, other = (points.draw(64, 3, seed=seed) for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not bool((first == other).any())


@pytest.mark.parametrize("points", POINTS, ids=name_of)
def test_quantiles_are_finite(points: Points) -> None:
    """Assert that no number is zero or one, so that Gaussian quantiles are finite."""
    numbers = points.draw(MANY, 3, seed=6)
    assert bool((numbers > 0.0).all()) and bool((numbers < 1.0).all())
    assert bool(torch.special.ndtri(torch.tensor([SMALLEST, 1.0 - 2.0**-53], dtype=torch.float64)).isfinite().all())


def test_sobol_fills_every_interval_once() -> None:
    """Assert that 64 points have one in each of 64 intervals of every coordinate: what random ones never do."""
    cells = (Sobol().draw(64, 3, seed=7) * 64).floor()
    random_cells = (Random().draw(64, 3, seed=7) * 64).floor()
    assert all(len(column.unique()) == 64 for column in cells.T)
    assert all(len(column.unique()) < 64 for column in random_cells.T)


def test_sobol_refuses_more_coordinates_than_it_has() -> None:
    """Assert that too many coordinates are refused with the number that scipy has and what to use instead."""
    assert SOBOL_DIMENSIONS == qmc.Sobol.MAXDIM
    needed = SOBOL_DIMENSIONS + 1
    with pytest.raises(ValueError, match=rf"at most {SOBOL_DIMENSIONS} coordinates, but {needed} are needed; use Rand"):
        Sobol().draw(2, needed, seed=0)
