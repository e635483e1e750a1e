"""The report on a folder: which studies lie there, and its lines."""

from pathlib import Path

import pytest
from rich.console import Console

from runs.inspect.status import folder as reported
from runs.inspect.status.folder import details, headline, states_in, table
from runs.inspect.status.states import FolderState, RunState
from runs.system.refusal import Refusal

RUNS = (
    RunState("a1", "width 4", 0, "finished", 1.0),
    RunState("b2", "width 4", 1, "running", 0.5, 5.0, 10.0, 60.0, 60.0, 2.0),
    RunState("c3", "width \x1b[2J", None, "failed", 0.25, failure="It broke."),
    RunState("d4", "width 6", 1, "missing", 0.0),
)
STATE = FolderState(Path("results/a"), "study file", "a", True, RUNS, 130.0, ("a word",))


def test_headline_counts_runs_and_tells_the_time_left() -> None:
    """Assert that states without runs are left out, and that it is said where nobody is at work, but not at the end."""
    assert headline(STATE) == "results/a: 4 runs, 1 finished, 1 running, 1 failed, 1 missing; about 2 min 10 s left"
    idle = FolderState(Path("b"), "study", "toy", False, RUNS[::3])
    assert headline(idle) == "b: 2 cases of toy, 1 finished, 1 missing; nobody is at work"
    assert headline(FolderState(Path("b"), "study", "toy", False, RUNS[:1])) == "b: 1 cases of toy, 1 finished"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_table_has_a_row_for_each_setting(width: int) -> None:
    """Assert that settings stand with their counts and their share, in lines that fit, and steer no terminal."""
    console = Console(width=width)
    with console.capture() as capture:
        console.print(table(STATE))
    lines = capture.get().splitlines()
    assert all(len(line) <= width for line in lines) and "\x1b" not in capture.get()
    assert lines[0].split() == ["setting", "finished", "running", "failed", "missing", "done"]
    assert lines[2].split() == ["width", "4", "1", "1", "75", "%"]


def test_details_tell_of_runs_at_work_and_of_failures() -> None:
    """Assert that a run at work has its time, share and time left, and a failed one its sentence."""
    assert list(details(STATE)) == [
        "running: b2 (width 4, seed 1), time 5 of 10, 50 %, about 1 min 0 s left, written 2 s ago",
        "failed: c3 (width \\x1b[2J): It broke.",
        "a word",
    ]
    many = FolderState(Path("a"), "study file", "a", True, RUNS[2:3] * 25)
    assert list(details(many))[-1] == "failed: 5 more"


def test_folders_above_studies_have_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a study's own folder is one study, that one above has each, and that neither is refused."""
    monkeypatch.setattr(reported, "_is_ours", lambda folder: (folder / "config.json").exists())
    monkeypatch.setattr(reported, "_state", lambda folder: FolderState(folder, "study", "toy", False, ()))
    with pytest.raises(Refusal, match="is no folder of a study's results, and has none in it: name one"):
        states_in(tmp_path)
    with pytest.raises(Refusal, match="none is no folder: name the folder of a study's results"):
        states_in(tmp_path / "none")
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").touch()
    (tmp_path / "c").touch()
    assert [state.folder.name for state in states_in(tmp_path)] == ["a", "b"]
    assert [state.folder.name for state in states_in(tmp_path / "a")] == ["a"]


def test_one_study_that_cannot_be_told_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that of several studies a bad one has its sentence, and that alone it is refused."""

    def state(folder: Path) -> FolderState:
        if folder.name == "a":
            raise Refusal("It is of another version.")
        return STATE

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(reported, "_is_ours", lambda folder: folder != tmp_path)
    monkeypatch.setattr(reported, "_state", state)
    bad, good = states_in(tmp_path)
    assert good is STATE and bad.remarks == ("It is of another version.",)
    assert headline(bad) == f"{tmp_path / 'a'}: 0 cases, no runs"
    with pytest.raises(Refusal, match="It is of another version"):
        states_in(tmp_path / "a")
