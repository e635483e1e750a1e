"""Whole numbers are taken as Python's or NumPy's, and nothing else is."""

import numpy as np
import pytest

from particles.integers import whole


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_integers_of_any_kind_become_plain_ones(value: int) -> None:
    """Assert that an integer of NumPy is as good as one of Python."""
    assert whole(value, "The size") == 3
    assert type(whole(value, "The size")) is int


@pytest.mark.parametrize("value", [True, 3.0, "3", None, 0, -1, [3]])
def test_what_is_no_count_is_refused(value: object) -> None:
    """Assert that truth values, floats, text and numbers that are too small are named."""
    with pytest.raises(ValueError, match=r"The size is .*, but an integer of at least 1 is needed"):
        whole(value, "The size")


def test_least_is_allowed() -> None:
    """Assert that the least number is taken and the one below it is not."""
    assert whole(0, "The step", least=0) == 0
    with pytest.raises(ValueError, match=r"The step is -1, but an integer of at least 0 is needed"):
        whole(-1, "The step", least=0)
