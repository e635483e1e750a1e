"""Progress of a run: how far it is and how long it will still take."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from particles import ParticleCloud


@dataclass(frozen=True)
class Report:
    """One line of news about a run."""

    step: int
    time: float
    share: float
    remaining: float

    def __str__(self) -> str:
        return f"step {self.step}, time {self.time:.6g}, {self.share:.0%}, {_clock(self.remaining)} to go"


def to_stderr(report: Report) -> None:
    """Write the report to standard error: over the line before on a terminal, as a line of its own elsewhere."""
    end = "\r" if sys.stderr.isatty() and report.share < 1.0 else "\n"
    print(f"{report}      ", end=end, file=sys.stderr, flush=True)


@dataclass
class Progress:
    """An observer that reports at most every `interval` seconds, and at the end.

    The remaining time is in proportion to the flow time done since the first state it saw of the run; one that is no
    later than the first state of a run is the first one of another run.
    """

    until: float
    report: Callable[[Report], None] = to_stderr
    interval: float = 1.0
    _began: tuple[float, float] | None = field(default=None, init=False)
    _spoke: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if not math.isfinite(self.until):
            raise ValueError(
                f"Progress was given the end {self.until!r}, but a finite time is needed; give that of evolve."
            )

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> None:
        """Report where it is time to."""
        now = monotonic()
        if self._began is None or time <= self._began[1]:
            self._began = (now, time)
            self._spoke = now
        if now - self._spoke < self.interval and time < self.until:
            return
        self._spoke = now
        began, start = self._began
        self.report(Report(step, time, self._share(time), self._remaining(now - began, time - start, time)))

    def _share(self, time: float) -> float:
        return time / self.until if 0.0 <= time < self.until else float(time >= self.until)

    def _remaining(self, spent: float, done: float, time: float) -> float:
        if time >= self.until:
            return 0.0
        return spent * (self.until - time) / done if done > 0.0 else float("inf")


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "unknown time"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
