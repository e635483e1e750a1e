"""A member of an ensemble: what its run needs, and where its run is."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flows.base import Advance, Flow, Observer
from flows.loop.checkpoint import Checkpoint
from flows.loop.observer_calls import Hands
from particles import ParticleCloud

#: Is handed the whole state of a run after every step.
Keep = Callable[[Checkpoint[Any]], None]
#: What became of a member: a step taken, a step to be tried again, or the error that ends its run.
Outcome = Advance[Any] | None | ArithmeticError
#: Where a member's run ended, or what ended it.
End = ParticleCloud | ArithmeticError


@dataclass(frozen=True, eq=False)
class Member:
    """The number, flow, start and noise's seed of a run, its observers, who keeps its state, what it goes on from."""

    number: int
    flow: Flow
    start: ParticleCloud
    observers: Sequence[Observer]
    seed: int
    keep: Keep | None = None
    resume: Checkpoint[Any] | None = None

    @property
    def cloud(self) -> ParticleCloud:
        """The cloud that it goes on from."""
        return self.start if self.resume is None else self.resume.cloud

    @property
    def at(self) -> tuple[int, float]:
        """Steps taken until there, and the time reached by them."""
        return (0, 0.0) if self.resume is None else (self.resume.step, self.resume.time)


class Run:
    """Where the run of a member is; the same observers see and the same states are kept as by `evolve`."""

    def __init__(self, member: Member, until: float, state: Callable[[], Any]) -> None:
        """`state` gives what the integrator hands to this member's next step."""
        self._member, self._until, self._state = member, until, state
        self._step, self._time = member.at
        self._hands = Hands(member.observers, -math.inf if member.resume is None else self._time)
        self.end: End = member.cloud
        stopped = member.resume is None and self._hands.give(0, 0.0, member.cloud)
        if member.resume is None:
            self._keep(member.cloud)
        self.goes_on = not stopped and self._time < until

    def take(self, outcome: Outcome) -> None:
        """Go on with what became of a trial."""
        if isinstance(outcome, ArithmeticError):
            self.end, self.goes_on = outcome, False
        elif outcome is not None:
            stopped = self._hands.offer((self._step, self._time), self._step + 1, outcome)
            self._step, self._time, self.end = self._step + 1, outcome.time, outcome.cloud
            self.goes_on = not stopped and outcome.time < self._until
            if self.goes_on:
                self._keep(outcome.cloud)
            else:
                self._hands.give(self._step, outcome.time, outcome.cloud)

    def _keep(self, cloud: ParticleCloud) -> None:
        if self._member.keep is not None:
            self._member.keep(Checkpoint(self._step, self._time, cloud, self._state()))
