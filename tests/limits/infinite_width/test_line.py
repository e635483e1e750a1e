"""Lines through values of several levels: exact ones, their errors, and points that are not on them."""

import math

import numpy as np
import pytest

from limits.infinite_width.line import exponent, intercept
from tests.tolerances import Z

X = 1.0 / np.array([16.0, 32.0, 64.0, 128.0])
COUNTS = np.array([4000.0, 400.0, 200.0, 100.0])


def test_a_line_meets_zero_where_it_does() -> None:
    """Assert that exact lines, several at a time, have their values."""
    truth = np.array([2.0, -1.0])
    y = truth + X[:, None] * np.array([5.0, 0.0])
    found = intercept(X, y, np.ones_like(y), COUNTS)
    assert found.values == pytest.approx(truth, rel=1e-12)


def test_errors_are_those_of_repetitions() -> None:
    """Assert that values are spread as their standard errors say, and that intervals cover."""
    numbers = np.random.default_rng(0)
    y = 2.0 + 5.0 * X[:, None] + numbers.standard_normal((4, 2000)) * np.sqrt(1.0 / COUNTS)[:, None]
    found = intercept(X, y, np.ones_like(y), COUNTS)
    held = np.mean([one.low <= 2.0 <= one.high for one in (found.at(k, 0.9) for k in range(2000))])
    assert abs(held - 0.9) < Z * math.sqrt(0.09 / 2000)
    assert abs(found.values.mean() - 2.0) < Z * found.values.std() / math.sqrt(2000.0)


def test_points_off_the_line_are_left_out() -> None:
    """Assert that a precise point of another law does not move the line through those with smaller x."""
    y = 2.0 + 5.0 * X
    y[0] += 1.0
    found = intercept(X, y, np.full(4, 1e-4), COUNTS)
    assert float(found.values) == pytest.approx(2.0, rel=1e-12)


def test_a_constant_has_no_error() -> None:
    """Assert that values without variance give an interval of length zero."""
    found = intercept(X, np.ones(4), np.zeros(4), COUNTS).at((), 0.95)
    assert (found.low, found.high) == (pytest.approx(1.0), found.value)


def test_the_exponent_of_a_power_law() -> None:
    """Assert that an exact power law has its exponent, and that the error is that of repetitions."""
    numbers = np.random.default_rng(0)
    assert exponent(X, X**1.5, COUNTS)[0] == pytest.approx(1.5)
    drawn = [exponent(X, X * numbers.chisquare(COUNTS) / COUNTS, COUNTS) for _ in range(1000)]
    values, errors = np.array(drawn).T
    assert abs(values.std() / errors[0] - 1.0) < Z / math.sqrt(2000.0)
