"""Lower bounds from potentials."""

import numpy as np
import pytest

from limits.transport.certificate import believed, lower_bound
from particles import TransportUnsolved
from tests.limits.transport.clouds import cheapest, cloud, prices


def test_every_potential_gives_a_lower_bound() -> None:
    """Assert that the bound is below the optimum for random potentials, and at it for those of the linear program."""
    first, second = cloud(300, 2, seed=1), cloud(7, 2, seed=2)
    cost = prices(first.positions, second.positions, 2.0)
    optimum = cheapest(cost, first.masses, second.masses)
    a, b = first.masses.numpy(), second.masses.numpy()
    random = np.random.default_rng(0).standard_normal((50, 7))
    bounds = [lower_bound(cost, a, b, potentials) for potentials in random]
    assert max(bounds) < optimum
    assert lower_bound(cost, a, b, np.zeros(7)) == pytest.approx(float(a @ cost.min(axis=1)), rel=1e-14)


def test_optimum_far_above_its_bound_is_not_believed() -> None:
    """Assert that a claimed optimum is refused above rounding of its bound, and accepted within."""
    believed(1.0 + 1e-12, 1.0, 1.0, "solver")
    with pytest.raises(TransportUnsolved, match="The solver ended with cost 1.00001, but the optimum is only known"):
        believed(1.00001, 1.0, 1.0, "solver")
    with pytest.raises(TransportUnsolved, match="ended with cost nan"):
        believed(float("nan"), 1.0, 1.0, "solver")
