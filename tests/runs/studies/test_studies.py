"""The studies by name."""

import pytest

from runs.refusal import Refusal
from runs.studies import STUDIES, named


def test_unknown_study_is_refused() -> None:
    """Assert that a misspelt study gets the names and the nearest one."""
    with pytest.raises(
        Refusal, match=r"Unknown study 'asymmetric': choose one of asymmetric-scaling, .*; did you mean"
    ):
        named("asymmetric")


@pytest.mark.parametrize("name", STUDIES)
def test_listed_study_can_be_loaded(name: str) -> None:
    """Assert that a study's module is there and offers its command, and that its summary is one line."""
    entry = named(name)
    assert callable(entry.load().command)
    assert "\n" not in entry.summary and len(entry.summary) < 100
