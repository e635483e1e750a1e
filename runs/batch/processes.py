"""A crew of processes on this machine, begun for one batch; they end with their parent process."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event

import torch

from runs.batch.fork_server import forked_or_spawned
from runs.batch.jobs import Job, Outcome, Report, Stopped, Team, outcome_of
from runs.system.refusal import WorkerLost
from runs.system.signals import SHARED, signals_ignored

#: Options of glibc's mallopt, and the number of bytes of freed memory that a worker may keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**28


@dataclass(frozen=True)
class Processes:
    """A crew of `count` processes with one torch thread each."""

    count: int

    @contextmanager
    def __call__(
        self, jobs: Sequence[Job], perform: Callable[[Job, Report], None], begun: Sequence[int]
    ) -> Iterator[Team]:
        """Give the jobs to the processes; raises WorkerLost where a process is killed from outside."""
        context = forked_or_spawned()
        done = context.RawArray(ctypes.c_int64, list(begun))
        with signals_ignored():  # the event starts a process that must outlive the workers
            stop = context.Event()
        given = (dict(os.environ), done, stop)
        pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin_linked, initargs=given)
        futures: list[Future[Outcome]] = []
        try:
            with signals_ignored():
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
    """Prepare this process for jobs: it gets one torch thread and keeps freed memory.

    If the temporary memory of every step were returned to the system, a run would take twice the time.
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
    """The objects that a worker shares with its parent process."""

    done: "ctypes.Array[ctypes.c_int64]"
    stop: Event


_links: list[_Link] = []


def begin_worker(environment: Mapping[str, str]) -> None:
    """Make this process a worker: signals are its parent's, it has one torch thread, and ends with its parent.

    Its environment becomes that of its parent.
    """
    os.environ.clear()
    os.environ.update(environment)
    for number in SHARED:
        signal.signal(number, signal.SIG_IGN)
    settle()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _begin_linked(environment: Mapping[str, str], done: "ctypes.Array[ctypes.c_int64]", stop: Event) -> None:
    begin_worker(environment)
    _links.append(_Link(done, stop))


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

    report(link.done[number])  # so a job that was queued when the batch stopped does not begin
    return outcome_of(job, perform, report)
