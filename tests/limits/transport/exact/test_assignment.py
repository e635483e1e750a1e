"""Linear assignment for equal masses."""

import itertools

import numpy as np
import pytest
import scipy
import torch
from scipy.optimize import linear_sum_assignment

from limits.transport import transport, wasserstein
from limits.transport.exact.assignment import is_assignment, potentials
from limits.transport.problem import posed
from particles import ParticleCloud, ShapeError
from tests.limits.transport.clouds import assert_derivatives, cloud, oracle, prices, slopes
from tests.tolerances import DERIVATIVE


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_distance_is_the_cheapest_permutation(p: float) -> None:
    """Assert that six particles are assigned as the best of all 720 permutations does."""
    first, second = cloud(6, 2, seed=1, equal=True), cloud(6, 2, seed=2, equal=True)
    cost = prices(first.positions, second.positions, p)
    best = min(cost[range(6), list(order)].mean() for order in itertools.permutations(range(6)))
    found = transport(first, second, p, "assignment")
    assert float(found.distance) == pytest.approx(best ** (1.0 / p), rel=1e-13)
    assert sorted(found.plan.columns.tolist()) == list(range(6))


def test_distance_is_that_of_the_simplex_with_a_certificate() -> None:
    """Assert that both exact methods and the linear program agree, and the gap is rounding."""
    first, second = cloud(40, 3, seed=1, equal=True), cloud(40, 3, seed=2, equal=True, shift=1.0)
    found = transport(first, second, method="assignment")
    assert found.is_exact and found.gap < 1e-12
    assert float(found.distance) == pytest.approx(float(wasserstein(first, second, method="simplex")), rel=1e-12)
    assert float(found.distance) == pytest.approx(oracle(first, second, 2.0), rel=1e-9)


def test_potentials_are_feasible_and_tight() -> None:
    """Assert that u + v is at most the cost everywhere and equal to it on the assignment, ties included."""
    random = np.random.default_rng(0).random((60, 60))
    for cost in (random, np.round(random, 1)):
        _, columns = linear_sum_assignment(cost)
        second = potentials(cost, columns)
        first = cost[np.arange(60), columns] - second[columns]
        assert float((cost - first[:, None] - second).min()) > -1e-14


def test_only_equal_masses_and_counts_are_assignments() -> None:
    """Assert that other masses or counts are told apart, and refused where the method is named."""
    equal, unequal = cloud(6, 2, seed=1, equal=True), cloud(6, 2, seed=1)
    assert is_assignment(posed(equal, equal, 2.0))
    assert not is_assignment(posed(equal, unequal, 2.0))
    assert not is_assignment(posed(equal, cloud(5, 2, seed=1, equal=True), 2.0))
    with pytest.raises(ShapeError, match="Assignment needs equal masses and counts, but there are 6 and 6 particles"):
        wasserstein(equal, unequal, method="assignment")


def test_massless_particles_may_make_counts_equal() -> None:
    """Assert that five particles and one without mass are assigned to five."""
    masses = torch.tensor([0.2, 0.2, 0.0, 0.2, 0.2, 0.2], dtype=torch.float64)
    first, second = ParticleCloud(cloud(6, 2, seed=1).positions, masses), cloud(5, 2, seed=2, equal=True)
    found = transport(first, second)
    assert found.method == "assignment"
    assert found.plan.rows.tolist() == [0, 1, 3, 4, 5]
    assert float(found.distance) == pytest.approx(oracle(first, second, 2.0), rel=1e-9)


def test_gradient_is_that_of_differences() -> None:
    """Assert that autograd through the distance agrees with central differences to 1e-6."""
    first, second = cloud(5, 2, seed=3, equal=True), cloud(5, 2, seed=4, equal=True)
    positions = first.positions.clone().requires_grad_()
    wasserstein(ParticleCloud(positions), second).backward()
    assert float((positions.grad - slopes(wasserstein, first, second)).abs().max()) < DERIVATIVE


def test_far_atoms_that_match_do_not_spoil_the_answer() -> None:
    """Assert that pairs of particles 1e8 away that match leave the distance of the others, proven."""
    first, second = cloud(30, 3, seed=1, equal=True), cloud(30, 3, seed=2, equal=True)
    away = torch.tensor([[1e8, 0.0, 0.0], [0.0, 1e8, 0.0]], dtype=torch.float64)
    both = [ParticleCloud(torch.cat([at.positions, away])) for at in (first, second)]
    found = transport(*both, method="assignment")
    assert float(found.distance) == pytest.approx(oracle(first, second, 2.0) * (30.0 / 32.0) ** 0.5, rel=1e-9)
    assert found.is_exact


def test_assignment_that_is_not_proven_is_left_to_the_simplex(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a wrong permutation is not believed: the answer is the optimum all the same."""
    first, second = cloud(30, 3, seed=1, equal=True), cloud(30, 3, seed=2, equal=True)
    monkeypatch.setattr(scipy.optimize, "linear_sum_assignment", lambda cost: (np.arange(30), np.arange(30)))
    found = transport(first, second, method="assignment")
    assert float(found.distance) == pytest.approx(oracle(first, second, 2.0), rel=1e-9) and found.is_exact


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_derivatives_in_both_clouds_are_those_of_differences(p: float) -> None:
    """Assert that autograd through the positions of either cloud is right."""
    first, second = cloud(8, 3, seed=1, equal=True), cloud(8, 3, seed=2, equal=True, shift=0.5)

    def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return wasserstein(ParticleCloud(x), ParticleCloud(y), p, "assignment")

    assert_derivatives(distance, first.positions, second.positions)
