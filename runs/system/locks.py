"""Whether a process holds the lock of a folder, found out without taking the lock, so that nobody is disturbed."""

import os
import time
from pathlib import Path

#: Where Linux lists the locks that are held on this machine.
LISTED = Path("/proc/locks")
#: A file that was changed so many seconds ago is still being worked at: three states that a run keeps.
FRESH = 30.0


def is_locked(path: Path) -> bool | None:
    """Whether a process on this machine holds the lock of a lock file; None where the system does not list locks."""
    try:
        held = os.stat(path)
        listed = LISTED.read_text(encoding="ascii")
    except FileNotFoundError:
        return False if LISTED.exists() else None
    except (OSError, ValueError):
        return None
    place = f"{os.major(held.st_dev):02x}:{os.minor(held.st_dev):02x}:{held.st_ino}"
    return any(place in line.split() for line in listed.splitlines())


def age_of(path: Path) -> float | None:
    """Seconds since a file was changed last; None where there is none."""
    try:
        return max(0.0, time.time() - os.stat(path).st_mtime)
    except OSError:
        return None


def at_work(lock: Path, *written: Path) -> bool:
    """Whether somebody is at work in a folder: its lock is held here, or one of its files was written just now.

    Workers on other machines hold locks that are not listed here, and are seen by what they write.
    """
    return bool(is_locked(lock)) or any((age := age_of(path)) is not None and age < FRESH for path in written)
