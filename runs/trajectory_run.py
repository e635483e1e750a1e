"""Who keeps the state of a run in its file: it is continued from there once killed, and extended once at its end."""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from flows.loop.checkpoint import Checkpoint
from particles.trajectory import SharedTrajectory, TrajectoryWriter


class Keeper:
    """Keeps a state of the run in its file at the start and then every so many seconds.

    When it does so does not change the run: the file that is resumed from any of these ends with the same bits. It is
    the state of one step before, since that step may have been fitted to the end of the run: so no state that is kept,
    and none that is left in the finished file, knows of the end, and a longer run goes on from it with the bits of one
    in one go.
    """

    def __init__(
        self,
        trajectory: TrajectoryWriter | SharedTrajectory,
        seconds: float,
        kept: object,
        agreed: Callable[[int], int] = int,
    ) -> None:
        """kept: the state that the run goes on from, if any; agreed: makes of 1, it is time, or 0 what all ranks do."""
        self._trajectory, self._seconds, self._agreed = trajectory, seconds, agreed
        self._next = -math.inf
        self.resumed = kept if isinstance(kept, Checkpoint) else None
        self._before: deque[Checkpoint[Any]] = deque([] if self.resumed is None else [self.resumed], maxlen=2)

    def __call__(self, checkpoint: Checkpoint[Any]) -> None:
        """Keep the one before, if it is time."""
        self._before.append(checkpoint)
        if self._agreed(int(time.monotonic() >= self._next)):
            self._trajectory.keep(self._before[0])
            self._next = time.monotonic() + self._seconds

    @property
    def last(self) -> Checkpoint[Any] | None:
        """What a longer run would go on from once this one is at its end."""
        return self._before[0] if self._before else None
