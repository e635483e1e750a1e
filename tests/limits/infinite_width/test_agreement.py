"""The check that coarse clouds have the law of clouds of their width."""

import numpy as np
import pytest

from limits.infinite_width.agreement import check_laws

NAMES, TOLERANCE = ("first", "second"), np.array([0.01, 0.01])


def drawn(seed: int, shift: float, clouds: int) -> np.ndarray:
    """Values [400, clouds, 2] of unit variance, the second quantity shifted."""
    return np.random.default_rng(seed).standard_normal((400, clouds, 2)) + np.array([0.0, shift])


def test_another_mean_is_refused() -> None:
    """Assert that clouds of the same mean pass, and that a difference of ten standard errors is named."""
    for seed in range(100):
        check_laws(drawn(seed, 0.0, 1), drawn(seed + 1000, 0.0, 2), 16, NAMES, TOLERANCE)
    with pytest.raises(ValueError, match=r'Coarse clouds of 16 particles have a mean of "second" that is [+]0.55'):
        check_laws(drawn(0, 0.0, 1), drawn(1000, 0.6, 2), 16, NAMES, TOLERANCE)


def test_rounding_is_no_difference() -> None:
    """Assert that constants which differ by rounding pass, and that they do not where they differ by the tolerance."""
    constant = np.ones((64, 1, 2))
    check_laws(constant, constant + 1e-12, 16, NAMES, TOLERANCE)
    with pytest.raises(ValueError, match=r"does not fit the law"):
        check_laws(constant, constant + 0.01, 16, NAMES, TOLERANCE)
