"""When a run is looked at: schedules that hand on some of its states.

`Every` and `LogSpaced` are frozen: whether a state is due depends on its step and time alone, so a resumed run records
what an uninterrupted one does. Both always hand on the first and the last state too.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.base import Observer
from particles import ParticleCloud
from particles.arguments.display import line
from particles.arguments.integers import whole
from particles.arguments.reals import positive

#: Times closer than this, relative, are the same time.
SAME = 1e-9


@dataclass(frozen=True, init=False)
class Every:
    """Hand a state on every so many steps, `Every(100, observer)`, or so much time, `Every(time=1.0, observer=o)`.

    With an integrator that knows the cloud between its steps the times are exact multiples; otherwise the first state
    at or after each multiple is handed on, under its own time.
    """

    steps: int | None
    time: float | None
    observer: Observer

    def __init__(
        self, steps: int | None = None, observer: Observer | None = None, *, time: float | None = None
    ) -> None:
        if (steps is None) == (time is None):
            raise ValueError(
                "Every needs a number of steps or a time: Every(100, observer) or Every(time=1.0, observer=o)."
            )
        observer = _checked_observer("Every", observer)
        steps = None if steps is None else whole(steps, "The number of steps of Every")
        time = None if time is None else positive(time, "The time of Every")
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "observer", observer)

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """Multiples of the time in (before, now], or now where the step is a multiple of the steps."""
        if self.steps is not None:
            return [now[1]] if now[0] % self.steps == 0 else []
        if self.time is None:
            return []
        ratios = (moment / self.time for moment in (before[1], now[1]))
        first, last = (math.floor(ratio + SAME * abs(ratio)) for ratio in ratios)
        return [count * self.time for count in range(first + 1, last + 1)]

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """Hand the state on."""
        return self.observer(step, time, cloud)


@dataclass(frozen=True)
class LogSpaced:
    """Hand a state on at `count` times from `first` to `last`, evenly spaced in their logarithm."""

    first: float
    last: float
    count: int
    observer: Observer

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", whole(self.count, "The number of times of LogSpaced", 2))
        object.__setattr__(self, "first", positive(self.first, "The first time of LogSpaced"))
        object.__setattr__(self, "last", positive(self.last, "The last time of LogSpaced"))
        if not self.first < self.last:
            raise ValueError(
                f"LogSpaced was given times from {self.first!r} to {self.last!r}, but first < last is needed."
            )
        _checked_observer("LogSpaced", self.observer)

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """The times [count]."""
        return np.geomspace(self.first, self.last, self.count)

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """Those of the times in (before, now]."""
        borders = [before[1] * (1.0 + SAME), now[1] * (1.0 + SAME)]
        first, last = np.searchsorted(self.times, borders, side="right")
        found: list[float] = self.times[first:last].tolist()
        return found

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """Hand the state on."""
        return self.observer(step, time, cloud)


def _checked_observer(schedule: str, observer: Observer | None) -> Observer:
    if observer is None or not callable(observer):
        raise TypeError(
            f"{schedule} was given the observer {line(observer)}, but a callable (step, time, cloud) is needed."
        )
    return observer
