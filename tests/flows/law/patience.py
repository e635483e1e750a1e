"""An end for what may go on for ever: a block of code gets so many seconds of this process's work."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: What is sent when a timer is up: ITIMER_VIRTUAL counts the process's own work, ITIMER_PROF also the system's for it.
SIGNALS = {signal.ITIMER_VIRTUAL: signal.SIGVTALRM, signal.ITIMER_PROF: signal.SIGPROF}


class Hung(Exception):
    """Something that did not end."""


@contextmanager
def at_most(seconds: float, timer: int = signal.ITIMER_VIRTUAL) -> Iterator[None]:
    """End the block with Hung after so many seconds; on the main thread only."""

    def ring(number: int, frame: object) -> None:
        raise Hung(f"no end after {seconds:g} s")

    before = signal.signal(SIGNALS[timer], ring)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0.0)
        signal.signal(SIGNALS[timer], before)
