"""SIGTERM, which batch systems send before they kill, and SIGHUP, when a terminal closes, end a command like Ctrl-C."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

#: What the block hears; Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
#: What says to end to everybody in a terminal, so that workers leave it to the process that started them.
SHARED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name))


@dataclass
class Heard:
    """The signal that came while the block ran, if one did."""

    number: int | None = None

    @property
    def terminated(self) -> bool:
        """Whether one came."""
        return self.number is not None

    @property
    def code(self) -> int:
        """The exit code that tells it, as shells do: 143 for SIGTERM, 129 for SIGHUP."""
        return 128 + (self.number or 0)


@contextmanager
def terminable() -> Iterator[Heard]:
    """Within the block SIGTERM and SIGHUP raise KeyboardInterrupt, and are noted.

    Only the main thread can ask for this, and only where nobody asked for something else, as nohup does; elsewhere
    nothing changes.
    """
    heard = Heard()

    def interrupt(number: int, frame: FrameType | None) -> None:
        heard.number = number
        _leave_closed_terminals()
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    numbers = [number for number in ENDING if ours and signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, interrupt)
    try:
        yield heard
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _leave_closed_terminals() -> None:
    """Let what is still said go nowhere if it went to a terminal that is closed, where writing is an error."""
    for descriptor in (1, 2):
        try:
            closed = stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor)
        except OSError:
            continue
        if closed:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
