"""A batch of jobs, here or on local processes: what comes back, what fails alone, what is watched."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from particles import FlowDiverged, TrajectoryError
from runs.batch.crew import Report, perform_all, usable_cores
from tests.long import long


def nothing(done: Sequence[int], failed: Sequence[int]) -> None:
    """Watch without looking."""


def write_threads(path: Path, report: Report) -> None:
    """Leave behind the process and its torch threads."""
    report(1)
    path.write_text(f"{os.getpid()} {torch.get_num_threads()}")
    report(2)


def fail_by_name(name: str, report: Report) -> None:
    """Fail in the way that the name says."""
    if name == "diverges":
        raise FlowDiverged(step=3, time=1.5, particles=2, count=10)
    if name == "disk":
        raise TrajectoryError("The disk is full.")
    if name == "bug":
        raise KeyError(name)
    report(5)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_job_is_performed_with_one_thread(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that all jobs run, here or in processes of their own, each with one torch thread."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    try:
        paths = [tmp_path / str(number) for number in range(3)]
        outcomes = perform_all(paths, write_threads, begun=[0, 0, 0], workers=workers, watch=nothing)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert [outcome.failure for outcome in outcomes] == [None] * 3
    processes, threads = zip(*(path.read_text().split() for path in paths), strict=True)
    assert set(threads) == {"1"}
    assert (str(os.getpid()) in processes) == (workers == 0)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_failing_job_fails_alone(workers: int) -> None:
    """Assert that divergence and a full disk are reported by their sentences while the other job is done."""
    outcomes = perform_all(["diverges", "disk", "fine"], fail_by_name, begun=[0] * 3, workers=workers, watch=nothing)
    diverged, full, fine = (outcome.failure for outcome in outcomes)
    assert diverged is not None and diverged.startswith("The flow diverged at step 3, time 1.5: 2 of 10 particles")
    assert (full, fine) == ("The disk is full.", None)


@pytest.mark.parametrize("workers", [0, long(1)])
def test_a_mistake_in_the_program_is_not_swallowed(workers: int) -> None:
    """Assert that an error nobody foresaw comes out as itself."""
    with pytest.raises(KeyError, match="bug"):
        perform_all(["bug"], fail_by_name, begun=[0], workers=workers, watch=nothing)


@pytest.mark.parametrize("workers", [0, long(1)])
def test_steps_are_watched_from_where_they_began(workers: int, tmp_path: Path) -> None:
    """Assert that the watcher sees the steps done of every job, those from before included."""
    seen: list[list[int]] = []
    paths = [tmp_path / "a", tmp_path / "b"]

    def watch(done: Sequence[int], failed: Sequence[int]) -> None:
        seen.append(list(done))

    perform_all(paths, write_threads, begun=[1, 0], workers=workers, watch=watch)
    assert seen[-1] == [2, 2]
    assert all(1 <= first <= 2 and 0 <= second <= 2 for first, second in seen)


@pytest.mark.parametrize("workers", [0, long(1)])
def test_failures_are_watched(workers: int) -> None:
    """Assert that the watcher hears which jobs have failed, and of no other."""
    seen: list[list[int]] = []

    def watch(done: Sequence[int], failed: Sequence[int]) -> None:
        seen.append(list(failed))

    perform_all(["fine", "disk", "diverges"], fail_by_name, begun=[0] * 3, workers=workers, watch=watch)
    assert seen[-1] == [1, 2]
    assert all(set(failed) <= {1, 2} for failed in seen)


def test_usable_cores_respect_the_affinity() -> None:
    """Assert that there is at least one core and never more than the process may use."""
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
