"""The progress of long work and its remaining time: a bar on a terminal, and plain lines elsewhere."""

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


class WorkProgress:
    """A context manager that shows the share of work done and the time left, in any unit of work.

    The speed is that since the first work beyond `begun`, so that the start of workers does not count; where `begun` is
    None, since the first call. `every` is the number of seconds between two lines where there is no terminal.
    """

    def __init__(self, console: Console, begun: float | None = None, every: float = 10.0) -> None:
        self._console, self._begun, self._every = console, begun, every
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
        self._task = self._bar.add_task("", total=1.0, left="")

    def __enter__(self) -> Self:
        self._shown = time.monotonic()
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def tell(self, done: float, total: float, label: str, work: str) -> None:
        """Show how much of the work, such as "all steps", is done; a line has the label, the share, the time left."""
        left = self._left(done, total)
        self._bar.update(self._task, completed=done, total=max(total, done), description=label.rstrip(", :"), left=left)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._shown >= self._every:
            self._shown = now
            share = 100.0 * done / total if total else 100.0
            line = f"{label}{share:.0f} % of {work}, {left}"
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _left(self, done: float, total: float) -> str:
        """The remaining time in words."""
        now = time.monotonic()
        if self._moving is None and (self._begun is None or done > self._begun):
            self._moving = (now, done)
        if self._moving is None or done <= self._moving[1]:
            return "estimating the time left"
        seconds = (now - self._moving[0]) / (done - self._moving[1])
        return f"about {spoken_duration(seconds * max(0.0, total - done))} left"


class BatchProgress(WorkProgress):
    """The progress of a batch of runs, in the steps done of all together.

    `sizes` are the steps of each run. `begun` are the steps that each had done before this batch; they do not count for
    the speed. `complete` is the number of further runs that were complete before.
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
        super().__init__(console, sum(begun), every)
        self._complete, self._sizes = complete, tuple(sizes)

    def show(self, done: Sequence[int], failed: Sequence[int] = ()) -> None:
        """Show the steps done of each run; `failed` are the numbers of the runs that failed and take no more steps."""
        complete = self._complete + sum(steps >= size for steps, size in zip(done, self._sizes, strict=True))
        label = f"{complete} of {self._complete + len(self._sizes)} runs complete"
        if failed:
            label += f", {len(failed)} failed"
        total = sum(self._sizes) - sum(self._sizes[number] - done[number] for number in failed)
        self.tell(sum(done), total, f"{label}, ", "all steps")
