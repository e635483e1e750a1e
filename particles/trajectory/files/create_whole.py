"""A new file that is never seen half made, and the one thing to mend in a file whose writer was killed.

Chunks are indexed by HDF5's extensible array, which puts new entries beside the old ones. The B-tree that it uses by
default rewrites a full node before the nodes it is split into are on disk: a process killed in between loses frames
that were committed long ago. The superblock stays the oldest one, which keeps no mark of an open writer, so a file
whose writer was killed opens everywhere.
"""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import h5py

from particles.errors import TrajectoryError

#: Bounds for the groups and datasets of a file, not for its superblock.
OBJECT_BOUNDS = ("v110", "v110")

_OLDEST_SUPERBLOCK = b"\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08"
_END_AT = slice(40, 48)


def publish(target: Path, fill: Callable[[h5py.File], None], *, overwrite: bool = False) -> None:
    """Write a file under a passing name beside the target and give it its name once it is whole and closed.

    Raises TrajectoryError where the target exists by then, unless it is to be replaced, OSError where the folder cannot
    be written.
    """
    passing = target.with_name(f".{uuid4().hex}.unfinished")
    try:
        h5py.File(passing, "x", libver=("earliest", "latest")).close()
        with open_to_write(passing) as file:
            fill(file)
        if overwrite:
            passing.replace(target)
        else:
            _name(passing, target)
    finally:
        passing.unlink(missing_ok=True)


def open_to_write(path: Path) -> h5py.File:
    """Open an existing file for writing; what is added is indexed as this module says."""
    return h5py.File(path, "r+", libver=OBJECT_BOUNDS)


def note_end_of_file(path: Path) -> None:
    """Let the superblock's end of file include all that was written before the writer was killed.

    HDF5 notes the end last, so a killed writer's last frame may lie behind it, where it can neither be read nor cut
    off. Nothing else is touched, and nothing at all where the end is right or the file is of another kind.
    """
    with path.open("r+b") as file:
        start = file.read(_END_AT.stop)
        size = file.seek(0, os.SEEK_END)
        ours = start.startswith(_OLDEST_SUPERBLOCK) and len(start) == _END_AT.stop
        if ours and int.from_bytes(start[_END_AT], "little") < size:
            file.seek(_END_AT.start)
            file.write(size.to_bytes(8, "little"))


def _name(passing: Path, target: Path) -> None:
    """Give a file its name without ever replacing another file."""
    try:
        os.link(passing, target)
    except FileExistsError as error:
        raise TrajectoryError(f"{target} was created by somebody else meanwhile; choose another name.") from error
    except OSError:  # a file system without hard links
        if target.exists():
            raise TrajectoryError(f"{target} was created by somebody else meanwhile; choose another name.") from None
        passing.rename(target)
