"""Opening of trajectory files that may be missing, foreign, damaged or in use; each case raises TrajectoryError."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from time import sleep
from typing import TypeVar

import h5py
import numpy as np

from particles.errors import TrajectoryError
from particles.trajectory.files.beside_writers import (
    beside_a_writer,
    held_to_write,
    is_held,
    is_written,
    let_writers_in,
    writers_lock,
)
from particles.trajectory.files.checked_nodes import child_group, has
from particles.trajectory.files.create_whole import note_end_of_file, publish
from particles.trajectory.files.disk_space import DiskSpace
from particles.trajectory.files.regular_file import NotAFile, check_regular
from particles.trajectory.layout import CLOUD, EARLIER_VERSIONS, MODULE, OBSERVABLES, PARTICLES, SCHEMA_VERSION

Taken = TypeVar("Taken")
Version = tuple[int, ...]

#: Number of tries to read, and seconds between them, since a running writer is inside a write for some microseconds.
LOOKS, BETWEEN_LOOKS = 100, 0.005


def new_file(path: str | PathLike[str], fill: Callable[[h5py.File], None], *, overwrite: bool = False) -> h5py.File:
    """Create a new file, let `fill` write its fixed parts, and open it for writing.

    The file appears under its name only when it is whole; with `overwrite` it replaces a file of that name. Raises
    TrajectoryError where something has that name (with `overwrite`: something that is not a file, or a file that is
    being written), where the folder is missing, and where the file cannot be written.
    """
    target = Path(path)
    if os.path.isdir(target):
        raise TrajectoryError(f"{target} is a folder, but the name of a new file is needed; add one.")
    if os.path.exists(target) and not overwrite:
        raise TrajectoryError(
            f"{target} exists already and is not overwritten; append to it, choose another name, or say overwrite=True."
        )
    if os.path.exists(target) and is_written(_existing(target)):
        raise TrajectoryError(_in_use(target))
    if not target.parent.is_dir():
        raise TrajectoryError(f"There is no folder {target.parent} to create {target.name} in; create it first.")
    try:
        DiskSpace(target).check(0)
        publish(target, fill, overwrite=overwrite)
    except TrajectoryError:
        raise
    except (OSError, RuntimeError) as error:
        raise TrajectoryError(f"{target} cannot be created ({_reason(error)}); choose another place.") from error
    return file_to_append(target)


def file_to_append(path: str | PathLike[str]) -> h5py.File:
    """Open one of our trajectories for writing, after repairing the traces of a killed writer.

    Raises TrajectoryError where it is missing, a folder, open elsewhere, truncated, or no trajectory of this version,
    and where there is no space to write on.
    """
    target = _existing(path)
    DiskSpace(target).check(0)
    try:
        with _taken(h5py.File(target, "r"), take=lambda file: file) as file:
            if file.mode != "r":
                raise TrajectoryError(_in_use(target))
        note_end_of_file(target)
        return held_to_write(target)
    except TrajectoryError:
        raise
    except OSError as error:
        raise TrajectoryError(_refusal(target, error)) from error


def read_file(path: str | PathLike[str], take: Callable[[h5py.File], Taken]) -> Taken:
    """Open one of our trajectories for reading and return what `take` makes of it, also beside a writer.

    Committed content stays in its place, so it can be read while a writer works; an attempt that meets the middle of a
    write is repeated. Raises TrajectoryError where the file is missing, a folder, truncated, or no trajectory of this
    version.
    """
    target = _existing(path)
    try:
        if not writers_lock():
            return _beside_its_writer(target, take)
        try:
            file = h5py.File(target, "r")
        except OSError as error:
            if not is_held(error):
                raise
            return _beside_its_writer(target, take)
        taken = _taken(file, take)
        let_writers_in(file)
        return taken
    except TrajectoryError:
        raise
    except OSError as error:
        raise TrajectoryError(_refusal(target, error)) from error


@contextmanager
def damage_reported(file: h5py.File) -> Iterator[None]:
    """A context that turns h5py's errors about unreadable content into a TrajectoryError of one sentence."""
    name = file.filename
    try:
        yield
    except TrajectoryError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise TrajectoryError(
            f"{name} cannot be read ({_reason(error)}), as only a damaged file cannot; restore it from a copy."
        ) from error


@contextmanager
def failure_reported(file: h5py.File) -> Iterator[None]:
    """A context that turns h5py's errors about a failing write into a TrajectoryError of one sentence."""
    name = file.filename
    try:
        yield
    except TrajectoryError:
        raise
    except (OSError, RuntimeError) as error:
        raise TrajectoryError(
            f"{name} cannot be written ({_reason(error)}); make room, then append from its last frame."
        ) from error


def version_of(file: h5py.File) -> Version:
    """The version of our layout that is written in a file; () where there is none."""
    stored = child_group(file, MODULE).attrs.get("version", ())
    return tuple(int(number) for number in np.atleast_1d(stored))


def _existing(path: str | PathLike[str]) -> Path:
    """The path of a regular file; raises TrajectoryError where there is none or something else has that name."""
    target = Path(path)
    try:
        check_regular(target)
    except NotAFile as error:
        other = "a file in it" if error.is_folder else "one"
        raise TrajectoryError(
            f"{target} is {error.strerror}, but a trajectory file is needed; name {other}."
        ) from error
    except OSError as error:
        why = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"
        raise TrajectoryError(f"There is no file {target}{why}; check the name, or create it first.") from error
    return target


def _beside_its_writer(target: Path, take: Callable[[h5py.File], Taken]) -> Taken:
    """Read a file without a lock, again and again while a write spoils the attempt."""
    for _ in range(LOOKS):
        try:
            return _taken(beside_a_writer(target), take)
        except OSError:  # ours too: what looks damaged in the middle of a write may be whole after it
            sleep(BETWEEN_LOOKS)
    return _taken(beside_a_writer(target), take)


def _taken(file: h5py.File, take: Callable[[h5py.File], Taken]) -> Taken:
    """The result of `take` for a trajectory of ours; another file is closed, and TrajectoryError is raised."""
    try:
        with damage_reported(file):
            _check_schema(file)
            return take(file)
    except TrajectoryError:
        file.close()
        raise


def _check_schema(file: h5py.File) -> None:
    """Raise TrajectoryError unless the file has our groups and a version of the layout that can be read."""
    version = version_of(file)
    if version != SCHEMA_VERSION and version not in EARLIER_VERSIONS:
        found, *known = (
            ".".join(map(str, numbers)) or "none" for numbers in (version, *EARLIER_VERSIONS, SCHEMA_VERSION)
        )
        which = "a newer release of meanfield-particles" if version > SCHEMA_VERSION else "the release that wrote it"
        raise TrajectoryError(
            f"{file.filename} has version {found} of the trajectory layout, but {' or '.join(known)} is needed; use "
            f"{which}."
        )
    child_group(file, OBSERVABLES)
    if has(child_group(file, PARTICLES), "cloud"):
        child_group(file, CLOUD)


def _refusal(target: Path, error: OSError) -> str:
    """The sentence that tells an error of HDF5 on opening a file."""
    reason = str(error)
    if isinstance(error, BlockingIOError) or "already open" in reason:
        return _in_use(target)
    if "truncated file" in reason:
        return f"{target} is truncated, its end is missing; restore it from a copy or run again."
    if "signature not found" in reason:
        return f"{target} is not an HDF5 file; give a trajectory file."
    return f"{target} cannot be opened ({_reason(error)}); check its permissions or restore it from a copy."


def _in_use(target: Path) -> str:
    return f"{target} is open elsewhere; close it there, or wait until that run has ended."


def _reason(error: Exception) -> str:
    """The first line of an error's text without its advice, for use in a sentence of ours."""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return said.split(";")[0].rstrip(".")
