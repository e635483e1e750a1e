"""Samples in memory: what is kept comes back in order."""

import numpy as np
import pytest

from limits import InMemory, Samples
from particles import ShapeError


def test_samples_are_kept_in_order() -> None:
    """Assert that samples of a level are joined to those before, and that levels do not meet."""
    samples = InMemory()
    assert isinstance(samples, Samples)
    assert samples.kept(1) is None
    samples.keep(1, np.full((2, 1, 3), 1.0), np.full((2, 2, 3), 2.0))
    samples.keep(1, np.full((1, 1, 3), 3.0), np.full((1, 2, 3), 4.0))
    kept = samples.kept(1)
    assert kept is not None
    assert kept[0][:, 0, 0].tolist() == [1.0, 1.0, 3.0]
    assert kept[1][:, 1, 2].tolist() == [2.0, 2.0, 4.0]
    assert samples.kept(0) is None


def test_samples_of_another_problem_are_refused() -> None:
    """Assert that another number of quantities is refused."""
    samples = InMemory()
    samples.keep(0, np.ones((2, 1, 3)), np.ones((2, 0, 3)))
    with pytest.raises(ShapeError, match=r"Samples of shape \(2, 1, 4\) were added to \(2, 1, 3\)"):
        samples.keep(0, np.ones((2, 1, 4)), np.ones((2, 0, 4)))
