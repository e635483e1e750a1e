"""How states are handed to observers: each at most once, at the times their schedules ask for, every one before any is
heeded."""

import math
from collections.abc import Sequence
from typing import TypeVar

from flows.base import Advance, Observer, Schedule
from flows.loop.divergence import Watch
from flows.observers.schedules import Every, LogSpaced
from flows.observers.trace import Trace
from particles import ParticleCloud

State = TypeVar("State")


class ObserverCalls:
    """The calls of the observers of one run. What they answer is whether one of them asked to stop."""

    def __init__(self, observers: Sequence[Observer], seen: float = -math.inf, watch: Watch | None = None) -> None:
        """Observers that have been handed the states up to the time `seen` by an earlier run.

        The `watch` over the run is settled before anyone sees a state.
        """
        self._observers = tuple(observers)
        self._each = [_CallsOfOne(observer, seen, watch or Watch()) for observer in observers]

    def begin(self, time: float) -> None:
        """Tell traces, also those under schedules, that a run begins at this time; raises ValueError as `Trace`."""
        for observer in self._observers:
            while isinstance(observer, Every | LogSpaced):
                observer = observer.observer
            if isinstance(observer, Trace):
                observer.begin(time)

    def give(self, step: int, time: float, cloud: ParticleCloud) -> bool:
        """Hand on a state that every observer sees: the first one, or the last."""
        return _any_stops(cloud, [calls.give(step, time, cloud) for calls in self._each])

    def offer(self, before: tuple[int, float], step: int, taken: Advance[State]) -> bool:
        """Hand on the step taken from `before`, its step and time, to whom it is due."""
        return _any_stops(taken.cloud, [calls.offer(before, step, taken) for calls in self._each])


class _CallsOfOne:
    """The calls of one observer."""

    def __init__(self, observer: Observer, seen: float, watch: Watch) -> None:
        self._observer = observer
        self._schedule = observer if isinstance(observer, Schedule) else None
        self._last = seen
        self._watch = watch

    def give(self, step: int, time: float, cloud: ParticleCloud) -> bool:
        if time <= self._last:
            return False
        self._last = time
        self._watch.settle()
        return bool(self._observer(step, time, cloud))

    def offer(self, before: tuple[int, float], step: int, taken: Advance[State]) -> bool:
        if self._schedule is None:
            return self.give(step, taken.time, taken.cloud)
        due = self._schedule.due(before, (step, taken.time))
        if taken.between is None:
            return bool(due) and self.give(step, taken.time, taken.cloud)
        answers = [self.give(step, min(moment, taken.time), _at(taken, moment)) for moment in due]
        return any(answers)


def _any_stops(cloud: ParticleCloud, answers: list[bool]) -> bool:
    """Whether an observer asked to stop, in any process that shares the cloud; all are called before any is heeded."""
    return bool(answers) and cloud.counted(sum(answers)) > 0


def _at(taken: Advance[State], moment: float) -> ParticleCloud:
    if taken.between is None or moment >= taken.time:
        return taken.cloud
    return taken.between(moment)
