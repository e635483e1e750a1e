"""Statements, and what was measured of them."""

import numpy as np
import pytest

from limits.theorems import Verdict
from runs.studies.feature_learning.statements import (
    all_at_least,
    all_at_most,
    mean_at_least,
    mean_at_most,
    of_draws,
    said,
    together,
)
from runs.study.table import Curve


def test_means_have_the_error_of_few_draws() -> None:
    """Assert that two errors reach to Student's interval, and that both sides hold, fail and are undecided."""
    statement = said("a <= b", "figure 1")
    curve = Curve(np.array([1.0, 2.0]), np.array([[1.0, 3.0], [5.0, 6.0]]), np.full((2, 2), np.nan), (0, 1))
    found = mean_at_most(statement, 20.0, curve)
    assert not found.proven and found.measured == 2.0 and found.error == pytest.approx(12.706 / 2.0, rel=1e-3)
    assert found.verdict is Verdict.HOLDS and mean_at_most(statement, 2.5, curve).verdict is Verdict.UNDECIDED
    assert mean_at_most(statement, -20.0, curve).verdict is Verdict.VIOLATED
    assert mean_at_least(statement, -20.0, curve, -1).measured == 5.5
    assert mean_at_least(statement, 0.0, curve).verdict is Verdict.UNDECIDED
    assert mean_at_least(statement, 30.0, curve).verdict is Verdict.VIOLATED


def test_ties_have_an_error() -> None:
    """Assert that equal draws decide nothing at their own mean, where a resolution is given."""
    tie = of_draws(np.zeros(4))
    assert mean_at_most(said("a < b", "figure 1"), 0.0, tie, resolved=0.1).verdict is Verdict.UNDECIDED
    assert mean_at_most(said("a < b", "figure 1"), 0.0, tie).verdict is Verdict.HOLDS


def test_every_number_counts() -> None:
    """Assert that one number beyond is a violation."""
    values = np.array([[0.0, 1.0], [2.0, 3.0]])
    statement = said("all", "figure 1")
    assert all_at_most(statement, 3.0, values).verdict is Verdict.HOLDS
    assert all_at_least(statement, 1.0, values + 1.0).verdict is Verdict.HOLDS
    assert all_at_most(statement, 2.5, values).verdict is Verdict.VIOLATED
    assert all_at_least(statement, 0.5, values).verdict is Verdict.VIOLATED


def test_places_are_put_together() -> None:
    """Assert that curves of one place each become one, draw by draw."""
    ones = [Curve(np.array([x]), np.array([[x, 2.0 * x]]), np.full((1, 2), np.nan), (0, 1)) for x in (1.0, 3.0)]
    found = together(ones)
    assert found.x.tolist() == [1.0, 3.0] and found.mean.tolist() == [1.5, 4.5] and found.seeds == (0, 1)
