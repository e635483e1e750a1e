"""Files that are read and written as a whole: only regular files are opened, and none is visible half written."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from particles.trajectory.files.regular_file import check_regular
from runs.system.refusal import Refusal

#: Largest number of bytes of a text; no study and no configuration is as long.
LONGEST = 2**26
#: Number of files that a process may have open for itself, such as libraries, terminal and connections.
SPARE = 64


def content_of(path: Path, most: int = LONGEST) -> bytes:
    """The content of a regular file of at most `most` bytes; raises OSError, with the reason, for any other."""
    if check_regular(path) > most:
        raise OSError(errno.EFBIG, f"longer than {most >> 20} MB", str(path))
    return path.read_bytes()


def json_in(path: Path) -> object:
    """The value in a JSON file; raises OSError where it cannot be read, ValueError where it is not JSON."""
    try:
        return json.loads(content_of(path).decode())
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error


def check_open(count: int, advice: str) -> None:
    """Raise Refusal where the system does not let a process open `count` files beside its own."""
    try:
        import resource
    except ImportError:  # not a Unix
        return
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed != resource.RLIM_INFINITY and count + SPARE > allowed:
        raise Refusal(
            f"{count + SPARE} files would be open at once, but the system allows a process {allowed} (ulimit -n): "
            f"raise that, or {advice}."
        )


@contextmanager
def opened_text(path: Path) -> Iterator[TextIO]:
    """A context with a regular text file in UTF-8, opened for the csv module; raises OSError for anything else."""
    check_regular(path)
    with path.open(newline="", encoding="utf-8") as file:
        yield file


@contextmanager
def replacing(path: Path, passing: Path | None = None) -> Iterator[Path]:
    """A context with a temporary name to write under; the file is renamed to `path` if the block ends without an error.

    The temporary name is `passing`, by default the path with .part added. Raises OSError where one of the names belongs
    to something that is not a regular file, which stays as it is; a link of the temporary name is not followed.
    """
    unfinished = path.with_name(path.name + ".part") if passing is None else passing
    if unfinished.is_symlink():
        raise OSError(errno.ELOOP, "a link", str(unfinished))
    for place in (unfinished, path):
        if place.exists():
            check_regular(place)
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
