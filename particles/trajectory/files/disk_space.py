"""Whether there is room for what is about to be written, asked before HDF5 is: it loses a file that fills its disk.

Where a write of its own fails, HDF5 can neither flush nor close the file in order any more: the file ends before its
noted end, and closing it may end the process.
"""

import os
import sys
import time
from pathlib import Path

from particles.errors import TrajectoryError

#: Bytes that stay free: what closing a file in order takes, and what other programs may write between two looks.
MARGIN = 2**24
#: Seconds, and bytes written, after which the room is looked at again.
SECONDS = 0.1
BYTES = MARGIN // 4


class Room:
    """The room that is left for a file: on its disk, and up to the size that the system lets files grow to."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Take up a file that is or will be in an existing folder."""
        self._path = Path(path)
        self._looked, self._left = -float("inf"), 0

    def check(self, size: int) -> None:
        """Raise TrajectoryError unless so many bytes and the margin fit."""
        now = time.monotonic()
        if now - self._looked > SECONDS or size > self._left:
            room = room_for(self._path) - MARGIN
            if size > room:
                raise TrajectoryError(
                    f"{self._path} cannot be written (there is room for {max(0, room + MARGIN)} bytes, but {size} and "
                    f"{MARGIN} to spare are needed); make room, then append from its last frame."
                )
            self._looked, self._left = now, min(room, BYTES)
        self._left -= size


def room_for(path: Path) -> int:
    """Bytes by which a file may grow, as far as the system says; it says nothing of what is no file in a folder."""
    left = sys.maxsize
    if hasattr(os, "statvfs") and path.parent.is_dir():
        disk = os.statvfs(path.parent)
        left = disk.f_bavail * disk.f_frsize
    return min(left, _limit() - (path.stat().st_size if path.exists() else 0))


def _limit() -> int:
    """The size up to which this process may write a file (`ulimit -f`)."""
    try:
        import resource
    except ImportError:  # not a Unix
        return sys.maxsize
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
