"""The files beside a study that decide its numbers: its data, the modules it names, and what those import."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from runs.studyfile.model.config import RunConfig
from runs.studyfile.model.modules import modules_of
from runs.system.refusal import Refusal


def sources_of(config: RunConfig, folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a run, by its name in the study or its path from the study's folder.

    Modules that lie elsewhere go by their dotted names. Nothing is imported or executed. A file that is missing is
    left out. Raises Refusal where one cannot be read.
    """
    files: dict[str, Path] = {}
    for path in config.import_paths():
        for module, file in modules_of(path.partition(":")[0], folder).items():
            inside = file.resolve().is_relative_to(folder.resolve())
            files[file.resolve().relative_to(folder.resolve()).as_posix() if inside else module] = file
    files.update({name: folder / name for name in config.data.files if (folder / name).is_file()})
    try:
        return {name: _digest(files[name]) for name in sorted(files)}
    except OSError as error:
        raise Refusal(f"The file {error.filename} cannot be read ({error.strerror}): check its rights.") from error


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What became of the files since, one phrase for each that is not the same.

    Files recorded by their bare names, as once was done, are found under them.
    """
    said, known = [], set()
    for name, digest in now.items():
        held = name if name in then else Path(name).name
        known.add(held)
        if held not in then:
            said.append(f"{name} was not recorded")
        elif then[held] != digest:
            said.append(f"{name} has changed")
    return [*said, *(f"{name} is missing or no longer used" for name in sorted(then.keys() - known))]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
