"""Creation of a file that is never visible half made, and the repair of a file whose writer was killed.

Chunks are indexed by HDF5's extensible array, which puts new entries beside the old ones. The default index, a B-tree,
rewrites a full node before the nodes that replace it are on disk, so a process killed in between would lose frames that
were committed long ago. The superblock has the oldest format, which does not mark an open writer, so a file whose
writer was killed opens in every program.
"""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import h5py

from particles.errors import TrajectoryError

#: HDF5 versions for the groups and datasets of a file; its superblock has an older one.
OBJECT_BOUNDS = ("v110", "v110")

_OLDEST_SUPERBLOCK = b"\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08"
_END_AT = slice(40, 48)


def publish(target: Path, fill: Callable[[h5py.File], None], *, overwrite: bool = False) -> None:
    """Write a file under a temporary name beside the target, and rename it once it is whole and closed.

    Raises TrajectoryError where the target exists by then, unless `overwrite` is set, and OSError where the folder
    cannot be written.
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
    """Open an existing file for writing; new datasets are indexed by extensible arrays."""
    return h5py.File(path, "r+", libver=OBJECT_BOUNDS)


def note_end_of_file(path: Path) -> None:
    """Correct the end of file in the superblock, so that it includes all that a killed writer wrote.

    HDF5 notes the end last, so the last frame of a killed writer may lie behind it and could neither be read nor cut
    off. Only that number is changed, and only where it is too small and the file has our kind of superblock.
    """
    with path.open("r+b") as file:
        start = file.read(_END_AT.stop)
        size = file.seek(0, os.SEEK_END)
        ours = start.startswith(_OLDEST_SUPERBLOCK) and len(start) == _END_AT.stop
        if ours and int.from_bytes(start[_END_AT], "little") < size:
            file.seek(_END_AT.start)
            file.write(size.to_bytes(8, "little"))


def _name(passing: Path, target: Path) -> None:
    """Rename a file to its target; raises TrajectoryError where another file has that name."""
    try:
        os.link(passing, target)
    except FileExistsError as error:
        raise TrajectoryError(f"{target} was created by somebody else meanwhile; choose another name.") from error
    except OSError:  # a file system without hard links
        if target.exists():
            raise TrajectoryError(f"{target} was created by somebody else meanwhile; choose another name.") from None
        passing.rename(target)
