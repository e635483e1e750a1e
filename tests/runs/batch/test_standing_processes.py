"""Processes that stay: results in order, errors raised here, and nobody left behind."""

import os
import signal
import time

import pytest
import torch

from particles import FlowDiverged
from runs.batch.standing_processes import standing_processes
from runs.system.refusal import WorkerLost


def squared(number: int) -> tuple[int, int, int]:
    """The square, with the process and its threads."""
    return number * number, os.getpid(), torch.get_num_threads()


def diverged(number: int) -> None:
    """An error of ours."""
    raise FlowDiverged(step=number, time=0.5, particles=1, count=2)


def killed(number: int) -> None:
    """A process that is killed from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def slept(seconds: float) -> None:
    """Long work."""
    time.sleep(seconds)


def test_results_come_in_order_from_processes_that_stay() -> None:
    """Assert that two calls share two processes of one thread each, and that an error in between ends none."""
    with standing_processes(2) as spread:
        first = spread(squared, range(20))
        with pytest.raises(FlowDiverged, match="at step 3") as failed:
            spread(diverged, [3, 4])
        second = spread(squared, range(20))
    assert failed.value.count == 2
    assert [number for number, _, _ in first] == [number * number for number in range(20)]
    processes = {process for _, process, _ in [*first, *second]}
    assert len(processes) <= 2 and os.getpid() not in processes and {threads for _, _, threads in first} == {1}
    for process in processes:
        with pytest.raises(ProcessLookupError, match="No such process"):
            os.kill(process, 0)


def test_a_killed_process_is_a_sentence() -> None:
    """Assert that the loss of a process is told as such."""
    with pytest.raises(WorkerLost, match="killed from outside"), standing_processes(1) as spread:
        spread(killed, [1])


def test_an_interrupt_does_not_wait_for_long_work() -> None:
    """Assert that what is being done is dropped where the block ends with an error."""
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt, match="by the alarm"), standing_processes(1) as spread:
        spread(squared, [1])
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        spread(slept, [60.0])
    assert time.monotonic() - begun < 30.0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt("by the alarm")
