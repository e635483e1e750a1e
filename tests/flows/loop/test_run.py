"""Where a run is: what is shown and kept of its start, its steps and its end, and when it goes on."""

from typing import Any

import pytest

from flows import Advance, Checkpoint, Every
from flows.loop.run import Run
from particles import ParticleCloud
from tests.problems import small_cloud


class Told:
    """What a run tells, in its order."""

    def __init__(self, stop_at: int = -1) -> None:
        self.calls: list[tuple[str, int, float]] = []
        self.stop_at = stop_at
        self.state = "first"
        self.states: list[Any] = []

    def see(self, step: int, time: float, cloud: ParticleCloud) -> bool:
        """An observer, which may ask to stop at a step."""
        self.calls.append(("see", step, time))
        return step == self.stop_at

    def keep(self, checkpoint: Checkpoint[Any]) -> None:
        """A keeper."""
        self.calls.append(("keep", checkpoint.step, checkpoint.time))
        self.states.append(checkpoint.state)

    def run(self, at: tuple[int, float] = (0, 0.0), *, begun: bool = False, until: float = 1.0) -> Run[Any]:
        """A run that tells this, and a schedule that is due at no step but the last."""
        observers = [self.see, Every(1000, lambda *state: self.calls.append(("rare", *state[:2])))]
        return Run(
            *(at, small_cloud()),
            until=until,
            observers=observers,
            keep=self.keep,
            state=lambda: self.state,
            begun=begun,
        )


def advance(time: float) -> Advance[Any]:
    """A step to a time."""
    return Advance(time, small_cloud(), None)


def test_start_steps_and_end_are_told_in_order() -> None:
    """Assert that a state is shown before it is kept, the end shown to all and not kept, with the state of its step."""
    told = Told()
    run = told.run()
    assert run.goes_on and (run.step, run.time) == (0, 0.0)
    told.state = "second"
    run.take(advance(0.5))
    assert run.goes_on and (run.step, run.time) == (1, 0.5)
    last = advance(1.0)
    run.take(last)
    assert not run.goes_on and (run.step, run.time) == (2, 1.0) and run.cloud is last.cloud
    start = [("see", 0, 0.0), ("rare", 0, 0.0), ("keep", 0, 0.0)]
    assert told.calls == [*start, ("see", 1, 0.5), ("keep", 1, 0.5), ("see", 2, 1.0), ("rare", 2, 1.0)]
    assert told.states == ["first", "second"]


@pytest.mark.parametrize("stop_at", [0, 1])
def test_an_observer_ends_a_run(stop_at: int) -> None:
    """Assert that a run that was stopped does not go on, that all see where, and that only its start is kept."""
    told = Told(stop_at)
    run = told.run()
    if stop_at:
        run.take(advance(0.5))
    assert not run.goes_on and run.step == stop_at
    assert told.calls[-1 if stop_at else 1] == ("rare", stop_at, run.time)
    assert told.states == ["first"]


def test_a_run_that_has_begun_tells_nothing_of_its_start() -> None:
    """Assert that what an earlier call has shown and kept is not told again, and that steps count on from there."""
    told = Told()
    run = told.run((3, 0.25), begun=True)
    assert told.calls == [] and run.goes_on
    run.take(advance(1.0))
    assert told.calls == [("see", 4, 1.0), ("rare", 4, 1.0)]
    ended = told.run((4, 1.0), begun=True)
    assert not ended.goes_on and len(told.calls) == 2


def test_nothing_goes_on_in_no_time() -> None:
    """Assert that a run until its start shows and keeps that and is over."""
    told = Told()
    assert not told.run(until=0.0).goes_on
    assert told.calls == [("see", 0, 0.0), ("rare", 0, 0.0), ("keep", 0, 0.0)]
