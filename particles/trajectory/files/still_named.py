"""Checks that an open file still has its name, since it may be moved or removed while it is written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import h5py

from particles.errors import TrajectoryError


def check_exists(file: h5py.File) -> None:
    """Raise TrajectoryError where an open file was removed, so that nobody could read what is still written to it."""
    held = _status(file)
    if held is not None and held.st_nlink == 0:
        raise TrajectoryError(_lost(file.filename))


def check_named(file: h5py.File) -> None:
    """Raise TrajectoryError where the name of an open file now belongs to another file or to none."""
    _check(file.filename, _status(file))


@contextmanager
def named_at_the_end(file: h5py.File) -> Iterator[None]:
    """A context in which the file is closed; makes the check of `check_named` at its end."""
    name = file.filename
    held = _status(file)
    yield
    _check(name, held)


def _check(name: str, held: os.stat_result | None) -> None:
    try:
        same = held is None or os.path.samestat(os.stat(name), held)
    except OSError:
        same = False
    if not same:
        raise TrajectoryError(_lost(name))


def _status(file: h5py.File) -> os.stat_result | None:
    """The system's status of the open file, whatever its name; None where HDF5 has no file descriptor."""
    try:
        return os.fstat(file.id.get_vfd_handle())
    except (OSError, RuntimeError):
        return None


def _lost(name: str) -> str:
    return (
        f"{name} was moved or removed while it was written, so what is there is not what was recorded; put it back to "
        "continue it, or run again and leave it where it is."
    )
