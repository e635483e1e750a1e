"""A study: its configuration by scale, and its experiments by name."""

from pathlib import Path

import pytest

from runs.studies import named
from runs.system.refusal import Refusal
from tests.runs.study.toy import STUDY


def test_folder_is_named_by_study_data_and_scale() -> None:
    """Assert that data are in the name where the study has some, and that a folder that is given is taken."""
    assert STUDY.configured(scale="smoke").out == Path("results/toy-smoke")
    assert STUDY.configured().out == Path("results/toy-laptop")
    assert named("kernel-limits").configured(scale="smoke").out == Path("results/kernel-limits-diabetes-smoke")
    assert STUDY.configured(out=Path("here"), seeds=None).out == Path("here")


def test_data_are_refused_where_the_study_has_its_own() -> None:
    """Assert that a data set for a study without a choice is one sentence."""
    with pytest.raises(Refusal, match="The study has data of its own, but 'diabetes' was given: leave --data out"):
        STUDY.configured(scale="smoke", data="diabetes")


def test_experiments_are_chosen_by_name() -> None:
    """Assert that no name is all of them, names keep their order, and a wrong one gets the list."""
    assert [one.name for one in STUDY.chosen(())] == ["E1.1", "E1.2"]
    assert [one.name for one in STUDY.chosen(("E1.2", "E1.1"))] == ["E1.2", "E1.1"]
    with pytest.raises(Refusal, match=r"Unknown experiment 'E1\.3': choose one of E1\.1, E1\.2"):
        STUDY.chosen(("E1.3",))
