"""SIGTERM, which batch systems send before they kill, ends a command as cleanly as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Heard:
    """Whether SIGTERM came while the block ran."""

    terminated: bool = False


@contextmanager
def terminable() -> Iterator[Heard]:
    """Within the block SIGTERM raises KeyboardInterrupt, and is noted.

    Only the main thread can ask for this, and only where nobody asked for something else; elsewhere nothing changes.
    """
    heard = Heard()
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield heard
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        heard.terminated = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
