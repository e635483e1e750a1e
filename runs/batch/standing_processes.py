"""Processes that stay while one caller has many small pieces of work, whose results come back to it."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any, TypeAlias

from runs.batch.processes import begin_worker, interrupts_ignored
from runs.system.refusal import WorkerLost

#: Applies a function, which is found by its module and name, to each of some arguments; results are in their order.
Spread: TypeAlias = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]


@contextmanager
def standing_processes(count: int) -> Iterator[Spread]:
    """A context with `count` processes of one torch thread each; they start with the first work.

    What goes wrong in a process is raised here, and what is still being done is dropped. Raises WorkerLost where a
    process is killed from outside.
    """
    context = multiprocessing.get_context("spawn")
    with interrupts_ignored():  # the event starts a process that must outlive the workers
        stop = context.Event()
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(stop,))

    def spread(function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
        with interrupts_ignored():
            futures = [pool.submit(function, argument) for argument in arguments]
        wait(futures, return_when=FIRST_EXCEPTION)
        return [future.result() for future in futures]

    try:
        yield spread
    except BaseException as error:
        stop.set()
        if isinstance(error, BrokenProcessPool):
            raise WorkerLost(
                "A worker process was killed from outside, perhaps for want of memory; the same command goes on from "
                "what was kept."
            ) from error
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(stop: Event) -> None:
    begin_worker()
    threading.Thread(target=_end_when_told, args=(stop,), daemon=True).start()


def _end_when_told(stop: Event) -> None:
    """End at once: the process has written nothing."""
    stop.wait()
    os._exit(0)
