"""Observables of a cloud that is trained, and what is no set of observables."""

from typing import Any

import pytest

from limits import Drawn
from particles import MeanMovement
from runs.limit.observed import observables_of
from tests.problems import small_cloud

START = Drawn(small_cloud(), 3)


def test_observables_may_refer_to_the_cloud() -> None:
    """Assert that a function is handed the cloud as it was drawn, and that names alone stay as they are."""
    made = observables_of(lambda start: {"moved": MeanMovement(start.cloud)}, START)
    assert float(made["moved"](small_cloud())) == 0.0
    given = {"total": lambda cloud: cloud.positions.sum()}
    assert observables_of(given, START) is given


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        (
            lambda start: [1.0],
            TypeError,
            r"Observables are \[1.0\], but functions of a cloud by their names are needed",
        ),
        ({"a": 1.0}, TypeError, "but functions of a cloud by their names are needed"),
        ({}, ValueError, "Nothing is to be measured; name one observable or more"),
    ],
)
def test_what_is_no_set_of_observables_is_refused(given: Any, error: type[Exception], told: str) -> None:
    """Assert that one sentence says what was given and what was needed."""
    with pytest.raises(error, match=told):
        observables_of(given, START)
