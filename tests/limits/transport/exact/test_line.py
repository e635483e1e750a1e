"""The closed form on the line."""

from fractions import Fraction

import mpmath
import pytest
import torch
from scipy import stats

from limits.transport import transport, wasserstein
from limits.transport.exact.line import monotone
from particles import ParticleCloud, ShapeError
from tests.limits.transport.clouds import assert_derivatives, cloud, oracle, slopes
from tests.tolerances import DERIVATIVE, assert_identical


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("equal", [True, False])
def test_distance_is_that_of_the_linear_program(p: float, equal: bool) -> None:
    """Assert that quantiles give W_p for equal and unequal masses and counts."""
    first, second = cloud(12, 1, seed=1, equal=equal), cloud(12 if equal else 9, 1, seed=2, shift=0.4, equal=equal)
    found = transport(first, second, p)
    assert found.method == "line" and found.gap < 1e-14 and found.is_exact
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


@pytest.mark.parametrize("far", [1e4, 1e8, 1e12])
@pytest.mark.parametrize("p", [1.0, 2.0, 16.0])
def test_far_atoms_that_match_do_not_spoil_the_answer(far: float, p: float) -> None:
    """Assert that half of the mass far away, in groups that add up to it but for rounding, leaves the quantile formula.

    Written out in fractions; levels closer than rounding of the masses are one.
    """
    halves = [cloud(count, 1, seed=count) for count in (500, 400, 300, 600)]
    places = [halves[0].positions, halves[1].positions + far], [halves[2].positions, halves[3].positions + far]
    masses = [0.5 * at.masses for at in halves]
    first = ParticleCloud(torch.cat(places[0]), torch.cat(masses[:2]))
    second = ParticleCloud(torch.cat(places[1]), torch.cat(masses[2:]))
    found = float(wasserstein(first, second, p))
    assert found == pytest.approx(float(coupled(first, second, p)), rel=1e-12)


def coupled(first: ParticleCloud, second: ParticleCloud, p: float) -> mpmath.mpf:
    """W_p by following both sorted clouds in exact fractions."""
    sides = []
    for at in (first, second):
        pairs = sorted(zip(at.positions[:, 0].tolist(), map(Fraction, at.masses.tolist()), strict=True))
        total = sum(mass for _, mass in pairs)
        sides.append([[place, mass / total] for place, mass in pairs])
    value, (left, right) = mpmath.mpf(0), sides
    while left and right:
        moved = min(left[0][1], right[0][1])
        if moved > Fraction(4, 10**16):
            value += mpmath.mpf(moved.numerator) / moved.denominator * abs(mpmath.mpf(left[0][0]) - right[0][0]) ** p
        for side in (left, right):
            side[0][1] -= moved
            if side[0][1] == 0:
                side.pop(0)
    return value ** (1 / mpmath.mpf(p))


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_derivatives_in_places_and_masses_are_those_of_differences(p: float) -> None:
    """Assert that autograd through positions and masses of both clouds is right."""
    first, second = cloud(6, 1, seed=3), cloud(4, 1, seed=4)

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return wasserstein(ParticleCloud(x, a), ParticleCloud(y, b), p)

    assert_derivatives(distance, first.positions, first.masses, second.positions, second.masses)
