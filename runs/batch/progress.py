"""The progress of a batch of runs and its remaining time: a bar on a terminal, and plain lines elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


def spoken_duration(seconds: float) -> str:
    """A duration in words, such as "45 s", "3 min 20 s" or "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class BatchProgress:
    """A context manager around a batch that shows the steps done of all runs together.

    `sizes` are the steps of each run. `begun` are the steps that each had done before this batch; they do not count for
    the speed. `complete` is the number of further runs that were complete before. `every` is the number of seconds
    between two lines where there is no terminal.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        begun: Sequence[int],
        console: Console,
        *,
        complete: int = 0,
        every: float = 10.0,
    ) -> None:
        self._complete = complete
        self._sizes, self._begun, self._console, self._every = tuple(sizes), sum(begun), console, every
        self._shown = time.monotonic()
        self._moving: tuple[float, int] | None = None
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
        self._task = self._bar.add_task("", total=sum(sizes), completed=self._begun, left="")

    def __enter__(self) -> Self:
        self._shown = time.monotonic()
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, done: Sequence[int], failed: Sequence[int] = ()) -> None:
        """Show the steps done of each run; `failed` are the numbers of the runs that failed and take no more steps."""
        complete = self._complete + sum(steps >= size for steps, size in zip(done, self._sizes, strict=True))
        label = f"{complete} of {self._complete + len(self._sizes)} runs complete"
        if failed:
            label += f", {len(failed)} failed"
        total = sum(self._sizes) - sum(self._sizes[number] - done[number] for number in failed)
        left = self._left(sum(done), total)
        self._bar.update(self._task, completed=sum(done), total=total, description=label, left=left)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._shown >= self._every:
            self._shown = now
            share = 100.0 * sum(done) / total if total else 100.0
            self._console.print(f"{label}, {share:.0f} % of all steps, {left}", highlight=False)

    def _left(self, done: int, total: int) -> str:
        """The remaining time in words, by the mean speed since the first steps; the start of workers does not count."""
        now = time.monotonic()
        if self._moving is None and done > self._begun:
            self._moving = (now, done)
        if self._moving is None or done == self._moving[1]:
            return "estimating the time left"
        seconds = (now - self._moving[0]) / (done - self._moving[1])
        return f"about {spoken_duration(seconds * (total - done))} left"
