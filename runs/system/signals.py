"""Handling of SIGTERM, which batch systems send before they kill, and SIGHUP, sent when a terminal closes."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

#: The signals that end a command; Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
#: The signals that a terminal sends to all its processes; workers ignore them, since their parent process acts.
SHARED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name))


@dataclass
class Heard:
    """The signal that came while a block ran, or none."""

    number: int | None = None

    @property
    def terminated(self) -> bool:
        """Whether a signal came."""
        return self.number is not None

    @property
    def code(self) -> int:
        """The exit code for the signal, as shells give it: 143 for SIGTERM, 129 for SIGHUP."""
        return 128 + (self.number or 0)


@contextmanager
def terminable() -> Iterator[Heard]:
    """A context in which SIGTERM and SIGHUP raise KeyboardInterrupt, like Ctrl-C, and are noted.

    This works only in the main thread, and only for signals without another handler, such as that of nohup; otherwise
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
    """Send further output to the null device where its terminal is closed, since writing to it is an error."""
    for descriptor in (1, 2):
        try:
            closed = stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor)
        except OSError:
            continue
        if closed:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


@contextmanager
def signals_ignored() -> Iterator[None]:
    """A context in which processes that begin do not end by Ctrl-C or a closing terminal while they still import.

    It has an effect only in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SHARED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
