"""When a run is looked at: at the same numbers of gradient steps, whichever integrator computes it."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flows import Observer
from particles import ParticleCloud

#: Two times closer than this, relative, are the same.
SAME = 1e-9


@dataclass(frozen=True)
class GradientSteps:
    """Hand a state on after 1, ..., `last` gradient steps, at most `count` numbers evenly spaced in their logarithm.

    Gradient descent stops there anyway; an integrator with steps of its own is asked for the cloud at those times. The
    observer is told the number of gradient steps, not that of the integrator's.
    """

    length: float
    last: int
    count: int
    observer: Observer

    @cached_property
    def times(self) -> npt.NDArray[np.float64]:
        """Flow times [at most count]: whole numbers of steps, rounded up and each taken once, times their length."""
        steps = np.unique(np.ceil(np.geomspace(1.0, self.last, self.count) * (1.0 - SAME)))
        return self.length * steps

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """Those of the times in (before, now]."""
        late, early = before[1] * (1.0 + SAME), now[1] * (1.0 + SAME)
        return [float(time) for time in self.times if late < time <= early]

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """Hand the state on."""
        return self.observer(steps_at(time, self.length), time, cloud)


def steps_at(time: float, length: float) -> int:
    """Whole gradient steps of this length that fit into a flow time."""
    return math.floor(time / length * (1.0 + SAME))
