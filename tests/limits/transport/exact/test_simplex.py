"""The network simplex: the optimum for arbitrary masses, certified, or a refusal."""

import itertools
import sys
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import torch

from limits.transport import transport, wasserstein
from limits.transport.exact.simplex import by_simplex, optimal, pairwise
from limits.transport.problem import posed
from particles import ParticleCloud, TransportUnsolved, masses
from tests.limits.transport.clouds import assert_derivatives, cloud, oracle, prices, slopes
from tests.tolerances import DERIVATIVE, assert_identical


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 4.0])
def test_distance_is_that_of_the_linear_program(p: float) -> None:
    """Assert that W_p of random clouds of unequal counts and masses is what HiGHS finds, with a gap below 1e-9."""
    first, second = cloud(23, 3, seed=1), cloud(17, 3, seed=2, shift=0.7)
    found = transport(first, second, p, "simplex")
    assert float(found.distance) == pytest.approx(oracle(first, second, p), rel=1e-9)
    assert found.method == "simplex" and found.is_exact and found.gap < 1e-9


def test_plan_has_the_masses_and_the_cost() -> None:
    """Assert that rows and columns of the plan are the clouds' masses, massless ones included, and it costs W^2."""
    values = torch.tensor([0.2, 0.0, 0.5, 0.3], dtype=torch.float64)
    first, second = ParticleCloud(cloud(4, 2, seed=1).positions, values), cloud(6, 2, seed=2)
    found = transport(first, second, method="simplex")
    plan = found.plan.matrix(4, 6)
    assert_identical(plan.sum(dim=1), first.masses)
    assert_identical(plan.sum(dim=0), second.masses)
    cost = torch.from_numpy(prices(first.positions, second.positions, 2.0))
    assert float((plan * cost).sum()) == pytest.approx(float(found.distance) ** 2, rel=1e-13)


def test_masses_decide() -> None:
    """Assert that two particles of masses 0.9 and 0.1 at distance 1 are sqrt(0.8) from the swapped masses."""
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    first = ParticleCloud(places, torch.tensor([0.9, 0.1], dtype=torch.float64))
    second = ParticleCloud(places, torch.tensor([0.1, 0.9], dtype=torch.float64))
    assert float(wasserstein(first, second)) == pytest.approx(0.8**0.5, rel=1e-14)
    assert float(wasserstein(first, second, p=1)) == pytest.approx(0.8, rel=1e-14)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_scale_of_the_positions_does_not_matter(scale: float) -> None:
    """Assert that positions a billion times larger or smaller have a distance that much larger, exact as before."""
    first, second = cloud(40, 3, seed=1), cloud(50, 3, seed=2, shift=1.0)
    found = transport(first.moved(scale * first.positions), second.moved(scale * second.positions), method="simplex")
    assert float(found.distance) == pytest.approx(scale * float(wasserstein(first, second)), rel=1e-12)
    assert found.is_exact


def test_steep_masses_are_solved() -> None:
    """Assert that Zipf masses over twenty decades are moved exactly."""
    first = cloud(60, 2, seed=1).reweighted(masses.zipf(60, 0.09))
    found = transport(first, cloud(50, 2, seed=2, shift=1.0), method="simplex")
    assert found.is_exact


def test_solver_that_stops_short_is_not_believed() -> None:
    """Assert that a cap on pivots that is too low raises TransportUnsolved instead of returning a distance."""
    problem = posed(cloud(300, 10, seed=1), cloud(300, 10, seed=2), 2.0)
    assert float(by_simplex(problem).distance) > 0.0
    with pytest.raises(TransportUnsolved, match="stopped before the optimum between 300 and 300 atoms .numItermax"):
        by_simplex(problem, pivots=200)


def plant(monkeypatch: pytest.MonkeyPatch, solver: Callable[..., object]) -> None:
    """Put a solver in the place of POT's, which the first call imports."""
    optimal(np.zeros((1, 1)), np.ones(1), np.ones(1))
    monkeypatch.setattr(sys.modules["ot"], "emd", solver)


def test_plan_with_misplaced_mass_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a plan whose rows or columns are not the masses is refused, whatever the solver says."""

    def careless(a: np.ndarray, b: np.ndarray, cost: np.ndarray, **options: object) -> object:
        return np.outer(a, b) * (1.0 + 1e-9), {"result_code": 1, "warning": None, "v": np.zeros(len(b))}

    plant(monkeypatch, careless)
    with pytest.raises(TransportUnsolved, match="of mass in the wrong place; take an approximate method"):
        optimal(np.ones((2, 2)), np.full(2, 0.5), np.full(2, 0.5))


def test_plan_with_wrong_columns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that right rows do not make up for wrong columns."""

    def lopsided(a: np.ndarray, b: np.ndarray, cost: np.ndarray, **options: object) -> object:
        return np.outer(a, np.array([0.6, 0.4])), {"result_code": 1, "warning": None, "v": np.zeros(len(b))}

    plant(monkeypatch, lopsided)
    with pytest.raises(TransportUnsolved, match="left 0.1 of mass in the wrong place"):
        optimal(np.ones((2, 2)), np.full(2, 0.5), np.full(2, 0.5))


def test_plan_that_is_not_optimal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a feasible plan that the solver wrongly calls optimal does not pass the certificate."""

    def boastful(a: np.ndarray, b: np.ndarray, cost: np.ndarray, **options: object) -> object:
        return np.outer(a, b), {"result_code": 1, "warning": None, "v": np.zeros(len(b))}

    plant(monkeypatch, boastful)
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(TransportUnsolved, match="ended with cost 0.5, but the optimum may be 0.5 below that"):
        optimal(cost, np.full(2, 0.5), np.full(2, 0.5))


def test_costs_keep_their_digits_far_from_the_origin() -> None:
    """Assert that squared distances of 1e-12 between points near 1e3 are right to rounding of the points."""
    first = ParticleCloud(torch.full((1, 3), 1000.0, dtype=torch.float64))
    second = first.moved(first.positions + torch.tensor([2.0**-20, 0.0, 0.0], dtype=torch.float64))
    problem = posed(first, second, 2.0)
    assert pairwise(problem.first, problem.second, 2.0)[0, 0] == 2.0**-40


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_gradient_is_that_of_differences(p: float) -> None:
    """Assert that autograd through the distance in the positions agrees with central differences to 1e-6."""
    first, second = cloud(5, 2, seed=3), cloud(4, 2, seed=4, shift=0.5)
    positions = first.positions.clone().requires_grad_()
    wasserstein(ParticleCloud(positions, first.masses), second, p, "simplex").backward()
    expected = slopes(lambda here, there: wasserstein(here, there, p, "simplex"), first, second)
    assert float((positions.grad - expected).abs().max()) < DERIVATIVE


def test_gradient_between_equal_clouds_is_zero() -> None:
    """Assert that the distance of a cloud from itself has the subgradient zero, not a NaN."""
    first = cloud(5, 2, seed=3)
    positions = first.positions.clone().requires_grad_()
    distance = wasserstein(ParticleCloud(positions, first.masses), first)
    distance.backward()
    assert float(distance.detach()) == 0.0 and float(positions.grad.abs().max()) == 0.0


def apart(first: ParticleCloud, second: ParticleCloud, far: float) -> tuple[ParticleCloud, ParticleCloud, float]:
    """Both clouds beside copies moved by `far` and the same masses there; the copies are as rounding of places has it.

    And W_2 of the far copies with their rounding, moved back, which is exact.
    """
    both, copies = [], []
    for at in (first, second):
        away = at.positions.clone()
        away[:, 0] += far
        near = away.clone()
        near[:, 0] -= far
        both.append(ParticleCloud(torch.cat([at.positions, away]), torch.cat([0.7 * at.masses, 0.3 * at.masses])))
        copies.append(ParticleCloud(near, at.masses))
    right = 0.7 * oracle(first, second, 2.0) ** 2 + 0.3 * oracle(*copies, 2.0) ** 2
    return both[0], both[1], right**0.5


@pytest.mark.parametrize("far", [1e2, 1e4, 1e8, 1e12])
def test_far_atoms_that_match_do_not_spoil_the_answer(far: float) -> None:
    """Assert that where each of two far groups has its own optimum the distance is theirs, proven to 1e-9 of itself."""
    first, second, right = apart(cloud(12, 3, seed=1), cloud(15, 3, seed=2, shift=0.5), far)
    found = transport(first, second, method="simplex")
    assert float(found.distance) == pytest.approx(right, rel=1e-9) and found.is_exact


@pytest.mark.parametrize("p", [1.0, 4.0, 16.0, 64.0, 128.0])
@pytest.mark.parametrize("method", ["simplex", "assignment"])
def test_large_powers_are_the_best_permutation(p: float, method: str) -> None:
    """Assert that W_p of five particles is the least over all permutations, in 50 digits, close clouds included."""
    random = np.random.default_rng(int(p))
    for spread in (1.0, 1e-2):
        x = random.standard_normal((5, 3))
        y = x + spread * random.standard_normal((5, 3))
        lengths = np.sqrt(((x[:, None] - y) ** 2).sum(axis=2))
        with mpmath.workdps(50):
            costs = [[mpmath.mpf(length) ** p for length in row] for row in lengths]
            least = min(sum(costs[i][s[i]] for i in range(5)) for s in itertools.permutations(range(5)))
            right = float((least / 5) ** (1 / mpmath.mpf(p)))
        found = transport(ParticleCloud(torch.from_numpy(x)), ParticleCloud(torch.from_numpy(y)), p, method)
        assert float(found.distance) == pytest.approx(right, rel=1e-12) and found.is_exact


@pytest.mark.parametrize("close", [1e-3, 1e-6, 1e-9])
def test_close_clouds_keep_their_digits(close: float) -> None:
    """Assert that clouds whose particles are moved by far less than their spacing are as far apart as the moves say."""
    first = cloud(40, 3, seed=1)
    second = first.moved(first.positions + close * cloud(40, 3, seed=2).positions)
    moves = (second.positions - first.positions).square().sum(dim=1)
    found = transport(first, second, method="simplex")
    assert float(found.distance) == pytest.approx(float(first.masses @ moves) ** 0.5, rel=1e-12) and found.is_exact


def test_costs_that_all_vanish_are_refused() -> None:
    """Assert that distances far below the largest are not called zero where a large power makes their costs so."""
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1e9, 0.0]], dtype=torch.float64)
    moved = places + torch.tensor([0.0, 1e-9], dtype=torch.float64)
    with pytest.raises(TransportUnsolved, match="costs to the power 30 leave the range of float64; take a smaller p"):
        transport(ParticleCloud(places), ParticleCloud(moved), 30.0, "simplex")


def test_mass_that_only_rounding_moves_stays() -> None:
    """Assert that a unit of rounding between far groups is not moved, and that a real part of 1e-9 is."""
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1e9, 0.0]], dtype=torch.float64)
    first = ParticleCloud(places, torch.tensor([0.3, 0.3, 0.4], dtype=torch.float64))
    rounded = ParticleCloud(places, torch.tensor([0.3, 0.3 - 2.0**-53, 0.4 + 2.0**-53], dtype=torch.float64))
    assert float(transport(first, rounded, method="simplex").distance) == 0.0
    other = ParticleCloud(places, torch.tensor([0.3, 0.3 - 1e-9, 0.4 + 1e-9], dtype=torch.float64))
    assert float(transport(first, other, method="simplex").distance) == pytest.approx(1e9 * 1e-9**0.5, rel=1e-6)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 16.0])
def test_derivatives_in_places_and_masses_are_those_of_differences(p: float) -> None:
    """Assert that autograd through positions and masses of both clouds is right, potentials being prices of mass."""
    first, second = cloud(8, 3, seed=1), cloud(11, 3, seed=2, shift=0.5)

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return wasserstein(ParticleCloud(x, a), ParticleCloud(y, b), p, "simplex")

    assert_derivatives(distance, first.positions, first.masses, second.positions, second.masses)
