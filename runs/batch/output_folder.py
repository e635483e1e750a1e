"""The output folder of a batch of runs, which belongs to one configuration and to one process at a time."""

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from particles.trajectory.files.regular_file import NotAFile, check_regular
from runs.system.files import json_in, replacing
from runs.system.refusal import Refusal

CONFIG_FILE = "config.json"
PART_FILE = f"{CONFIG_FILE}.part"
LOCK_FILE = ".lock"

#: Error numbers of a place where nothing can be written: rights, read-only, full, over the quota, no folder.
UNWRITABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    *(errno.EEXIST, errno.ENOTDIR, errno.ENOENT, errno.ENAMETOOLONG),
)

#: Entries of config.json that are for the reader; a folder with other remarks is accepted.
REMARKS = ("remarks",)


@contextmanager
def claimed(
    folder: Path,
    identity: Mapping[str, Any],
    remarks: Mapping[str, Any],
    patience: float = 0.0,
    before: Callable[[], None] | None = None,
) -> Iterator[Path]:
    """A context in which the folder belongs to this configuration; config.json holds `identity` and `remarks`.

    `patience` is the number of seconds to wait for another process that is at work in the folder. `before` is called
    once no other process is at work in it, before its configuration is compared. Raises Refusal where the folder holds
    runs of another configuration or files that are not ours, cannot be written, or where another process is at work in
    it. Nothing in the folder is overwritten.
    """
    at_work = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_strangers(folder)
        if (folder / LOCK_FILE).exists():
            check_regular(folder / LOCK_FILE)
        with FileLock(folder / LOCK_FILE, timeout=patience):
            if before is not None:
                before()
            _check_owner(folder, identity)
            hold_configuration(folder / CONFIG_FILE, {**identity, "remarks": dict(remarks)})
            at_work = True
            yield folder
    except Timeout as error:
        raise Refusal(f"Another process is at work in {folder}: wait for it, or name another folder.") from error
    except OSError as error:
        if at_work and error.errno not in UNWRITABLE:
            raise
        where = Path(str(error.filename or folder)).name
        said = f"{where} is {error.strerror}" if isinstance(error, NotAFile) else error.strerror or str(error)
        raise Refusal(f"The folder {folder} cannot be written ({said}): name another folder.") from error


def replace_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def _check_strangers(folder: Path) -> None:
    """Raise Refusal where a folder is not empty and has no configuration of ours."""
    ours = (LOCK_FILE, PART_FILE)
    strangers = sorted(entry.name for entry in folder.iterdir() if entry.name not in ours)
    if strangers and not (folder / CONFIG_FILE).exists():
        raise Refusal(
            f"The folder {folder} holds {strangers[0]!r} but no {CONFIG_FILE}, so it is not one of ours: "
            "name an empty or a new folder."
        )


def _check_owner(folder: Path, identity: Mapping[str, Any]) -> None:
    """Raise Refusal where the folder has another configuration."""
    path = folder / CONFIG_FILE
    found = _differences(held_configuration(path), identity) if path.exists() else []
    if found:
        raise Refusal(
            f"The folder {folder} holds runs of another configuration ({'; '.join(found)}): name another folder."
        )


def hold_configuration(path: Path, held: Mapping[str, Any]) -> None:
    """Write a config.json, whole or not at all."""
    replace_text(path, json.dumps(held, indent=2) + "\n")


def held_configuration(path: Path) -> dict[str, Any]:
    """The content of a config.json; raises Refusal where it is not a configuration, OSError where it cannot be read."""
    try:
        held = json_in(path)
    except ValueError as error:
        raise Refusal(f"The file {path} is not readable JSON: name another folder, or remove the file.") from error
    if not isinstance(held, dict):
        raise Refusal(f"The file {path} does not hold a configuration: name another folder.")
    return held


def _differences(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The entries that differ, as "name: there X, here Y", sorted by name."""
    names = sorted((held.keys() | wanted.keys()) - set(REMARKS))
    missing = object()
    return [
        f"{name}: there {_shown(held.get(name, missing), missing)}, here {_shown(wanted.get(name, missing), missing)}"
        for name in names
        if held.get(name, missing) != wanted.get(name, missing)
    ]


def _shown(value: object, missing: object) -> str:
    return "nothing" if value is missing else json.dumps(value)
