"""Progress of a run: how far it is and how long it will still take."""

import math
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from particles import ParticleCloud

#: Seconds between two looks of a bar, and between two lines where standard error is no terminal.
REFRESH, LINES = 0.1, 10.0


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


@dataclass
class Pace:
    """How fast a run has been in the later half of the time on the clock.

    What an adaptive method does at the start, with short steps and while kernels are compiled, is soon forgotten.
    """

    _seen: "deque[tuple[float, int, float]]" = field(default_factory=deque, init=False)
    _began: float = field(default=math.inf, init=False)

    def see(self, now: float, steps: int, done: float) -> tuple[float, float]:
        """Steps and flow time in a second, of which `steps` and `done` are there now; zero where nothing is known."""
        self._began = min(self._began, now)
        self._seen.append((now, steps, done))
        while len(self._seen) > 2 and self._seen[1][0] <= (now + self._began) / 2.0:
            self._seen.popleft()
        then, fewer, before = self._seen[0]
        spent = now - then
        return ((steps - fewer) / spent, (done - before) / spent) if spent > 0.0 else (0.0, 0.0)


class Bar:
    """The progress of one run, or of the members of an ensemble, until a flow time: a bar, or lines in a log.

    In a terminal and in a notebook the bar is that of tqdm; elsewhere a line comes every ten seconds, and at the end.
    """

    def __init__(self, until: float, members: int) -> None:
        """A bar for so many members; it appears when the first of them is at its start."""
        self._until = until
        self._first: dict[int, tuple[int, float]] = {}
        self._now: dict[int, tuple[int, float]] = {}
        self._ended: set[int] = set()
        self._members = members
        self._pace = Pace()
        self._bar: Any = None
        self._began = self._due = -math.inf
        self._live = "ipykernel.zmqshell" in sys.modules or sys.stderr.isatty()

    def at(self, member: int, step: int, time: float) -> None:
        """A member is at its start, or there after a step; shown where it is time to."""
        self._first.setdefault(member, (step, time))
        self._now[member] = (step, time)
        now = monotonic()
        if now >= self._due:
            started = self._due > -math.inf
            self._began = self._began if started else now
            self._due = now + (REFRESH if self._live else LINES)
            text, share = self._news(now)
            if self._live:
                self._draw(text, share)
            elif started:
                _write_line(text)

    def end(self, member: int) -> None:
        """A member goes no further."""
        self._ended.add(member)

    def close(self) -> None:
        """Show where everything is, and leave it on the screen."""
        if not self._now:
            return
        now = monotonic()
        _, share = self._news(now)
        text = f"{self._where()}, in {_clock(now - self._began)}"
        if self._live:
            self._draw(text, share)
            self._bar.close()
        else:
            _write_line(text)

    def _news(self, now: float) -> tuple[str, float]:
        """The news in words, and how much of all flow time is done."""
        steps = sum(step - self._first[member][0] for member, (step, _) in self._now.items())
        ways = {member: max(0.0, self._until - self._first[member][1]) for member in self._now}
        gone = {m: ways[m] if m in self._ended else self._now[m][1] - self._first[m][1] for m in ways}
        # A member that is not there yet has as far to go as those that are.
        whole = sum(ways.values()) * self._members / len(ways)
        done = sum(gone.values())
        often, fast = self._pace.see(now, steps, done)
        left = 0.0 if done >= whole else (whole - done) / fast if fast > 0.0 else math.inf
        text = f"{self._where()}, {often:.4g} steps/s, {fast:.3g} time/s, {_clock(left)} to go"
        return text, done / whole if whole > 0.0 else 1.0

    def _where(self) -> str:
        if self._members > 1:
            return f"{len(self._ended)} of {self._members} members done"
        ((step, time),) = self._now.values()
        return f"step {step}, time {time:.4g} of {self._until:.4g}"

    def _draw(self, text: str, share: float) -> None:
        if self._bar is None:
            looks = {"bar_format": "{percentage:3.0f}%|{bar:20}| {desc}", "dynamic_ncols": True}
            self._bar = _tqdm()(total=1.0, desc=text, initial=share, file=sys.stderr, **looks)
        self._bar.n = share
        self._bar.desc = text
        self._bar.refresh()


@contextmanager
def shown(progress: bool, until: float, members: int = 1) -> Iterator[Bar | None]:
    """The bar for what is done meanwhile, None where there is to be none; it is closed after an error too."""
    if not progress:
        yield None
        return
    bar = Bar(until, members)
    try:
        yield bar
    finally:
        bar.close()


def _tqdm() -> Any:
    """tqdm's bar for a terminal or a notebook, without a thread of its own that watches it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a notebook without widgets, where the bar is made of text
        from tqdm.auto import tqdm

    class Unwatched(tqdm):  # type: ignore[misc]
        monitor_interval = 0

    return Unwatched


def _write_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "unknown time"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
