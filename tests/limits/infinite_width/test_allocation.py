"""The numbers of samples: the constraint is met at the least cost."""

import numpy as np
import pytest

from limits.infinite_width.allocation import allocated

VARIANCES, COSTS = np.array([[4.0], [0.5], [0.02]]), np.array([16.0, 64.0, 128.0])


def test_the_error_is_met_at_the_least_cost() -> None:
    """Assert that the error is the one asked for, and that exchanging samples between levels costs more."""
    tolerance = 1e-3
    counts = allocated(VARIANCES, COSTS, np.array([tolerance])).astype(np.float64)
    variances = VARIANCES[:, 0]
    assert (variances / counts).sum() == pytest.approx(tolerance**2, rel=1e-5)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        for change in (0.9, 1.1):
            moved = counts.copy()
            moved[one] *= change
            rest = tolerance**2 - (variances / moved).sum() + variances[other] / moved[other]
            moved[other] = variances[other] / rest
            assert moved @ COSTS > counts @ COSTS


def test_every_quantity_is_served() -> None:
    """Assert that each level has the larger of the numbers for two quantities, and a constant one asks for none."""
    other = np.array([[1.0], [1.0], [1.0]])
    alone = [allocated(one, COSTS, np.array([0.1])) for one in (VARIANCES, other)]
    both = allocated(np.hstack([VARIANCES, other, 0.0 * other]), COSTS, np.full(3, 0.1))
    assert both.tolist() == np.maximum(*alone).tolist()
    assert allocated(0.0 * other, COSTS, np.array([0.1])).tolist() == [0, 0, 0]
