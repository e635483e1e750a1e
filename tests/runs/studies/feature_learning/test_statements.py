"""Statements, and what was measured of them."""

import numpy as np
import pytest

from runs.studies.feature_learning.statements import measured_mean, said, together
from runs.study.table import Curve


def test_means_have_the_error_of_few_draws() -> None:
    """Assert that a statement is empirical, and that two errors reach to Student's interval."""
    assert not said("a <= b", "figure 1").proven
    curve = Curve(np.array([1.0, 2.0]), np.array([[1.0, 3.0], [5.0, 6.0]]), np.full((2, 2), np.nan), (0, 1))
    found = measured_mean(curve)
    assert float(found["measured"]) == 2.0 and float(found["error"]) == pytest.approx(12.706 / 2.0, rel=1e-3)
    assert float(measured_mean(curve, -1)["measured"]) == 5.5


def test_places_are_put_together() -> None:
    """Assert that curves of one place each become one, draw by draw."""
    ones = [Curve(np.array([x]), np.array([[x, 2.0 * x]]), np.full((1, 2), np.nan), (0, 1)) for x in (1.0, 3.0)]
    found = together(ones)
    assert found.x.tolist() == [1.0, 3.0] and found.mean.tolist() == [1.5, 4.5] and found.seeds == (0, 1)
