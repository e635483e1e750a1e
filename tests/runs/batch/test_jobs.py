"""How one job ends: what is its own failure, and what is everybody's."""

import pytest

from particles import FlowDiverged, TrajectoryError
from runs.batch.dask_cluster import Cluster
from runs.batch.jobs import Crew, Outcome, Report, Stopped, outcome_of
from runs.batch.processes import Processes
from runs.system.refusal import Refusal


def failing(error: BaseException, report: Report) -> None:
    """Tell of one step, then fail."""
    report(1)
    raise error


@pytest.mark.parametrize(
    "error",
    [
        FlowDiverged(step=3, time=1.5, particles=2, count=10),
        Refusal("This was refused."),
        TrajectoryError("The disk is full."),
    ],
)
def test_failures_of_a_job_are_its_outcome(error: Exception) -> None:
    """Assert that the sentence is kept, with the seconds, and that nobody takes the job for lost."""
    steps: list[int] = []
    outcome = outcome_of(error, failing, steps.append)
    assert outcome == Outcome(outcome.seconds, str(error), lost=False)
    assert steps == [1] and outcome.seconds >= 0.0


@pytest.mark.parametrize("error", [Stopped("now"), KeyError("bug"), KeyboardInterrupt()])
def test_interrupts_and_mistakes_come_out(error: BaseException) -> None:
    """Assert that what is not a failure of the job alone is raised."""
    with pytest.raises(type(error), match="now|bug|^$"):
        outcome_of(error, failing, lambda steps: None)


def test_success_has_no_failure() -> None:
    """Assert that a job that ends in order has no sentence."""
    assert outcome_of(3, lambda job, report: report(job), lambda steps: None).failure is None


@pytest.mark.parametrize("crew", [Processes(2), Cluster(None)])
def test_our_crews_are_crews(crew: object) -> None:
    """Assert that both ways of having jobs done elsewhere keep the protocol."""
    assert isinstance(crew, Crew)
