"""Where one run is, whom it tells and what is kept of it: `evolve` and the members of an ensemble go by the same."""

import math
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from flows.base import Advance, Observer
from flows.loop.checkpoint import Checkpoint
from flows.loop.divergence import Watch
from flows.loop.observer_calls import ObserverCalls
from particles import ParticleCloud
from particles.compute.noise.normals import TODAY

State = TypeVar("State")


class Run(Generic[State]):
    """The number of steps taken, the time and the cloud of a run, and whether it goes on.

    Observers see the start and what is due of every step, then the state is kept. A run ends at its time, or where an
    observer stopped it; all observers see the end, which is not kept.
    """

    def __init__(
        self,
        at: tuple[int, float],
        cloud: ParticleCloud,
        *,
        until: float,
        observers: Sequence[Observer],
        keep: Callable[[Checkpoint[State]], None] | None,
        state: Callable[[], State],
        begun: bool = False,
        noise: int = TODAY,
        watch: Watch | None = None,
    ) -> None:
        """A run at this step and time, and at this cloud.

        `state` gives what the integrator hands to the next step. Of a run that was `begun` by an earlier call the start
        is neither shown nor kept. `noise` is the version of its noise. The `watch` over the run is settled before a
        cloud is shown or kept.
        """
        self.step, self.time = at
        self.cloud = cloud
        self._until = until
        self._keep = keep
        self._state = state
        self.noise = noise
        self._watch = watch or Watch()
        self._calls = ObserverCalls(observers, self.time if begun else -math.inf, self._watch)
        if not begun:
            self._calls.begin(self.time)
        stopped = not begun and self._calls.give(self.step, self.time, cloud)
        if not begun:
            self._kept()
        self.goes_on = not stopped and self.time < until

    def take(self, taken: Advance[State]) -> None:
        """Go on by a step that was taken, when `state` gives the state after it."""
        stopped = self._calls.offer((self.step, self.time), self.step + 1, taken)
        self.step += 1
        self.time = taken.time
        self.cloud = taken.cloud
        self.goes_on = not stopped and self.time < self._until
        if self.goes_on:
            self._kept()
        else:
            self._calls.give(self.step, self.time, self.cloud)

    def _kept(self) -> None:
        if self._keep is not None:
            self._watch.settle()
            self._keep(Checkpoint(self.step, self.time, self.cloud, self._state(), self.noise))
