"""The index of a study, index.csv in its folder: the folder of each run, its state, and all its settings.

It helps to find a run by its settings. The program never reads it, since the runs themselves hold the truth.
"""

import csv
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from runs.recorded.flat_parameters import Scalar
from runs.studyfile.results.finished_runs import OWN, Found, found_in, varied
from runs.studyfile.running import Job
from runs.system.files import replacing

INDEX_FILE = "index.csv"
#: The columns before the settings.
LEADING = ("folder", "seed", "state", "end_time", "until")
#: Seconds between two writings while runs are done, at least; and as a multiple of the duration of the last writing.
SECONDS, SHARE = 5.0, 50.0


def write_index(runs: Sequence[Found], out: Path) -> Path:
    """Write the index of runs that were found in a folder, if it can be written, and return its path."""
    path = out / INDEX_FILE
    with suppress(OSError):
        write_rows(index_rows(runs, out), path)
    return path


def index_rows(runs: Sequence[Found], out: Path) -> list[list[Scalar]]:
    """A row of names and a row for each run; settings that differ come before those that all runs share."""
    differing = varied([run.values for run in runs], out)
    every = dict.fromkeys(name for run in runs for name in run.values if name not in OWN)
    names = [*differing, *(name for name in every if name not in differing)]
    rows: list[list[Scalar]] = [[*LEADING, *names]]
    for run in runs:
        held = [run.values.get(name) for name in names]
        rows.append([run.name, run.values.get("seed"), run.state, run.time, run.values.get("until"), *held])
    return rows


def write_rows(rows: Sequence[Sequence[Scalar]], path: Path) -> None:
    """Write rows as CSV, whole or not at all, with numbers in full precision and None as an empty cell.

    Two commands may write it at once, each under its own temporary name. Raises OSError where it cannot be written.
    """
    passing = path.with_name(f".{path.name}.{uuid4().hex}")
    with replacing(path, passing), passing.open("x", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([["" if cell is None else cell for cell in row] for row in rows])


class LiveIndex:
    """A writer of the index that updates it while runs are done, after some of them have ended."""

    def __init__(self, out: Path, jobs: Sequence[Job]) -> None:
        self._out, self._jobs, self._ended, self._next = out, jobs, 0, 0.0
        self._known: dict[str, Found] = {}
        self.write()

    def write(self) -> None:
        """Write the index now."""
        began = time.monotonic()
        self._known = {run.name: run for run in found_in(self._out, self._jobs, known=self._known)}
        write_index(list(self._known.values()), self._out)
        now = time.monotonic()
        self._next = now + max(SECONDS, SHARE * (now - began))

    def watch(self, ended: int) -> None:
        """Write the index if more runs have ended than before and the last writing is long enough ago."""
        if ended != self._ended and time.monotonic() >= self._next:
            self._ended = ended
            self.write()
