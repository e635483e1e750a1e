"""Jobs of a batch: what one is told and tells, how it ended, and what a crew is that does them.

How a job ended is said here, by `outcome_of`, in whichever process did it.
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

#: Tells how many steps of the job are done; may raise `Stopped`.
Report = Callable[[int], None]


class Stopped(RuntimeError):
    """Raised inside a job when the whole batch is being interrupted."""


@dataclass(frozen=True)
class Outcome:
    """How one job ended: after how many seconds, and the sentence of what went wrong, if anything.

    lost: the process that did the job died of it, and could not note down what went wrong.
    """

    seconds: float
    failure: str | None = None
    lost: bool = False


@dataclass(frozen=True, eq=False)
class Team:
    """A crew at work: how each job ends, job by job, and a look at the steps done of all of them."""

    futures: Sequence[Future[Outcome]]
    done: Callable[[], Sequence[int]]


@runtime_checkable
class Crew(Protocol):
    """Who does jobs elsewhere. Leaving the context stops what is still at work; the jobs hear of it as `Stopped`."""

    def __call__(
        self, jobs: Sequence[Job], perform: Callable[[Job, Report], None], begun: Sequence[int], /
    ) -> AbstractContextManager[Team]:
        """Hand out every job; begun: steps that each had done before."""
        ...


def outcome_of(job: Job, perform: Callable[[Job, Report], None], report: Report) -> Outcome:
    """Do the job; what goes wrong in its own world is its outcome, `Stopped` and mistakes of the program come out."""
    start = time.perf_counter()
    try:
        perform(job, report)
    except (FlowDiverged, Refusal, TrajectoryError) as error:
        return Outcome(time.perf_counter() - start, failure=str(error))
    return Outcome(time.perf_counter() - start)
