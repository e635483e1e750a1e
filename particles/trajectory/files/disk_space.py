"""A check that the disk has space for a write, made before HDF5 writes, because a full disk would spoil the file.

Where a write fails, HDF5 can no longer flush or close the file in order. The file ends before its noted end, and
closing it may end the process.
"""

import os
import sys
import time
from pathlib import Path

from particles.errors import TrajectoryError

#: Bytes that stay free, for closing the file in order and for what other programs write between two checks.
MARGIN = 2**24
#: Seconds, and bytes written, after which the free space is measured again.
SECONDS = 0.1
BYTES = MARGIN // 4


class DiskSpace:
    """The space left for a file: on its disk, and up to the largest size of a file that the system allows."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Watch the space for a file, which exists or will exist in an existing folder."""
        self._path = Path(path)
        self._looked, self._left = -float("inf"), 0

    def check(self, size: int) -> None:
        """Raise TrajectoryError unless `size` bytes and the margin fit."""
        now = time.monotonic()
        if now - self._looked > SECONDS or size > self._left:
            free = free_bytes(self._path) - MARGIN
            if size > free:
                raise TrajectoryError(
                    f"{self._path} cannot be written (there is room for {max(0, free + MARGIN)} bytes, but {size} and "
                    f"{MARGIN} to spare are needed); make room, then append from its last frame."
                )
            self._looked, self._left = now, min(free, BYTES)
        self._left -= size


def free_bytes(path: Path) -> int:
    """Number of bytes by which a file may grow, as far as the system tells; a very large number where it does not."""
    left = sys.maxsize
    if hasattr(os, "statvfs") and path.parent.is_dir():
        disk = os.statvfs(path.parent)
        left = disk.f_bavail * disk.f_frsize
    return min(left, _limit() - (path.stat().st_size if path.exists() else 0))


def _limit() -> int:
    """The largest size of a file that this process may write (`ulimit -f`), in bytes."""
    try:
        import resource
    except ImportError:  # not a Unix
        return sys.maxsize
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
