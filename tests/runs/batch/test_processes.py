"""Local processes: how a batch on them is stopped, and what is said where one is killed."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from runs.batch.crew import perform_all
from runs.batch.jobs import Report, Stopped
from runs.batch.processes import Processes, settle
from runs.system.refusal import WorkerLost


def nothing(done: Sequence[int], failed: Sequence[int]) -> None:
    """Watch without looking."""


def be_killed(name: str, report: Report) -> None:
    """Die as by the out-of-memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)


def write_process(path: Path, report: Report) -> None:
    """Leave the number of the process behind."""
    path.write_text(str(os.getpid()))


def run_long(path: Path, report: Report) -> None:
    """Report for up to a minute; note when told to stop."""
    for step in range(6000):
        try:
            report(step + 1)
        except Stopped:
            path.write_text("stopped")
            raise
        time.sleep(0.01)


def test_a_killed_worker_is_one_sentence() -> None:
    """Assert that a worker that dies without a word ends the batch with a sentence."""
    with pytest.raises(WorkerLost, match="killed from outside, .*the same command continues"):
        perform_all(["any"], be_killed, begun=[0], workers=1, watch=nothing)


def test_interrupt_stops_the_workers(tmp_path: Path) -> None:
    """Assert that Ctrl-C in the parent reaches every running job as Stopped, starts no other, and comes out again."""

    def interrupt(done: Sequence[int], failed: Sequence[int]) -> None:
        if done[0] > 0:
            raise KeyboardInterrupt

    paths = [tmp_path / "a", tmp_path / "b"]
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt, match="^$"):
        perform_all(paths, run_long, begun=[0, 0], workers=1, watch=interrupt)
    assert time.monotonic() - start < 30.0
    assert paths[0].read_text() == "stopped" and not paths[1].exists()


def test_processes_are_a_crew_of_their_own(tmp_path: Path) -> None:
    """Assert that a crew given as such is used, with as many processes as it says."""
    paths = [tmp_path / str(number) for number in range(4)]
    perform_all(paths, write_process, begun=[0] * 4, workers=Processes(1), watch=nothing)
    (process,) = {path.read_text() for path in paths}
    assert process != str(os.getpid())


def test_settling_leaves_one_thread() -> None:
    """Assert that a process that does jobs has one torch thread, however many it had."""
    torch.set_num_threads(2)
    settle()
    assert torch.get_num_threads() == 1
