"""Data sources by name."""

import pytest

from runs.datasets import load
from runs.system.options import DATA_SETS
from runs.system.refusal import Refusal


def test_unknown_data_set_lists_the_names() -> None:
    """Assert that a misspelt name is refused with all names and the nearest one."""
    with pytest.raises(
        Refusal, match=r"Unknown data set 'diabets': choose one of diabetes, .*did you mean 'diabetes'\?"
    ):
        load("diabets")


@pytest.mark.parametrize("name", ["diabetes", "simulated"])
def test_name_gives_the_data_set_of_that_name(name: str) -> None:
    """Assert that a source without a file to fetch loads under its own name."""
    assert name in DATA_SETS and load(name).name == name
