"""The closed form on the line."""

import pytest
import torch
from scipy import stats

from limits.transport import transport, wasserstein
from limits.transport.line import monotone
from particles import ParticleCloud, ShapeError
from tests.limits.transport.clouds import cloud, oracle, slopes
from tests.tolerances import DERIVATIVE, assert_identical


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("equal", [True, False])
def test_distance_is_that_of_the_linear_program(p: float, equal: bool) -> None:
    """Assert that quantiles give W_p for equal and unequal masses and counts."""
    first, second = cloud(12, 1, seed=1, equal=equal), cloud(12 if equal else 9, 1, seed=2, shift=0.4, equal=equal)
    found = transport(first, second, p)
    assert found.method == "line" and found.gap == 0.0 and found.is_exact
    assert float(found.distance) == pytest.approx(oracle(first, second, p), rel=1e-9)


def test_first_distance_is_scipys_on_a_large_cloud() -> None:
    """Assert that W_1 of 100,000 weighted particles is scipy's."""
    first, second = cloud(100_000, 1, seed=1), cloud(80_000, 1, seed=2, shift=0.4)
    arrays = [tensor.numpy() for tensor in (first.positions[:, 0], second.positions[:, 0], first.masses, second.masses)]
    assert float(wasserstein(first, second, p=1)) == pytest.approx(stats.wasserstein_distance(*arrays), rel=1e-10)


def test_ties_and_duplicates_are_harmless() -> None:
    """Assert that repeated places and equal partial sums give a plan with the right margins."""
    x = torch.tensor([1.0, 1.0, 0.0, 2.0], dtype=torch.float64)
    a = torch.tensor([0.25, 0.25, 0.25, 0.25], dtype=torch.float64)
    b = torch.tensor([0.5, 0.5], dtype=torch.float64)
    rows, columns, masses = monotone(x, a, torch.tensor([3.0, -1.0], dtype=torch.float64), b)
    plan = torch.zeros(4, 2, dtype=torch.float64).index_put((rows, columns), masses, accumulate=True)
    assert_identical(plan.sum(dim=1), a)
    assert_identical(plan.sum(dim=0), b)
    assert plan[2, 1] == 0.25 and plan[3, 0] == 0.25


def test_equal_masses_on_one_side_only() -> None:
    """Assert that as many particles, equal masses here and unequal ones there, are not paired one to one."""
    first, second = cloud(12, 1, seed=1, equal=True), cloud(12, 1, seed=2)
    assert float(wasserstein(first, second)) == pytest.approx(oracle(first, second, 2.0), rel=1e-9)
    assert float(wasserstein(second, first)) == pytest.approx(oracle(first, second, 2.0), rel=1e-9)


def test_one_particle_is_compared_with_all() -> None:
    """Assert that W_2^2 from a point is the mean square of distances to it."""
    first = ParticleCloud(torch.zeros(1, 1, dtype=torch.float64))
    second = cloud(50, 1, seed=3)
    expected = float((second.masses @ second.positions[:, 0].square()).sqrt())
    assert float(wasserstein(first, second)) == pytest.approx(expected, rel=1e-13)


def test_gradient_is_that_of_differences() -> None:
    """Assert that autograd through the distance agrees with central differences to 1e-6."""
    first, second = cloud(6, 1, seed=3), cloud(4, 1, seed=4)
    positions = first.positions.clone().requires_grad_()
    wasserstein(ParticleCloud(positions, first.masses), second).backward()
    assert float((positions.grad - slopes(wasserstein, first, second)).abs().max()) < DERIVATIVE


def test_several_coordinates_are_refused() -> None:
    """Assert that the closed form is not applied where it does not hold."""
    with pytest.raises(ShapeError, match="closed form is for one coordinate, but there are 2; choose one"):
        wasserstein(cloud(3, 2, seed=1), cloud(3, 2, seed=2), method="line")
