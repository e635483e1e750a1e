"""Numbers drawn from an interval: real ones as NumPy draws them, whole ones each as likely, and keys for both."""

import copy
import math
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field, TypeAdapter

from runs.studyfile.model.draws import Drawn, Whole, drawn
from tests.tolerances import Z

COUNT = 20_000


@pytest.mark.parametrize("log", [False, True])
def test_real_numbers_are_those_of_numpy(log: bool) -> None:
    """Assert that they are bit for bit what uniform gives between the ends, or their logarithms."""
    found = drawn(np.random.default_rng(7), 0.3, 90.0, log, 100)
    ends = (math.log(0.3), math.log(90.0)) if log else (0.3, 90.0)
    expected = np.random.default_rng(7).uniform(*ends, size=100)
    assert found == [math.exp(u) if log else float(u) for u in expected]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(1.0, 4.0), (2.5, 6.2), (5.0, 5.4)])
def test_whole_numbers_have_their_shares(low: float, high: float, log: bool) -> None:
    """Assert that every whole number of the interval comes as often as it should, the two ends too, |z| < 5."""
    found = np.array([each.whole for each in drawn(np.random.default_rng(1), low, high, log, COUNT)])
    numbers = np.arange(math.ceil(low), math.floor(high) + 1)
    widths = np.log((numbers + 0.5) / (numbers - 0.5)) if log else np.ones(len(numbers))
    for number, share in zip(numbers, widths / widths.sum(), strict=True):
        error = math.sqrt(share * (1.0 - share) / COUNT)
        assert abs(np.mean(found == number) - share) <= Z * error
    assert set(found) == set(numbers)


def test_intervals_without_a_whole_number_have_none() -> None:
    """Assert that nothing is rounded out of the interval."""
    assert drawn(np.random.default_rng(1), 0.2, 0.8, False, 1)[0].whole is None


def test_keys_take_what_they_are_made_for() -> None:
    """Assert that a key of whole numbers takes the whole one, bounds and none included, and others the real one."""
    value = copy.deepcopy(Drawn(2.7, 3))
    assert TypeAdapter(Whole | None).validate_python(value) == 3
    assert TypeAdapter(float).validate_python(value) == 2.7
    for wrong in (Drawn(2.7, None), 2.7):
        with pytest.raises(ValueError, match="valid integer"):
            TypeAdapter(Whole).validate_python(wrong, strict=True)
    with pytest.raises(ValueError, match="greater than or equal to 4"):
        TypeAdapter(Annotated[Whole, Field(ge=4)]).validate_python(value)
