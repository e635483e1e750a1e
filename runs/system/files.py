"""Files read whole and written whole: nothing but a regular file is opened, and none is ever seen half written."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from particles.trajectory.files.regular_file import check_regular
from runs.system.refusal import Refusal

#: Bytes of a text at most: no study and no configuration is as long.
LONGEST = 2**26
#: Files that a process has open for itself at most: its libraries, its terminal, its connections.
SPARE = 64


def content_of(path: Path, most: int = LONGEST) -> bytes:
    """The content of a regular file of so many bytes at most; raises OSError, with a word on why, otherwise."""
    if check_regular(path) > most:
        raise OSError(errno.EFBIG, f"longer than {most >> 20} MB", str(path))
    return path.read_bytes()


def json_in(path: Path) -> object:
    """The value in a JSON file. Raises OSError where it cannot be read, ValueError where it is no JSON."""
    try:
        return json.loads(content_of(path).decode())
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error


def check_open(count: int, advice: str) -> None:
    """Raise Refusal where a process may not have so many files open at once, and some of its own."""
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
    """A regular file of text in UTF-8 as the csv module wants it; raises OSError for what is none."""
    check_regular(path)
    with path.open(newline="", encoding="utf-8") as file:
        yield file


@contextmanager
def replacing(path: Path, passing: Path | None = None) -> Iterator[Path]:
    """Gives a passing name to write under, which becomes that of the path where the block ends without an error.

    passing: by default the path with .part behind it. Raises OSError where one of the names belongs to what is no
    regular file, which is left as it is; a link of the passing name is not followed.
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
