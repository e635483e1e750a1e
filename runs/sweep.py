"""Many independent jobs on a few local processes, one torch thread each, with progress and a clean stop."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import TypeVar

import torch

from particles.errors import FlowDiverged, TrajectoryError
from runs.refusal import Refusal, WorkerLost

Job = TypeVar("Job")

#: Tells how many steps of the job are done; may raise `Stopped`.
Report = Callable[[int], None]

#: Options of glibc's mallopt, and how much freed memory a worker may keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**28

#: Seconds between two looks at the workers.
GLANCE = 0.2


class Stopped(RuntimeError):
    """Raised inside a job when the whole batch is being interrupted."""


@dataclass(frozen=True)
class Outcome:
    """How one job ended: after how many seconds, and the sentence of what went wrong, if anything."""

    seconds: float
    failure: str | None = None


def usable_cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def perform_all(
    jobs: Sequence[Job],
    perform: Callable[[Job, Report], None],
    *,
    begun: Sequence[int],
    workers: int,
    watch: Callable[[Sequence[int]], None],
) -> list[Outcome]:
    """Call perform(job, report) for every job and hand the steps done of all jobs to `watch` while they run.

    begun: steps that each job had done before.
    workers = 0 runs them here one after the other, otherwise that many processes are spawned; either way with one torch
    thread, so the numbers do not depend on the choice. A job that diverges, is refused or cannot write its
    file fails alone.
    """
    if workers == 0:
        return _perform_here(jobs, perform, list(begun), watch)
    return _perform_apart(jobs, perform, list(begun), min(workers, len(jobs)), watch)


def _perform_here(
    jobs: Sequence[Job],
    perform: Callable[[Job, Report], None],
    done: list[int],
    watch: Callable[[Sequence[int]], None],
) -> list[Outcome]:
    outcomes = []
    with _one_thread():
        for number, job in enumerate(jobs):

            def report(steps: int, number: int = number) -> None:
                done[number] = steps
                watch(done)

            outcomes.append(_outcome(job, perform, report))
    return outcomes


def _perform_apart(
    jobs: Sequence[Job],
    perform: Callable[[Job, Report], None],
    begun: list[int],
    workers: int,
    watch: Callable[[Sequence[int]], None],
) -> list[Outcome]:
    context = multiprocessing.get_context("spawn")
    done = context.RawArray(ctypes.c_int64, begun)
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(done, stop))
    futures: list[Future[Outcome]] = []
    try:
        with _interrupts_ignored():
            futures += [pool.submit(_perform_in_worker, number, job, perform) for number, job in enumerate(jobs)]
        unfinished: set[Future[Outcome]] = set(futures)
        while unfinished:
            unfinished = wait(unfinished, timeout=GLANCE).not_done
            watch(list(done))
        return [future.result() for future in futures]
    except BrokenProcessPool as error:
        raise WorkerLost(
            "A worker process was killed from outside, perhaps for want of memory; the same command continues the runs."
        ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class _Link:
    """What a worker shares with the process that started it."""

    done: "ctypes.Array[ctypes.c_int64]"
    stop: Event


_links: list[_Link] = []


def _begin_worker(done: "ctypes.Array[ctypes.c_int64]", stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _keep_freed_memory()
    _links.append(_Link(done, stop))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed: given back and fetched again, a step's temporaries double the time of a run."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _perform_in_worker(number: int, job: Job, perform: Callable[[Job, Report], None]) -> Outcome:
    link = _links[-1]

    def report(steps: int) -> None:
        link.done[number] = steps
        if link.stop.is_set():
            raise Stopped("The batch was interrupted.")

    report(link.done[number])  # a job that was queued when the batch stopped is not begun
    return _outcome(job, perform, report)


def _outcome(job: Job, perform: Callable[[Job, Report], None], report: Report) -> Outcome:
    start = time.perf_counter()
    try:
        perform(job, report)
    except (FlowDiverged, Refusal, TrajectoryError) as error:
        return Outcome(time.perf_counter() - start, failure=str(error))
    return Outcome(time.perf_counter() - start)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes spawned inside the block do not die of Ctrl-C while they still import; only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
