"""A crew of Dask workers on any machines: a scheduler gives out jobs, and workers write to a shared folder.

Dask pickles what it sends between its own processes, so a scheduler must be trusted like a login shell.
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

#: Seconds within which a scheduler must answer and have a worker.
CONNECT_SECONDS = 10.0
#: Seconds between two reports of a worker on its progress.
TELL_SECONDS = 1.0
#: The topic of these reports.
TOPIC = "meanfield-progress"
#: The packages that decide the bits of a run; their versions must be the same everywhere.
PACKAGES = ("meanfield-particles", "torch", "numpy", "h5py")
#: The loggers that write about a connection.
TALKING = (
    *("distributed.client", "distributed.core", "distributed.comm", "distributed.comm.tcp", "distributed.utils"),
    *("distributed.batched", "tornado.application", "asyncio"),
)
#: The states of a task on its worker in which its client still waits for it.
WANTED = ("executing", "long-running")


@dataclass(frozen=True, eq=False)
class Cluster:
    """The workers of a scheduler, reached through a connected `distributed.Client`."""

    client: Any

    @contextmanager
    def __call__(
        self, jobs: Sequence[Job], perform: Callable[[Job, Report], None], begun: Sequence[int]
    ) -> Iterator[Team]:
        """Give the jobs to the workers, which import `perform` and the classes of the jobs themselves.

        A job whose workers died more often than the scheduler allows has a failure as its outcome. The future of a job
        raises WorkerLost where the scheduler is gone.
        """
        done = list(begun)
        batch = str(self.client.id)

        def noted(event: tuple[float, dict[str, Any]]) -> None:
            if event[1]["batch"] == batch:
                _raise_to(done, event[1]["job"], event[1]["steps"])

        self.client.subscribe_topic(TOPIC, noted)
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
    """Note the steps of a job; reports may arrive in another order, so the larger number counts."""
    done[number] = max(done[number], steps)


def _hand_on(future: Future[Outcome], done: list[int], number: int, task: Future[tuple[Outcome, int]]) -> None:
    """Set the outcome of a job from the end of its task in Dask."""
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


class _WorkerReport:
    """The report function of a job on a worker; it informs the client and stops a job whose client is gone."""

    def __init__(self, batch: str, number: int, begun: int) -> None:
        from distributed import get_worker

        self._worker: Any = get_worker()
        self._task = self._worker.get_current_task()
        self._batch, self._number, self.steps = batch, number, begun
        self._next = 0.0

    def __call__(self, steps: int) -> None:
        """Note the steps; raises Stopped where the task was cancelled or its client is gone."""
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
    """Do a job on a worker; returns its outcome and its steps. Nothing reads the outcome of an interrupted job."""
    settle()
    report = _WorkerReport(batch, number, begun)
    start = time.perf_counter()
    try:
        return outcome_of(job, perform, report), report.steps
    except Stopped as stopped:
        return Outcome(time.perf_counter() - start, str(stopped)), report.steps


@contextmanager
def scheduler_at(address: str, folder: Path) -> Iterator[Cluster]:
    """A context with the cluster of the scheduler at an address such as tcp://host:8786.

    `folder` is where the jobs will write. It is created, and every worker must see it under this name. Raises Refusal
    where dask.distributed is missing, no scheduler answers, there are no workers, or a worker cannot import this
    package, has other versions or does not see the folder.
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
    """A context in which Dask does not print tracebacks of lost connections, since an error of ours reports them."""
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
    """A context with the cluster of a scheduler and `count` workers of one thread on this machine."""
    local = _distributed_or_refusal().LocalCluster
    with (
        local(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0") as held,
        scheduler_at(held.scheduler_address, folder) as crew,
    ):
        yield crew


def _distributed_or_refusal() -> Any:
    """The module distributed, an optional dependency; raises Refusal where it is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise Refusal(
            f"dask.distributed is not installed, but --scheduler needs it: {installed_by('cluster')}."
        ) from error
    return distributed


def _check_workers(client: Any, address: str, folder: Path) -> None:
    """Raise Refusal unless there are workers, and all have our versions and see the folder."""
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
    """Whether this worker sees a file, and its versions of packages."""
    return marker.exists(), _versions()


def _versions() -> dict[str, str]:
    """The versions of the packages that decide the bits, without suffixes of their builds."""
    return {package: version(package).partition("+")[0] for package in PACKAGES}
