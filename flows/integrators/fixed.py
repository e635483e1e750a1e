"""What integrators with a fixed step share: the time grid, which is anchored at multiples of the step.

Times are k step, never a running sum, so a resumed run meets the same times bit for bit and 100,000 steps of 0.1 end
at 10,000. A last step that does not fit is shortened to end at `until`.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

from flows.base import Advance, Flow, Part
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions

#: Times closer than this part of a step are the same time.
SAME = 1e-6


@dataclass(frozen=True, init=False)
class FixedStep(ABC):
    """An integrator whose step is given: as `Euler(step=0.1)`, or in the call `evolve(..., step=0.1)`."""

    size: float | None
    order: ClassVar[float]
    handles: ClassVar[frozenset[Part]]

    def __init__(self, step: float | None = None) -> None:
        if step is not None and not 0.0 < step < math.inf:
            raise ValueError(f"The step is {step!r}, but a positive finite number is needed.")
        object.__setattr__(self, "size", step)

    def sized(self, step: float) -> Self:
        """This integrator with a step; raises ValueError where it already has another."""
        if self.size is not None and self.size != step:
            raise ValueError(
                f"{type(self).__name__} has step {self.size!r} but evolve was given step {step!r}; give one of them."
            )
        return type(self)(step)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> None:
        """Nothing is carried from step to step."""
        self._size()

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """One step to the next multiple of the step, or to `until` where that comes first."""
        size, reached = next_time(self._size(), time, until)
        return Advance(reached, cloud.moved(self.moved(flow, cloud, time, size, noise)), None)

    @abstractmethod
    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The positions one step of this size later, in a new tensor."""

    def _size(self) -> float:
        if self.size is None:
            name = type(self).__name__
            raise ValueError(f"{name} was given no step; write {name}(step=0.1) or evolve(..., step=0.1).")
        return self.size


def next_time(size: float, time: float, until: float) -> tuple[float, float]:
    """The size of the step to take from `time` and the time it reaches."""
    reached = (math.floor(time / size + SAME) + 1) * size
    if reached > until - SAME * size:
        reached = until
    length = reached - time
    return (size if abs(length - size) <= SAME * size else length), reached
