"""The unbalanced distance."""

import numpy as np
import pytest
import torch

from limits.transport import Measure, measure, unbalanced_distance, wasserstein
from particles import ShapeError
from tests.draws import normals, uniforms
from tests.limits.transport.clouds import assert_derivatives, cheapest, cloud, prices
from tests.tolerances import DERIVATIVE


def drawn(count: int, seed: int, total: float) -> Measure:
    """Random atoms in the plane with random masses of a given total."""
    values = uniforms(count, seed=seed)
    return measure(normals(count, 2, seed=seed), total * values / values.sum())


@pytest.mark.parametrize("p", [1.0, 2.0])
@pytest.mark.parametrize("penalty", [0.3, 1.0, 4.0])
def test_distance_is_that_of_the_linear_program(p: float, penalty: float) -> None:
    """Assert that it solves min over sub-couplings, written as a program with slack atoms at C^p / 2 by HiGHS."""
    first, second = drawn(8, 1, 1.7), drawn(6, 2, 0.9)
    cost = np.full((9, 7), penalty**p / 2.0)
    cost[-1, -1] = 0.0
    cost[:-1, :-1] = prices(first.points, second.points, p)
    a = torch.cat([first.masses, second.masses.sum()[None]])
    b = torch.cat([second.masses, first.masses.sum()[None]])
    found = unbalanced_distance(first, second, penalty, p)
    assert float(found.distance) == pytest.approx(cheapest(cost, a, b) ** (1.0 / p), rel=1e-9)
    assert found.is_exact
    assert found.gap < 1e-9


def test_equal_totals_and_a_large_penalty_are_wasserstein() -> None:
    """Assert that nothing is destroyed where moving is always cheaper."""
    first, second = cloud(12, 2, seed=1), cloud(9, 2, seed=2)
    measures = [measure(here.positions, here.masses) for here in (first, second)]
    found = unbalanced_distance(*measures, 100.0)
    assert float(found.distance) == pytest.approx(float(wasserstein(first, second)), rel=1e-9)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_far_atoms_are_destroyed_and_created(p: float) -> None:
    """Assert that masses 2 and 1 beyond the penalty cost C^p (2 + 1) / 2, and within it |x - y|^p + C^p / 2."""
    one, two = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    first, second = measure(one, torch.tensor([2.0]).double()), measure(two, torch.tensor([1.0]).double())
    far = unbalanced_distance(first, second, 4.0, p)
    assert float(far.distance) == pytest.approx((4.0**p * 1.5) ** (1.0 / p), rel=1e-12)
    assert len(far.plan.masses) == 0
    near = unbalanced_distance(first, second, 6.0, p)
    assert float(near.distance) == pytest.approx((5.0**p + 6.0**p / 2.0) ** (1.0 / p), rel=1e-12)
    assert near.plan.masses.tolist() == pytest.approx([1.0])


def test_empty_measures_have_distances() -> None:
    """Assert that nothing is zero from nothing and (C^p m / 2)^(1/p) from a mass m."""
    empty, full = measure(normals(2, 2, seed=1), torch.zeros(2).double()), drawn(4, 2, 3.0)
    assert float(unbalanced_distance(empty, empty, 1.0).distance) == 0.0
    for pair in ((empty, full), (full, empty)):
        assert float(unbalanced_distance(*pair, 2.0, 2.0).distance) == pytest.approx(6.0**0.5, rel=1e-12)


def test_distance_is_a_metric() -> None:
    """Assert that it is symmetric, zero for equal measures, and satisfies the triangle inequality, totals differing."""
    one, two, three = drawn(7, 1, 0.5), drawn(8, 2, 1.5), drawn(9, 3, 1.0)
    for p in (1.0, 2.0):
        ab, bc, ac = (
            float(unbalanced_distance(*pair, 1.0, p).distance) for pair in ((one, two), (two, three), (one, three))
        )
        assert ac <= ab + bc and ab <= ac + bc and bc <= ab + ac
        assert float(unbalanced_distance(two, one, 1.0, p).distance) == pytest.approx(ab, rel=1e-12)
        assert float(unbalanced_distance(one, one, 1.0, p).distance) < 1e-7


def test_gradient_is_that_of_differences() -> None:
    """Assert that autograd through the points agrees with a central difference to 1e-6."""
    first, second = drawn(5, 1, 1.7), drawn(4, 2, 0.9)
    points = first.points.clone().requires_grad_()
    unbalanced_distance(measure(points, first.masses), second, 1.0).distance.backward()
    for row, column in ((0, 0), (3, 1)):
        ends = []
        for side in (1e-5, -1e-5):
            moved = first.points.clone()
            moved[row, column] += side
            ends.append(float(unbalanced_distance(measure(moved, first.masses), second, 1.0).distance))
        assert abs(float(points.grad[row, column]) - (ends[0] - ends[1]) / 2e-5) < DERIVATIVE


def test_impossible_problems_are_refused() -> None:
    """Assert that penalty, power and dimensions are checked."""
    first, second = drawn(3, 1, 1.0), drawn(3, 2, 1.0)
    with pytest.raises(ValueError, match="The penalty is 0.0, but a positive finite length is needed"):
        unbalanced_distance(first, second, 0.0)
    with pytest.raises(ValueError, match="The power p is 0.5, but a finite number of at least 1 is needed"):
        unbalanced_distance(first, second, 1.0, 0.5)
    flat = measure(normals(3, 1, seed=1), torch.ones(3).double())
    with pytest.raises(ValueError, match="penalty 1e.200 to the power 2 leaves the range of float64; rescale it"):
        unbalanced_distance(first, second, 1e200)
    with pytest.raises(ShapeError, match="atoms have 2 and 1 coordinates; give both the same"):
        unbalanced_distance(first, flat, 1.0)


@pytest.mark.parametrize("p", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("penalty", [1e4, 1e12, 1e30])
def test_huge_penalties_do_not_spoil_the_answer(p: float, penalty: float) -> None:
    """Assert that equal totals are at W_p however much destroying would cost, proven to 1e-9 of it."""
    first, second = cloud(12, 2, seed=1), cloud(9, 2, seed=2)
    measures = [measure(here.positions, here.masses) for here in (first, second)]
    found = unbalanced_distance(*measures, penalty, p)
    assert float(found.distance) == pytest.approx(float(wasserstein(first, second, p)), rel=1e-9) and found.is_exact


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("penalty", [0.5, 2.0, 50.0])
def test_derivatives_in_places_and_masses_are_those_of_differences(p: float, penalty: float) -> None:
    """Assert that autograd is right in points and masses of both measures, totals free."""
    first, second = drawn(8, 1, 1.7), drawn(6, 2, 0.9)

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return unbalanced_distance(measure(x, a), measure(y, b), penalty, p).distance

    assert_derivatives(distance, first.points, first.masses, second.points, second.masses, total=False)
