"""The questions whose answers are known."""

import pytest

from runs.studies.infinite_width.problems.every import KNOWN, filed


@pytest.mark.parametrize("name", KNOWN)
def test_every_quantity_is_known(name: str) -> None:
    """Assert that there is a finite number for each quantity, and that the name does for a file."""
    question = KNOWN[name]()
    exact = question.exact()
    assert set(exact) == set(question.names) and all(abs(value) < 10.0 for value in exact.values())
    assert " " not in filed(name) and "," not in filed(name)
