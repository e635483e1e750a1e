"""What a study's folder notes of the commands that worked on it: version, commit, libraries, device, seconds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particles.trajectory.content.provenance import provenance
from runs.batch.output_folder import replace_text
from runs.system.files import json_in

NOTES = "provenance.json"


def note_work(folder: Path, device: str, seconds: float) -> None:
    """Add a note on a command that did cases of a study, and how many seconds it took."""
    note = {**provenance(), "device": device, "wall_seconds": round(seconds, 3)}
    replace_text(folder / NOTES, json.dumps([*noted_work(folder), note], indent=1) + "\n")


def noted_work(folder: Path) -> list[Mapping[str, Any]]:
    """The notes in a study's folder, the oldest first; none where there are none that can be read."""
    try:
        held = json_in(folder / NOTES)
    except (OSError, ValueError):
        return []
    return [note for note in held if isinstance(note, dict)] if isinstance(held, list) else []
