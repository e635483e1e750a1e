"""The loop that does many independent jobs, here or by a crew of processes, with progress and a clean stop."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager

import torch

from runs.batch.jobs import Crew, Job, Outcome, Report, Stopped, outcome_of
from runs.batch.processes import Processes

__all__ = ["Outcome", "Report", "Stopped", "Watch", "perform_all", "usable_cores"]

#: A function that is called with the steps done of all jobs, and the numbers of the jobs that failed.
Watch = Callable[[Sequence[int], Sequence[int]], None]

#: Seconds between two checks of the crew.
GLANCE = 0.2


def usable_cores() -> int:
    """The number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def perform_all(
    jobs: Sequence[Job],
    perform: Callable[[Job, Report], None],
    *,
    begun: Sequence[int],
    workers: int | Crew,
    watch: Watch,
) -> list[Outcome]:
    """Call perform(job, report) for every job, call `watch` with the progress of all jobs, and return their outcomes.

    `begun` are the steps that each job had done before. With workers = 0 the jobs are done in this process, one after
    the other; another number spawns so many processes; a crew does the jobs itself. Each process has one torch thread,
    so numbers do not depend on the choice. A job that diverges, is refused or cannot write its file fails alone.
    """
    if workers == 0:
        return _perform_here(jobs, perform, list(begun), watch)
    crew = Processes(min(workers, len(jobs))) if isinstance(workers, int) else workers
    with crew(jobs, perform, begun) as team:
        unfinished = set(team.futures)
        while unfinished:
            unfinished = wait(unfinished, timeout=GLANCE).not_done
            watch(team.done(), [number for number, future in enumerate(team.futures) if _failed(future)])
        return [future.result() for future in team.futures]


def _failed(future: Future[Outcome]) -> bool:
    """Whether a job has ended with a failure; an error of the program is raised later, with the results."""
    if not future.done() or future.cancelled() or future.exception() is not None:
        return False
    return future.result().failure is not None


def _perform_here(
    jobs: Sequence[Job], perform: Callable[[Job, Report], None], done: list[int], watch: Watch
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    failed: list[int] = []
    with one_thread():
        for number, job in enumerate(jobs):

            def report(steps: int, number: int = number) -> None:
                done[number] = steps
                watch(done, failed)

            outcomes.append(outcome_of(job, perform, report))
            if outcomes[-1].failure is not None:
                failed.append(number)
                watch(done, failed)
    return outcomes


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which this process computes as a worker does, with one torch thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
