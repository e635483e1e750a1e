"""Where runs come from, in rows; of many files what differs, once."""

from typing import Any

import pytest

from runs.pages.provenance import MOST, commands_of, rows_of, typed

NOTE: dict[str, Any] = {
    "version": "0.1.0",
    "git": {"commit": "a" * 40, "dirty": True},
    "libraries": {"torch": "2.13", "numpy": "2.4"},
    "device": "cpu",
    "started": "2026-01-01T10:00:00+00:00",
    "wall_seconds": 100.0,
    "command": ["/venv/bin/meanfield", "run", "a b"],
}


def test_one_note_gives_every_row() -> None:
    """Assert that version, commit with its changes, libraries, device, start and seconds are said."""
    assert rows_of([NOTE], "file") == [
        ("version", "meanfield-particles 0.1.0"),
        ("commit", "aaaaaaaaaaaa, with changes that are not committed"),
        ("libraries", "torch 2.13, numpy 2.4"),
        ("device", "cpu"),
        ("started", "2026-01-01 10:00 UTC"),
        ("work", "100 seconds"),
    ]


def test_several_notes_are_joined() -> None:
    """Assert that what differs is named once each, times give first and last, and seconds are added up."""
    later = NOTE | {"device": "cuda", "started": "2026-01-02T11:00:00+00:00", "git": None}
    rows = dict(rows_of([NOTE, later, NOTE], "file"))
    assert rows["device"] == "cpu; cuda"
    assert rows["started"] == "2026-01-01 10:00 UTC to 2026-01-02 11:00 UTC"
    assert rows["work"] == "5 minutes for 3 files"
    many = [NOTE | {"device": str(number)} for number in range(MOST + 3)]
    assert dict(rows_of(many, "file"))["device"] == "0; 1; 2; 3; and 3 more"


@pytest.mark.parametrize("note", [{}, {"version": None, "git": 3, "libraries": [], "started": 1, "wall_seconds": "x"}])
def test_what_a_file_does_not_say_is_left_out(note: dict[str, Any]) -> None:
    """Assert that notes of other programs, or none, do no harm."""
    assert rows_of([note], "file") == []
    assert commands_of([note, {"command": []}]) == ()
    assert rows_of([], "file") == ()


def test_commands_are_as_they_are_typed() -> None:
    """Assert that the program has no folder, arguments are quoted, and a command that came twice is said once."""
    assert commands_of([NOTE, NOTE]) == ("meanfield run 'a b'",)
    assert typed(["/x/runs/__main__.py", "list"]) == "python -m runs list"
    assert typed(["-c"]) == "python"
