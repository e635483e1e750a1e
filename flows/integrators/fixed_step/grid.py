"""What integrators with a fixed step share: the time grid, which is anchored at multiples of the step.

Times are k step, never a running sum, so a resumed run meets the same times bit for bit and 100,000 steps of 0.1 end
at 10,000. A last step that does not fit is shortened to end at `until`.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Self

from flows.base import SAME, Advance, Flow, Part, StepRule
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.arguments.reals import positive
from particles.shapes import Positions


@dataclass(frozen=True, init=False)
class GivenStep(ABC):
    """An integrator whose step is given: as `Euler(step=0.1)`, or in the call `evolve(..., step=0.1)`.

    A rule such as `StepBound(0.5)` may stand for the number. `interval` is the length of the real stability interval;
    `stays_inside` says whether a step asks the flow for nothing at the time where it ends.
    """

    size: float | StepRule | None
    order: ClassVar[float]
    handles: ClassVar[frozenset[Part]]
    interval: ClassVar[float] = 2.0
    stays_inside: ClassVar[bool] = False

    def __init__(self, step: float | StepRule | None = None) -> None:
        given = step is None or isinstance(step, StepRule)
        object.__setattr__(self, "size", step if given else positive(step, "The step"))

    def _shown(self) -> dict[str, object]:
        others = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "size"}
        return {"step": self.size, **others}

    def sized(self, step: float | StepRule) -> Self:
        """This integrator with a step; raises ValueError where it already has another."""
        if self.size is not None and self.size != step:
            raise ValueError(
                f"{type(self).__name__} has step {self.size!r} but evolve was given step {step!r}; give one of them."
            )
        return type(self)(step)

    def resolved(self, flow: Flow, cloud: ParticleCloud) -> Self:
        """This integrator with a number for its step, where it had a rule; `evolve` begins so."""
        if isinstance(self.size, StepRule):
            return type(self)(self.size.longest_step(flow, cloud, self.interval))
        return self

    @property
    def grid(self) -> float | None:
        """The step, where it is a number."""
        return self.size if isinstance(self.size, float) else None

    def next(self, time: float, until: float) -> tuple[float, float, float]:
        """Start, size and end of the step from `time`: to the next multiple of the step, or `until` if that is first.

        The start is the multiple of the step that `time` stands for.
        """
        step = self._size()
        reached = (math.floor(time / step + SAME) + 1) * step
        if reached > until - SAME * step:
            reached = until
        length = reached - time
        return on_grid(step, time), step if abs(length - step) <= SAME * step else length, reached

    def _size(self) -> float:
        if self.grid is not None:
            return self.grid
        name = type(self).__name__
        if self.size is None:
            raise ValueError(f"{name} was given no step; write {name}(step=0.1) or evolve(..., step=0.1).")
        raise TypeError(f"The step {self.size!r} is not a number yet; call {name}(...).resolved(flow, cloud) first.")


@dataclass(frozen=True, init=False)
class FixedStep(GivenStep):
    """One of these that carries nothing from step to step: all it adds is `moved`."""

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> None:
        """Nothing is carried from step to step."""
        self._size()

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """One step to the next multiple of the step, or to `until` where that comes first."""
        start, size, reached = self.next(time, until)
        return Advance(reached, cloud.moved(self.moved(flow, cloud, start, size, noise)), None)

    @abstractmethod
    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The positions one step of this size later, in a new tensor."""


def on_grid(size: float, time: float) -> float:
    """The multiple of the step that is the same time, else the time itself.

    A run that ended at 0.7 and is continued has the velocities of one that went through 7 * 0.1 = 0.7000000000000001.
    """
    multiple = round(time / size) * size
    return multiple if abs(multiple - time) <= SAME * size else time
