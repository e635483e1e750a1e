"""What a study's folder notes of the commands that worked on it."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from runs.study.provenance import NOTES, note_work, noted_work
from runs.study.running import run_study
from tests.runs.study.toy import STUDY, configured


def test_each_command_that_does_something_adds_a_note(tmp_path: Path) -> None:
    """Assert that a run notes version, commit, libraries, device and seconds; the same again notes nothing."""
    folder = tmp_path / "a"
    run_study(STUDY, configured(folder), console=Console(file=io.StringIO()))
    (note,) = noted_work(folder)
    assert {"version", "git", "libraries", "command", "started"} <= set(note)
    assert note["device"] == "cpu" and note["wall_seconds"] >= 0.0
    run_study(STUDY, configured(folder), console=Console(file=io.StringIO()))
    assert len(noted_work(folder)) == 1
    run_study(STUDY, configured(folder, seeds=3), console=Console(file=io.StringIO()))
    assert len(noted_work(folder)) == 2


@pytest.mark.parametrize("held", ["", "{", "3", '{"a": 1}', "[1, 2]"])
def test_notes_that_cannot_be_read_are_none(tmp_path: Path, held: str) -> None:
    """Assert that a damaged file is no hindrance, and a new note begins anew."""
    (tmp_path / NOTES).write_text(held)
    assert noted_work(tmp_path) == []
    note_work(tmp_path, "cpu", 1.0)
    assert [note["wall_seconds"] for note in noted_work(tmp_path)] == [1.0]
