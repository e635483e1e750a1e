"""index.csv in the folder of a study: which run lies in which folder, how it is, and every setting it has.

For whoever looks for a run by its setting. Nothing is ever read from it: what is true stands in the runs.
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
#: What stands before the settings.
LEADING = ("folder", "seed", "state", "end_time", "until")
#: Seconds between two writings while runs are done, and as many times those that the last one took.
SECONDS, SHARE = 5.0, 50.0


def write_index(runs: Sequence[Found], out: Path) -> Path:
    """Write the index of runs that were found in a folder; whole or, where it cannot be, not."""
    path = out / INDEX_FILE
    with suppress(OSError):
        write_rows(index_rows(runs, out), path)
    return path


def index_rows(runs: Sequence[Found], out: Path) -> list[list[Scalar]]:
    """A line of names and one for each run; settings that differ come before those that all runs share."""
    differing = varied([run.values for run in runs], out)
    every = dict.fromkeys(name for run in runs for name in run.values if name not in OWN)
    names = [*differing, *(name for name in every if name not in differing)]
    rows: list[list[Scalar]] = [[*LEADING, *names]]
    for run in runs:
        held = [run.values.get(name) for name in names]
        rows.append([run.name, run.values.get("seed"), run.state, run.time, run.values.get("until"), *held])
    return rows


def write_rows(rows: Sequence[Sequence[Scalar]], path: Path) -> None:
    """Write rows as CSV, whole or not at all; numbers in full precision, nothing where there is none.

    Two commands may write it at once, each under a passing name of its own. Raises OSError where it cannot be written.
    """
    passing = path.with_name(f".{path.name}.{uuid4().hex}")
    with replacing(path, passing), passing.open("x", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([["" if cell is None else cell for cell in row] for row in rows])


class LiveIndex:
    """Writes the index when runs have ended, now and then while others are still at work."""

    def __init__(self, out: Path, jobs: Sequence[Job]) -> None:
        self._out, self._jobs, self._ended, self._next = out, jobs, 0, 0.0
        self._known: dict[str, Found] = {}
        self.write()

    def write(self) -> None:
        """Write it now."""
        began = time.monotonic()
        self._known = {run.name: run for run in found_in(self._out, self._jobs, known=self._known)}
        write_index(list(self._known.values()), self._out)
        now = time.monotonic()
        self._next = now + max(SECONDS, SHARE * (now - began))

    def watch(self, ended: int) -> None:
        """Write it where more runs have ended than at the last time and that is not just now."""
        if ended != self._ended and time.monotonic() >= self._next:
            self._ended = ended
            self.write()
