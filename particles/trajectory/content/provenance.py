"""The provenance of a trajectory: versions, git state of our source, device, command line, start and resumes."""

import functools
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

import h5py
import numpy as np
import torch

from particles.errors import TrajectoryError
from particles.trajectory.content.creation import add_text
from particles.trajectory.describe import Json
from particles.trajectory.files.beside_writers import is_live
from particles.trajectory.files.checked_nodes import child_dataset, child_group, has, json_object
from particles.trajectory.layout import MODULE, OPENED, RESUMES

Provenance: TypeAlias = dict[str, Json]

DISTRIBUTION = "meanfield-particles"
SOURCE = Path(__file__).resolve().parents[2]


def provenance() -> Provenance:
    """The provenance at the moment when a file is created, as JSON.

    `version` is ours; `git` is {"commit", "dirty"} of the checkout that holds our source, or None where it is installed
    from a package; `libraries` are versions; `command` is sys.argv; `started` is the UTC time in ISO form. A reader
    adds the device of the first cloud and the resumes.
    """
    state = git_state(SOURCE)
    return {
        "version": distribution_version(),
        "git": None if state is None else {"commit": state[0], "dirty": state[1]},
        "libraries": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "h5py": h5py.__version__,
        },
        "command": list(sys.argv),
        "started": utc_now(),
    }


@contextmanager
def resume_noted(module: h5py.Group) -> Iterator[None]:
    """A context that adds a resume to a file: its `provenance`, under the number of the opening, and its UTC time.

    The entry of the time is a chunk of its own at the end of the file. It is added before anything is cut off. So the
    file is not shortened before HDF5 has noted the shorter end, and readers that have it open notice the resume. The
    entry is empty until the block of the context has ended.
    """
    dataset, origins = child_dataset(module, OPENED), child_group(module, RESUMES)
    number = str(len(dataset))
    if has(origins, number):  # the writer was killed before it noted the time
        del origins[number]
    add_text(origins, number, json.dumps(provenance()))
    dataset.resize(len(dataset) + 1, axis=0)
    dataset[-1] = b""
    module.file.flush()
    yield
    dataset[-1] = utc_now().encode()
    module.file.flush()


class Openings:
    """The number of times a file was opened for writing; when it grows, content that was read may have been cut off."""

    def __init__(self, file: h5py.File) -> None:
        """Read the number in an open file; raises TrajectoryError while a writer cuts the file to resume it."""
        self._name = file.filename
        self._opened = child_dataset(child_group(file, MODULE), OPENED)
        self._count = self._now()
        if is_live(file) and not self._opened[self._count - 1]:
            raise TrajectoryError(f"{self._name} is just being cut to where its run goes on; open it again.")

    def check(self) -> None:
        """Raise TrajectoryError where the file was opened for writing since then."""
        try:
            unchanged = self._now() == self._count
        except (OSError, RuntimeError):
            unchanged = False
        if not unchanged:
            raise TrajectoryError(f"{self._name} is being written on since it was opened here; open it again.")

    def _now(self) -> int:
        self._opened.id.refresh()
        return int(self._opened.id.shape[0])


def resumes(module: h5py.Group) -> list[str]:
    """UTC times at which a file was opened for append: all openings for writing except the first."""
    return [bytes(entry).decode() for entry in child_dataset(module, OPENED)[1:] if entry]


def resumed_by(module: h5py.Group) -> list[dict[str, object] | None]:
    """The `provenance` of each resume, in order; None for one that a file of layout 1.0 did not note."""
    origins = child_group(module, RESUMES) if has(module, RESUMES) else None
    numbers = range(1, len(child_dataset(module, OPENED)))
    return [json_object(origins, str(n)) if origins is not None and has(origins, str(n)) else None for n in numbers]


def distribution_version() -> str:
    """The version of our installed distribution, or "unknown" where the source is used without being installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def utc_now() -> str:
    """The time now in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def device_name(device: torch.device) -> str:
    """The name of a device as torch writes it, with the product name for a CUDA device."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


@functools.cache
def git_state(folder: Path) -> tuple[str, bool] | None:
    """The commit of the git checkout that tracks the folder, and whether tracked files were changed since.

    None where git is missing, or no checkout tracks the folder (as for a virtual environment inside somebody's
    repository).
    """
    if not _git(folder, "ls-files", "--", "."):
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return None if not commit or changes is None else (commit, bool(changes))


def _git(folder: Path, *arguments: str) -> str | None:
    """The output of a git command in a folder, or None where it fails."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True, text=True, errors="replace", timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
