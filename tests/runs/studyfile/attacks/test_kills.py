"""Runs killed at each write of a checkpoint, and evenly over their length, end with the bits of one in one go."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from particles.trajectory import writer
from particles.trajectory.content.comparison import differing
from runs.recorded import trajectory_run
from runs.studyfile.running import WHOLE, Job, perform
from tests.long import long
from tests.ranks import needs_fork
from tests.runs.studyfile.small.studies import config, write_data
from tests.runs.studyfile.test_running import LANGEVIN

PACED: dict[str, Any] = {"integrator": {"kind": "bdf", "rtol": 1e-4}, "frames": {"time": 0.125}}
ADAM = {"integrator": {"kind": "adam", "step": 0.125, "schedule": {"kind": "cosine-decay", "until": 2.0}}}
STUDIES = {"euler": {}, "langevin": LANGEVIN, "bdf": PACED, "adam": ADAM}

#: What one writes into a file with: each call may be the last one.
WRITES = ((h5py.Dataset, "__setitem__"), (h5py.AttributeManager, "modify"), (h5py.File, "flush"))
#: Checkpoints by number at whose writes a run is killed: the first makes the slots, the third is written over one.
CHECKPOINTS = (1, 2, 3)


class Killed:
    """Counts the writes within chosen checkpoints, or in all of a run, and kills the process before one of them."""

    def __init__(self, at: int, within: tuple[int, ...] | None, note: Path) -> None:
        """at: number of the write; within: the checkpoints counted, None for every write; note: where it is counted."""
        self._at, self._within, self._note = at, within, note
        self._kept, self.count = 0, 0
        self._counting = within is None

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand before every write."""
        for owner, name in WRITES:
            patch.setattr(owner, name, self._counted(getattr(owner, name)))
        patch.setattr(writer, "put_checkpoint", self._entered(writer.put_checkpoint))

    def _counted(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def write(*given: Any, **named: Any) -> Any:
            if self._counting:
                if self.count == self._at:
                    os.kill(os.getpid(), signal.SIGKILL)
                self.count += 1
            return act(*given, **named)

        return write

    def _entered(self, put: Callable[..., None]) -> Callable[..., None]:
        def kept(*given: Any, **named: Any) -> None:
            self._kept += 1
            if self._within is None:
                put(*given, **named)
                return
            self._counting = self._kept in self._within
            put(*given, **named)
            self._counting = False

        return kept

    def forked(self, job: Job) -> bool:
        """Do the run in a process of its own; whether it was killed. The count is noted where it was not."""
        child = os.fork()
        if child == 0:
            self.install(pytest.MonkeyPatch())
            perform(job, lambda share: None)
            self._note.write_text(str(self.count))
            os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def unequal(folder: Path, study: str, within: tuple[int, ...] | None, every: int) -> tuple[int, list[int]]:
    """How many kills there were, and the numbers of the writes before which a kill changed the file."""
    write_data(folder)
    note, bad, kills = folder / "count", [], 0
    whole = Job(config({**STUDIES[study], "until": 2.0}), folder, folder / "whole")
    assert not Killed(-1, within, note).forked(whole)
    writes = int(note.read_text())
    for number in range(0, writes, every):
        job = Job(whole.config, folder, folder / str(number))
        kills += Killed(number, within, note).forked(job)
        perform(job, lambda share: None)
        if job.done() < WHOLE or differing(whole.path, job.path):
            bad.append(number)
    return kills, bad


@needs_fork
@pytest.mark.parametrize("study", ["euler", long("adam")])
def test_killed_at_the_writes_of_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: str) -> None:
    """Assert that no kill within the third checkpoint, which is written over the first, changes a bit."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    kills, bad = unequal(tmp_path, study, (3,), 1)
    assert kills > 5 and bad == []


@needs_fork
@pytest.mark.validation
@pytest.mark.parametrize(
    ("within", "every", "least"), [(CHECKPOINTS, 1, 20), (None, 13, 10)], ids=["keeping", "evenly"]
)
@pytest.mark.parametrize("study", STUDIES)
def test_killed_at_many_writes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    study: str,
    within: tuple[int, ...] | None,
    every: int,
    least: int,
) -> None:
    """Assert that no kill at any write of three checkpoints changes a bit of what a run ends with.

    Nor does one before any thirteenth write, from the first frame to the mark of completeness.
    """
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    kills, bad = unequal(tmp_path, study, within, every)
    assert kills > least and bad == []
