"""Whether an open file still has its name: somebody may move or remove it while it is written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import h5py

from particles.errors import TrajectoryError


def check_exists(file: h5py.File) -> None:
    """Raise TrajectoryError where a file has no name left, so that nobody can open what is still written to it."""
    held = _status(file)
    if held is not None and held.st_nlink == 0:
        raise TrajectoryError(_lost(file.filename))


def check_named(file: h5py.File) -> None:
    """Raise TrajectoryError where the name of an open file is that of another one, or of none."""
    _check(file.filename, _status(file))


@contextmanager
def named_at_the_end(file: h5py.File) -> Iterator[None]:
    """The same, asked after the block, in which the file is closed."""
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
    """What the system says of the open file, whatever its name; None where HDF5 has no descriptor of the system's."""
    try:
        return os.fstat(file.id.get_vfd_handle())
    except (OSError, RuntimeError):
        return None


def _lost(name: str) -> str:
    return (
        f"{name} was moved or removed while it was written, so what is there is not what was recorded; put it back to "
        "continue it, or run again and leave it where it is."
    )
