"""A member of an ensemble: what its run needs, and what becomes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flows.base import Advance, Flow, Observer
from flows.loop.checkpoint import Checkpoint
from flows.loop.run import Run
from particles import ParticleCloud
from particles.compute.noise.normals import TODAY

#: Is handed the whole state of a run after every step.
Keep = Callable[[Checkpoint[Any]], None]
#: What became of a member: a step taken, a step to be tried again, or the error that ends its run.
Outcome = Advance[Any] | None | ArithmeticError
#: Where a member's run ended, or what ended it.
End = ParticleCloud | ArithmeticError


@dataclass(frozen=True, eq=False)
class Member:
    """The number, flow, start and noise's seed of a run, its observers, who keeps its state, what it goes on from.

    `first` is the number of its first particle in the noise.
    """

    number: int
    flow: Flow
    start: ParticleCloud
    observers: Sequence[Observer]
    seed: int
    keep: Keep | None = None
    resume: Checkpoint[Any] | None = None
    first: int = 0

    @property
    def cloud(self) -> ParticleCloud:
        """The cloud that it goes on from."""
        return self.start if self.resume is None else self.resume.cloud

    @property
    def at(self) -> tuple[int, float]:
        """Steps taken until there, and the time reached by them."""
        return (0, 0.0) if self.resume is None else (self.resume.step, self.resume.time)

    @property
    def noise(self) -> int:
        """The version of its noise."""
        return TODAY if self.resume is None else self.resume.noise

    def run(self, until: float, state: Callable[[], Any]) -> Run[Any]:
        """Its run, at the cloud that it goes on from; `state` gives what the integrator hands to its next step."""
        return Run(
            *(self.at, self.cloud),
            until=until,
            observers=self.observers,
            keep=self.keep,
            state=state,
            begun=self.resume is not None,
            noise=self.noise,
        )
