"""Proofs from potentials: what they bound, and that differences behind them keep their digits."""

from fractions import Fraction

import numpy as np
import pytest

from limits.transport.certificate import EPS, proof, reduced
from tests.limits.transport.clouds import cheapest, cloud, prices


def test_no_plan_is_further_from_the_optimum_than_its_gap() -> None:
    """Assert that the gap of a feasible plan covers its distance from the optimum for random potentials."""
    first, second = cloud(300, 2, seed=1), cloud(7, 2, seed=2)
    cost = prices(first.positions, second.positions, 2.0)
    optimum = cheapest(cost, first.masses, second.masses)
    plan = np.outer(first.masses.numpy(), second.masses.numpy())
    rows, columns = np.nonzero(plan)
    excess = float((plan * cost).sum()) - optimum
    for potentials in np.random.default_rng(0).standard_normal((50, 7)):
        found = proof(cost, 0.0, rows, columns, plan[rows, columns], potentials)
        assert float((cost - found.first[:, None] - found.second).min()) >= -1e-14
        assert found.gap > excess
        a, b = first.masses.numpy(), second.masses.numpy()
        dual = float(a @ found.first + b @ found.second)
        assert found.gap == pytest.approx(float((plan * cost).sum()) - dual, rel=1e-9)


def test_doubt_in_the_costs_is_in_the_gap() -> None:
    """Assert that costs known up to 0.1 only leave a tight plan a gap of up to 0.2."""
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    numbers, half = np.arange(2), np.full(2, 0.5)
    assert proof(cost, 0.0, numbers, numbers, half, np.zeros(2)).gap == 0.0
    assert proof(cost, np.full((2, 2), 0.1), numbers, numbers, half, np.zeros(2)).gap == pytest.approx(0.2)


def test_reduced_costs_keep_their_digits_beside_large_potentials() -> None:
    """Assert that c - u - v is right to a unit of itself where plain differences keep none of it."""
    random = np.random.default_rng(0)
    cost, u = random.random((300, 4)), 1e16 * random.random(300)
    v = -1e16 * random.random(4)
    found = reduced(cost, u, v)
    for i, j in ((0, 0), (170, 2), (299, 3)):
        right = Fraction(cost[i, j]) - Fraction(u[i]) - Fraction(v[j])
        assert abs(Fraction(found[i, j]) - right) <= abs(right) * Fraction(EPS)
    u, v = np.full(300, 1e16), np.full(4, -1e16)
    assert np.array_equal(reduced(cost, u, v), cost)
    assert float(np.abs(cost - u[:, None] - v - cost).max()) > 0.1
