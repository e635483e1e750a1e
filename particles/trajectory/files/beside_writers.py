"""Reading a file that another process writes or begins to write; a reader never keeps a writer out.

A writer holds HDF5's lock. A reader that finds the file locked opens it without a lock, in HDF5's mode for reading
beside a writer (SWMR): metadata with a wrong checksum are read again, and the end of the file is its present end. The
writer does not use that mode, because a file whose SWMR writer was killed cannot be opened until it is mended by hand.
"""

import contextlib
import os
from pathlib import Path
from time import sleep

import h5py

from particles.trajectory.files.create_whole import open_to_write

try:
    import fcntl
except ImportError:  # not a Unix
    fcntl = None  # type: ignore[assignment]

#: Number of tries of a writer, and seconds between them, while another program's reader holds the file for a moment.
PATIENCE, BETWEEN_TRIES = 100, 0.05
#: Words in HDF5's error for a file that this process has open in another mode.
_OPEN_OTHERWISE = ("don't match", "not the same")


def writers_lock() -> bool:
    """Whether HDF5 locks files in this process; without locks it is not known whether a file is being written."""
    return os.environ.get("HDF5_USE_FILE_LOCKING", "TRUE").upper() not in ("FALSE", "0")


def is_held(error: OSError) -> bool:
    """Whether opening failed because a writer holds the file, or this process has it open in another mode."""
    return isinstance(error, BlockingIOError) or any(words in str(error) for words in _OPEN_OTHERWISE)


def is_written(path: Path) -> bool:
    """Whether a writer has the file open, in this process or another; False for a file that is not HDF5."""
    try:
        with h5py.File(path, "r") as file:
            return str(file.mode) != "r"
    except BlockingIOError:
        return True
    except OSError:
        return False


def beside_a_writer(path: Path) -> h5py.File:
    """Open a file for reading without a lock; raises OSError where it cannot be read at this moment."""
    try:
        return h5py.File(path, "r", swmr=True, locking=False)
    except OSError as error:
        if not is_held(error):
            raise
    return h5py.File(path, "r", locking=False)


def held_to_write(path: Path) -> h5py.File:
    """Open a file for writing once no other program holds it; raises OSError where one holds it for too long."""
    for _ in range(PATIENCE):
        try:
            return open_to_write(path)
        except BlockingIOError:
            sleep(BETWEEN_TRIES)
    return open_to_write(path)


def is_live(file: h5py.File) -> bool:
    """Whether a file is read beside a writer in another process."""
    return bool(file.swmr_mode)


def let_writers_in(file: h5py.File) -> None:
    """Release the lock that HDF5 took for a file that is read; the lock of a writer in this process stays."""
    if fcntl is not None and file.mode == "r":
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file.id.get_vfd_handle(), fcntl.LOCK_UN)


def size_now(file: h5py.File) -> int:
    """The size of an open file in bytes at this moment; a reader's HDF5 knows only the size at the time of opening."""
    known = int(file.id.get_filesize())
    return max(known, os.fstat(file.id.get_vfd_handle()).st_size) if is_live(file) else known
