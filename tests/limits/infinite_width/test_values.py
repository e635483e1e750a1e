"""Numbers with intervals and levels."""

import math

from limits import Estimated, LimitValue
from limits.infinite_width.series import Rate


def test_a_limit_value_is_a_number_with_an_interval() -> None:
    """Assert that the value of a quantity can be read like any other estimated number."""
    value = LimitValue(1.0, 0.9, 1.1, "risk", 0.05, 0.0, Rate(1.0, -math.inf, math.inf))
    assert isinstance(value, Estimated)
    assert (value.low, value.value, value.high, value.name) == (0.9, 1.0, 1.1, "risk")
