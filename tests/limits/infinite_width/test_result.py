"""The result of an estimate: quantities by name."""

import numpy as np
import pytest

from limits import infinite_width
from tests.limits.infinite_width.toys import NAMES, Known, never, normal

FOUND = infinite_width(never, normal, quantities=NAMES, tolerance=0.05, samples=Known(0))


def test_quantities_have_names() -> None:
    """Assert that a quantity is found by its name, and that an unknown name lists those there are."""
    assert FOUND.names == NAMES
    assert FOUND["cube"] is FOUND.values[2]
    assert FOUND.converged
    for ask in (FOUND.__getitem__, FOUND.law, FOUND.finite_width.correction):
        with pytest.raises(ValueError, match=r'no quantity "risk"; there are square, exponential, cube'):
            ask("risk")


def test_the_law_is_that_of_the_widest_clouds() -> None:
    """Assert that the law has the samples of the last level in order, and its width."""
    law = FOUND.law("square")
    assert law.width == FOUND.levels[-1].width
    assert np.array_equal(law.samples, np.sort(FOUND.fine[-1][:, 0, 0]))
    assert FOUND.cost == sum(level.cost for level in FOUND.levels)
    assert FOUND.levels[1].cost == FOUND.levels[1].samples * (32 + 2 * 16)
