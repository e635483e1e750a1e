"""What a result says of itself."""

import pytest
import torch

from limits.transport.problem import posed
from limits.transport.result import Plan, Transport, along, power, rooted_gap
from tests.limits.transport.clouds import cloud


def test_only_a_small_proven_gap_is_exact() -> None:
    """Assert that no gap, or a gap above 1e-9 of the distance, is never called exact; zero against zero is."""
    two, zero = torch.tensor(2.0).double(), torch.tensor(0.0).double()
    assert Transport(two, "simplex", 1e-10).is_exact
    assert not Transport(two, "entropic", 1e-8).is_exact
    assert not Transport(two, "sliced", None, standard_error=1e-12).is_exact
    assert Transport(zero, "line", 0.0).is_exact


def test_plan_as_a_matrix_adds_up() -> None:
    """Assert that masses stand at their row and column, repeated ones added."""
    plan = Plan(torch.tensor([0, 1, 0]), torch.tensor([2, 0, 2]), torch.tensor([0.25, 0.5, 0.25]))
    assert plan.matrix(2, 3).tolist() == [[0.0, 0.0, 0.5], [0.5, 0.0, 0.0]]


def test_cost_along_a_plan_is_written_out() -> None:
    """Assert that the cost is sum of mass |x - y|^p, and that signs flip the targets."""
    problem = posed(cloud(3, 2, seed=1), cloud(3, 2, seed=2), 3.0)
    rows, columns, masses = torch.tensor([0, 2]), torch.tensor([1, 1]), torch.tensor([0.3, 0.7]).double()
    x, y = problem.first.points[rows], problem.second.points[columns]
    value, plan = along(problem, rows, columns, masses)
    assert float(value) == pytest.approx(float(masses @ (x - y).norm(dim=1) ** 3), rel=1e-14)
    flipped, _ = along(problem, rows, columns, masses, torch.tensor([[-1.0], [1.0]]).double())
    expected = float(masses @ torch.stack([(x[0] + y[0]).norm() ** 3, (x[1] - y[1]).norm() ** 3]))
    assert float(flipped) == pytest.approx(expected, rel=1e-14)
    assert plan.rows.tolist() == [0, 2]


def test_root_has_no_slope_at_zero() -> None:
    """Assert that the root of zero is zero with derivative zero, and elsewhere what it should be."""
    values = torch.tensor([0.0, 4.0], dtype=torch.float64, requires_grad=True)
    roots = power(values, 0.5)
    roots.sum().backward()
    assert roots.tolist() == [0.0, 2.0] and values.grad.tolist() == [0.0, 0.25]


def test_gap_is_taken_after_the_root_and_never_negative() -> None:
    """Assert that costs between 1 and 4 leave a gap of 1 for p = 2, that a gap beyond the cost leaves all of the
    distance, and that none leaves rounding alone, more in many coordinates."""
    four, none = torch.tensor(4.0).double(), torch.tensor(0.0).double()
    assert rooted_gap(four, 3.0, 2.0, 1) == pytest.approx(1.0, rel=1e-13)
    assert rooted_gap(four, 5.0, 2.0, 1) == 2.0
    assert 0.0 < rooted_gap(four, 0.0, 2.0, 1) < 1e-14 < rooted_gap(four, 0.0, 2.0, 300) < 1e-12
    assert rooted_gap(none, 0.0, 2.0, 3) == 0.0
