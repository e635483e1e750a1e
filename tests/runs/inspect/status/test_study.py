"""The state of the cases of a study by name: which are done, of which seeds, and how long the rest takes."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from runs.inspect.status import study as status_of
from runs.inspect.status.study import is_study_folder, study_state
from runs.study.running import run_study
from runs.system.locks import LISTED
from runs.system.refusal import Refusal
from tests.runs.study import toy


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry has the toy study alone."""
    monkeypatch.setattr(status_of, "STUDIES", {"toy": "tests.runs.study.toy"})
    monkeypatch.setattr(status_of, "named", lambda name: toy.STUDY)


def done(folder: Path, *only: str, **given: object) -> Path:
    """The folder of a toy study of which experiments were done."""
    run_study(toy.STUDY, toy.configured(folder, **given), only=only)
    return folder


def test_cases_are_finished_or_missing(tmp_path: Path) -> None:
    """Assert that experiments that nobody asked for are only named, and that a case without its rows is missing."""
    folder = done(tmp_path / "a", "E1.1")
    assert is_study_folder(folder) and not is_study_folder(tmp_path)
    state = study_state(folder)
    assert (state.kind, state.name, state.at_work) == ("study", "toy", False)
    assert [(run.name, run.state) for run in state.runs] == [
        ("E1.1-predicted", "finished"),
        ("E1.1-seed0", "finished"),
        ("E1.1-seed1", "finished"),
    ]
    assert state.remarks == ("not begun, and not among those done without being named: E1.2",)
    (folder / "cases" / "E1.1-seed1.csv").unlink()
    state = study_state(folder)
    assert state.counts["missing"] == 1 and state.counts["finished"] == 2
    assert "the folder keeps no word of them" in state.remarks[-1]


def test_more_seeds_than_those_of_the_scale_are_seen(tmp_path: Path) -> None:
    """Assert that five seeds are five cases, where the scale has two, and that fewer leave the rest missing."""
    state = study_state(done(tmp_path / "a", "E1.2", seeds=5))
    names = [run.name for run in state.runs if run.setting == "E1.2"]
    assert names == [f"E1.2-seed{seed}" for seed in range(5)]
    state = study_state(done(tmp_path / "b", "E1.2", seeds=1))
    assert [run.state for run in state.runs if run.setting == "E1.2"] == ["finished", "missing"]


@pytest.mark.skipif(not LISTED.exists(), reason="this system does not list its locks")
def test_time_left_is_that_of_the_work_since_the_folder_was_taken(tmp_path: Path) -> None:
    """Assert that with half of the cases done in a minute another minute is left while somebody is at work."""
    folder = done(tmp_path / "a", "E1.1", seeds=3)
    (folder / "cases" / "E1.1-seed1.csv").unlink()
    (folder / "cases" / "E1.1-seed0.csv").unlink()
    began = os.stat(folder / "config.json").st_mtime - 60.0
    os.utime(folder / "config.json", (began, began))
    assert study_state(folder).seconds_left is None
    with FileLock(folder / ".lock"):
        state = study_state(folder)
    assert state.at_work and state.counts["missing"] == 2
    assert state.seconds_left == pytest.approx(60.0, abs=10.0)


def test_folders_of_other_versions_are_refused(tmp_path: Path) -> None:
    """Assert that a study that is not there, and a field that it does not have, are told in a sentence."""
    folder = done(tmp_path / "a", "E1.1")
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"study": "toy"', '"study": "gone"'))
    with pytest.raises(Refusal, match="is of the study 'gone', which this version does not have"):
        study_state(folder)
    (folder / "config.json").write_text(config.replace('"rate": 1.0', '"pace": 1.0'))
    with pytest.raises(Refusal, match="does not do for pace"):
        study_state(folder)
