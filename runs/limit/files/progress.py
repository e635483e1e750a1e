"""The progress of an estimate: how much of the planned work is done, and the remaining time."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from runs.batch.progress import spoken_duration


class LimitProgress:
    """A bar on a terminal, and a line every so many seconds elsewhere; the planned work may grow while samples come."""

    def __init__(self, console: Console, label: str, every: float = 10.0) -> None:
        self._console, self._label, self._every = console, label, every
        self._shown = time.monotonic()
        self._moving: tuple[float, float] | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(label, total=1.0, left="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, done: float, total: float) -> None:
        """Show the work done and planned, in any unit; the speed is that since the first call."""
        now = time.monotonic()
        if self._moving is None:
            self._moving = (now, done)
        gained = done - self._moving[1]
        left = "estimating the time left"
        if gained > 0.0:
            left = f"about {spoken_duration((now - self._moving[0]) / gained * max(0.0, total - done))} left"
        self._bar.update(self._task, completed=done, total=max(total, done), left=left)
        if not self._console.is_terminal and now - self._shown >= self._every:
            self._shown = now
            share = 100.0 * done / total if total > 0.0 else 100.0
            said = f"{self._label}{share:.0f} % of the planned samples, {left}"
            self._console.print(said, highlight=False, markup=False, soft_wrap=True)
