"""The progress of an estimate: how much of the planned work is done, and the remaining time."""

from rich.console import Console

from runs.batch.progress import WorkProgress


class LimitProgress(WorkProgress):
    """A bar on a terminal, and a line every so many seconds elsewhere; the planned work may grow while samples come."""

    def __init__(self, console: Console, label: str) -> None:
        super().__init__(console)
        self._label = label

    def show(self, done: float, total: float) -> None:
        """Show the work done and planned, in any unit."""
        self.tell(done, total, self._label, "the planned samples")
