"""Jobs of a batch: reports of their progress, their outcomes, and the protocol of a crew that does them.

`outcome_of` does one job in the present process and turns its end into an outcome.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from particles.errors import FlowDiverged, TrajectoryError
from runs.system.refusal import Refusal

Job = TypeVar("Job")

#: A function that a job calls with the number of steps done; it may raise `Stopped`.
Report = Callable[[int], None]


class Stopped(RuntimeError):
    """Raised inside a job when the whole batch is being interrupted."""


@dataclass(frozen=True)
class Outcome:
    """The end of one job: its seconds, and a sentence on its failure, or None.

    `lost` says that the process that did the job died, so that it could not note the failure itself.
    """

    seconds: float
    failure: str | None = None
    lost: bool = False


@dataclass(frozen=True, eq=False)
class Team:
    """A crew at work: the future outcomes of its jobs, and a function that returns the steps done of each."""

    futures: Sequence[Future[Outcome]]
    done: Callable[[], Sequence[int]]


@runtime_checkable
class Crew(Protocol):
    """A crew that does jobs in other processes. Leaving its context stops the jobs at work by `Stopped`."""

    def __call__(
        self, jobs: Sequence[Job], perform: Callable[[Job, Report], None], begun: Sequence[int], /
    ) -> AbstractContextManager[Team]:
        """Give out all jobs; `begun` are the steps that each had done before."""
        ...


def outcome_of(job: Job, perform: Callable[[Job, Report], None], report: Report) -> Outcome:
    """Do a job and return its outcome.

    A diverged flow, a refusal and a failing file are outcomes with a failure; `Stopped` and other errors are raised.
    """
    start = time.perf_counter()
    try:
        perform(job, report)
    except (FlowDiverged, Refusal, TrajectoryError) as error:
        return Outcome(time.perf_counter() - start, failure=str(error))
    return Outcome(time.perf_counter() - start)
