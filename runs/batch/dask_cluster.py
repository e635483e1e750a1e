"""A crew of Dask workers on any machines: jobs go to a scheduler as configurations, and files come out where all see.

What travels is pickled by Dask between its own processes, so a scheduler is somebody to trust like a login shell.
"""

import logging
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runs.batch.jobs import Job, Outcome, Report, Stopped, Team, outcome_of
from runs.batch.output_folder import UNWRITABLE
from runs.batch.processes import settle
from runs.system.extras import installed_by
from runs.system.refusal import Refusal, WorkerLost

#: Seconds within which a scheduler must answer, and one without workers must have got one.
CONNECT_SECONDS = 10.0
#: Seconds between two words of a worker on how far its job is.
TELL_SECONDS = 1.0
#: Under which the workers tell it.
TOPIC = "meanfield-progress"
#: What decides the bits of a run, and has to be the same everywhere.
PACKAGES = ("meanfield-particles", "torch", "numpy", "h5py")
#: Loggers of those who have a say in a connection.
TALKING = (
    *("distributed.client", "distributed.core", "distributed.comm", "distributed.comm.tcp", "distributed.utils"),
    *("distributed.batched", "tornado.application", "asyncio"),
)
#: States of a task, as its worker knows it, in which somebody still waits for it.
WANTED = ("executing", "long-running")


@dataclass(frozen=True, eq=False)
class Cluster:
    """The workers of a scheduler, reached through a connected `distributed.Client`."""

    client: Any

    @contextmanager
    def __call__(
        self, jobs: Sequence[Job], perform: Callable[[Job, Report], None], begun: Sequence[int]
    ) -> Iterator[Team]:
        """Hand out the jobs. `perform` and the jobs' classes are imported by the workers, not sent to them.

        A job whose workers died, more often than the scheduler allows, has that as its outcome. Raises WorkerLost where
        the scheduler is gone.
        """
        done = list(begun)
        batch = str(self.client.id)

        def heard(event: tuple[float, dict[str, Any]]) -> None:
            if event[1]["batch"] == batch:
                _raise_to(done, event[1]["job"], event[1]["steps"])

        self.client.subscribe_topic(TOPIC, heard)
        tasks = self.client.get_executor(pure=False)
        try:
            futures: list[Future[Outcome]] = []
            for number, job in enumerate(jobs):
                futures.append(Future())
                task = tasks.submit(_perform_on_worker, batch, number, begun[number], job, perform)
                task.add_done_callback(partial(_hand_on, futures[number], done, number))
            yield Team(futures, lambda: list(done))
        finally:
            tasks.shutdown(wait=False)
            self.client.unsubscribe_topic(TOPIC)


def _raise_to(done: list[int], number: int, steps: int) -> None:
    """Note the steps of a job; an earlier number may arrive later."""
    done[number] = max(done[number], steps)


def _hand_on(future: Future[Outcome], done: list[int], number: int, task: Future[tuple[Outcome, int]]) -> None:
    """Turn how a task of Dask ended into how the job ended."""
    if task.cancelled():
        future.set_exception(
            WorkerLost("The scheduler has gone or dropped the runs; the same command continues them where they are.")
        )
        return
    error = task.exception()
    if error is None:
        outcome, steps = task.result()
        _raise_to(done, number, steps)
        future.set_result(outcome)
    elif type(error).__name__ == "KilledWorker":
        said = "Every worker that tried this run died, perhaps for want of memory; the same command tries it again."
        future.set_result(Outcome(math.nan, said, lost=True))
    else:
        future.set_exception(error)


class _Telling:
    """The report of a job on a worker: tells its client now and then, and stops a job that nobody waits for."""

    def __init__(self, batch: str, number: int, begun: int) -> None:
        from distributed import get_worker

        self._worker: Any = get_worker()
        self._task = self._worker.get_current_task()
        self._batch, self._number, self.steps = batch, number, begun
        self._next = 0.0

    def __call__(self, steps: int) -> None:
        """Note the steps; raises Stopped where the task was cancelled or its client has gone."""
        self.steps = steps
        held = self._worker.state.tasks.get(self._task)
        if held is None or held.state not in WANTED:
            raise Stopped("The batch was interrupted.")
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TELL_SECONDS
            self._worker.log_event(TOPIC, {"batch": self._batch, "job": self._number, "steps": steps})


def _perform_on_worker(
    batch: str, number: int, begun: int, job: Job, perform: Callable[[Job, Report], None]
) -> tuple[Outcome, int]:
    """How the job ended, and the steps that it did; nobody sees what an interrupted one gives."""
    settle()
    telling = _Telling(batch, number, begun)
    start = time.perf_counter()
    try:
        return outcome_of(job, perform, telling), telling.steps
    except Stopped as stopped:
        return Outcome(time.perf_counter() - start, str(stopped)), telling.steps


@contextmanager
def scheduler_at(address: str, folder: Path) -> Iterator[Cluster]:
    """The cluster of the scheduler at an address such as tcp://host:8786, connected within the block.

    folder: where the jobs will write, which is made; every worker has to see it under this name.
    Raises Refusal where dask.distributed is missing, nobody answers, there are no workers, or one of them cannot import
    this package, has other versions or does not see the folder.
    """
    library = _distributed_or_refusal()
    try:
        client = library.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise Refusal(
            f"No Dask scheduler answers at {address!r} within {CONNECT_SECONDS:g} s: start one with 'dask scheduler', "
            "or give the address it prints, such as tcp://host:8786."
        ) from error
    with _quiet(), client:
        _check_workers(client, address, folder)
        yield Cluster(client)


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask writes of a connection that it lost, in tracebacks, is not written: we say it in a sentence."""
    loggers = [logging.getLogger(name) for name in TALKING]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def cluster_here(count: int, folder: Path) -> Iterator[Cluster]:
    """The cluster of a scheduler and so many workers of one thread on this machine, for the time of the block."""
    local = _distributed_or_refusal().LocalCluster
    with (
        local(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0") as held,
        scheduler_at(held.scheduler_address, folder) as crew,
    ):
        yield crew


def _distributed_or_refusal() -> Any:
    """The module distributed, an optional dependency."""
    try:
        import distributed
    except ImportError as error:
        raise Refusal(
            f"dask.distributed is not installed, but --scheduler needs it: {installed_by('cluster')}."
        ) from error
    return distributed


def _check_workers(client: Any, address: str, folder: Path) -> None:
    """Raise Refusal unless there are workers, all with our versions, which see the folder."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise Refusal(
            f"The scheduler at {address} has no workers: start some with 'dask worker {address}', and run again."
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".seen-") as marker:
            answers = client.run(_introduced, Path(marker.name))
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise Refusal(f"The folder {folder} cannot be written ({error.strerror}): name another with --out.") from error
    except ImportError as error:
        raise Refusal(
            f"A worker of {address} cannot import this package ({error}): start workers in an environment like this "
            "one."
        ) from error
    own = _versions()
    for worker, (sees, theirs) in answers.items():
        if not sees:
            raise Refusal(
                f"The worker {worker} does not see {folder}: name a folder with --out that all machines share."
            )
        for package, here in own.items():
            if theirs[package] != here:
                raise Refusal(
                    f"The worker {worker} has {package} {theirs[package]}, but {here} is here: install the same there."
                )


def _introduced(marker: Path) -> tuple[bool, dict[str, str]]:
    """What a worker says of itself: whether it sees a file, and its versions."""
    return marker.exists(), _versions()


def _versions() -> dict[str, str]:
    """Versions of what decides the bits, without what they were built for."""
    return {package: version(package).partition("+")[0] for package in PACKAGES}
