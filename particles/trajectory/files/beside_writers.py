"""Opening a file that another process writes, or begins to write meanwhile: no reader keeps a writer out.

A writer holds HDF5's lock, so a reader that finds it open sees the file without one, by HDF5's own way of reading
beside a writer (SWMR): metadata whose checksum is of another moment are read again, and the end of the file is where it
is now. The writer does not write in that mode: a file whose SWMR writer was killed opens nowhere until mended by hand.
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

#: Another program's reader may hold a file for a moment just when a writer comes: so many tries, so far apart.
PATIENCE, BETWEEN_TRIES = 100, 0.05
#: What HDF5 says of a file that this process has open in another way.
_OPEN_OTHERWISE = ("don't match", "not the same")


def writers_lock() -> bool:
    """Whether HDF5 locks files in this process; where it is told not to, nobody knows whether one is being written."""
    return os.environ.get("HDF5_USE_FILE_LOCKING", "TRUE").upper() not in ("FALSE", "0")


def is_held(error: OSError) -> bool:
    """Whether a file was not opened since a writer holds it, or this process has it open in another way."""
    return isinstance(error, BlockingIOError) or any(words in str(error) for words in _OPEN_OTHERWISE)


def is_written(path: Path) -> bool:
    """Whether a writer has a file open, in this process or another one; what is no HDF5 file has none."""
    try:
        with h5py.File(path, "r") as file:
            return str(file.mode) != "r"
    except BlockingIOError:
        return True
    except OSError:
        return False


def beside_a_writer(path: Path) -> h5py.File:
    """A file opened for reading without a lock; raises OSError where it cannot be read at this moment."""
    try:
        return h5py.File(path, "r", swmr=True, locking=False)
    except OSError as error:
        if not is_held(error):
            raise
    return h5py.File(path, "r", locking=False)


def held_to_write(path: Path) -> h5py.File:
    """A file open for writing, once no other program has it open to read; raises OSError where one keeps it so."""
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
    """Give back the lock that HDF5 took for a file that is read; that of a writer in this process stays."""
    if fcntl is not None and file.mode == "r":
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file.id.get_vfd_handle(), fcntl.LOCK_UN)


def size_now(file: h5py.File) -> int:
    """Bytes of an open file at this moment: HDF5 of a reader knows them as they were when it was opened."""
    known = int(file.id.get_filesize())
    return max(known, os.fstat(file.id.get_vfd_handle()).st_size) if is_live(file) else known
