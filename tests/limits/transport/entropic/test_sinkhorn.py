"""Sinkhorn's iteration: the entropic optimum, streamed."""

import pytest
import torch

from limits.transport.entropic import sinkhorn as module
from limits.transport.entropic.sinkhorn import Iteration, costs, misplaced, sinkhorn, softmin, symmetric_sinkhorn
from limits.transport.problem import posed
from particles import TransportUnsolved
from tests.limits.transport.clouds import cloud, prices
from tests.tolerances import assert_identical

PROBLEM = posed(cloud(30, 3, seed=1), cloud(20, 3, seed=2, shift=1.0), 2.0)
FINE = Iteration(0.1, tolerance=1e-12, iterations=5000)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_softmin_is_written_out(p: float, eps: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the streamed soft minimum is that of the whole matrix, whatever the tile."""
    monkeypatch.setattr(module, "TILE_ON_CPU", 45)
    values = torch.linspace(-1.0, 1.0, 20, dtype=torch.float64)
    cost = torch.from_numpy(prices(PROBLEM.first.points, PROBLEM.second.points, p))
    if eps:
        expected = -eps * ((values - cost) / eps).exp().mul(PROBLEM.second.masses).sum(dim=1).log()
    else:
        expected = (cost - values).min(dim=1).values
    assert_identical(softmin(values, PROBLEM.second, PROBLEM.first.points, p, eps), expected)
    assert_identical(costs(PROBLEM.first.points, PROBLEM.second.points, p), cost)


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_plan_has_both_margins(p: float) -> None:
    """Assert that a b exp((f + g - c) / eps) has the masses as rows and columns to 1e-12."""
    problem = posed(cloud(30, 3, seed=1), cloud(20, 3, seed=2, shift=1.0), p)
    f, g = sinkhorn(problem.first, problem.second, p, FINE, problem.mean_cost)
    cost = torch.from_numpy(prices(problem.first.points, problem.second.points, p))
    eps = 0.1 * problem.mean_cost
    plan = problem.first.masses[:, None] * problem.second.masses * ((f[:, None] + g - cost) / eps).exp()
    assert float((plan.sum(dim=0) - problem.second.masses).abs().sum()) < 1e-12
    assert float((plan.sum(dim=1) - problem.first.masses).abs().sum()) < 1e-11


def test_symmetric_iteration_finds_the_same_potential() -> None:
    """Assert that a measure against itself gives potentials whose sum is that of the plain iteration."""
    first = PROBLEM.first
    warm = Iteration(0.5, tolerance=1e-12, iterations=5000)
    f, g = sinkhorn(first, first, 2.0, warm, PROBLEM.mean_cost)
    own = symmetric_sinkhorn(first, 2.0, warm, PROBLEM.mean_cost)
    assert float((own - 0.5 * (f + g)).abs().max()) < 1e-9


def test_misplaced_mass_is_that_of_the_rows() -> None:
    """Assert that a potential too high by eps log 2 everywhere has all mass twice."""
    f = torch.zeros(30, dtype=torch.float64)
    eps = 0.7
    shifted = f - eps * torch.log(torch.tensor(2.0, dtype=torch.float64))
    assert misplaced(PROBLEM.first, f, shifted, eps) == pytest.approx(1.0, rel=1e-12)


def test_temperatures_fall_to_the_regularisation() -> None:
    """Assert that they are halved down to eps, which is last, and that a large eps is taken at once."""
    assert Iteration(0.2).temperatures(8.0) == [4.0, 2.0, 1.6]
    assert Iteration(3.0).temperatures(8.0) == [24.0]


def test_iteration_that_stops_short_is_refused() -> None:
    """Assert that too few iterations raise TransportUnsolved with what is misplaced, in both iterations."""
    short = Iteration(1e-3, tolerance=1e-9, iterations=3)
    with pytest.raises(TransportUnsolved, match="of mass in the wrong place after 3 steps, but 1e-09 was asked for"):
        sinkhorn(PROBLEM.first, PROBLEM.second, 2.0, short, PROBLEM.mean_cost)
    with pytest.raises(TransportUnsolved, match="after 3 steps"):
        symmetric_sinkhorn(PROBLEM.first, 2.0, Iteration(0.05, 1e-12, 3), PROBLEM.mean_cost)


def test_impossible_iterations_are_refused() -> None:
    """Assert that regularisation, tolerance and cap must be positive."""
    with pytest.raises(ValueError, match="The regularisation is 0.0, but a positive finite number is needed"):
        Iteration(0.0)
    with pytest.raises(ValueError, match="tolerance 0.0 and 5 iterations, but positive numbers are needed"):
        Iteration(0.1, 0.0, 5)
