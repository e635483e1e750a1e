"""Processes that stay while one caller has many small pieces of work, whose results come back to it."""

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeAlias

from runs.batch.fork_server import forked_or_spawned
from runs.batch.processes import begin_worker
from runs.system.refusal import WorkerLost
from runs.system.signals import signals_ignored

#: Applies a function, which is found by its module and name, to each of some arguments; results are in their order.
Spread: TypeAlias = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]

#: Seconds between two looks of a process whether it is to end.
GLANCE = 0.1


@contextmanager
def standing_processes(count: int) -> Iterator[Spread]:
    """A context with `count` processes of one torch thread each; they start with the first work.

    What goes wrong in a process is raised here, and what is still being done is dropped. Raises WorkerLost where a
    process is killed from outside.
    """
    context = forked_or_spawned()
    stop = context.RawValue(ctypes.c_bool, False)  # without a lock, which a process that is killed might hold
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(dict(os.environ), stop))

    def spread(function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
        with signals_ignored():
            futures = [pool.submit(function, argument) for argument in arguments]
        wait(futures, return_when=FIRST_EXCEPTION)
        return [future.result() for future in futures]

    ended = False
    try:
        yield spread
        ended = True
    except BrokenProcessPool as error:
        raise WorkerLost(
            "A worker process was killed from outside, perhaps for want of memory; the same command goes on from "
            "what was kept."
        ) from error
    finally:
        if not ended:
            stop.value = True
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(environment: Mapping[str, str], stop: "ctypes.c_bool") -> None:
    begin_worker(environment)
    threading.Thread(target=_end_when_told, args=(stop,), daemon=True).start()


def _end_when_told(stop: "ctypes.c_bool") -> None:
    """End at once: the process has written nothing."""
    while not stop.value:
        time.sleep(GLANCE)
    os._exit(0)
