"""A crew of processes on this machine, spawned for one batch; they die with whoever started them."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event

import torch

from runs.batch.jobs import Job, Outcome, Report, Stopped, Team, outcome_of
from runs.system.refusal import WorkerLost
from runs.system.signals import SHARED

#: Options of glibc's mallopt, and how much freed memory a worker may keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**28


@dataclass(frozen=True)
class Processes:
    """So many processes, one torch thread each."""

    count: int

    @contextmanager
    def __call__(
        self, jobs: Sequence[Job], perform: Callable[[Job, Report], None], begun: Sequence[int]
    ) -> Iterator[Team]:
        """Hand out the jobs; raises WorkerLost where a process is killed from outside."""
        context = multiprocessing.get_context("spawn")
        done = context.RawArray(ctypes.c_int64, list(begun))
        with _interrupts_ignored():  # the first one starts a process that has to outlive the workers
            stop = context.Event()
        pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin_worker, initargs=(done, stop))
        futures: list[Future[Outcome]] = []
        try:
            with _interrupts_ignored():
                futures += [pool.submit(_perform_in_worker, number, job, perform) for number, job in enumerate(jobs)]
            yield Team(futures, lambda: list(done))
        except BrokenProcessPool as error:
            raise WorkerLost(
                "A worker process was killed from outside, perhaps for want of memory; the same command continues the "
                "runs."
            ) from error
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def settle() -> None:
    """Make this process one that does jobs: one torch thread, and freed memory is kept.

    Given back and fetched again, a step's temporaries double the time of a run.
    """
    torch.set_num_threads(1)
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)


@dataclass(frozen=True)
class _Link:
    """What a worker shares with the process that started it."""

    done: "ctypes.Array[ctypes.c_int64]"
    stop: Event


_links: list[_Link] = []


def _begin_worker(done: "ctypes.Array[ctypes.c_int64]", stop: Event) -> None:
    for number in SHARED:
        signal.signal(number, signal.SIG_IGN)
    settle()
    _links.append(_Link(done, stop))
    threading.Thread(target=_end_with_parent, daemon=True).start()


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
    return outcome_of(job, perform, report)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes spawned inside the block do not die of Ctrl-C, or of a closing terminal, while they still import.

    Only the main thread may ask for it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SHARED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
