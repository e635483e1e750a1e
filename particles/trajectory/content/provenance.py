"""Where a trajectory comes from: versions, git state of our source, device, command line, start and resumes."""

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
    """What is known when a file is created, as JSON.

    version: ours; git: {"commit", "dirty"} of the checkout that holds our source, None where it is installed from a
    package; libraries: versions; command: sys.argv; started: UTC time in ISO form. A reader adds the device of the
    first cloud and the resumes.
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
    """Add to the resumes of a file what resumes it (`provenance`, under the number of the opening) and the time now.

    The entry of the time is a chunk of its own at the end of the file. Made before anything is cut off, it keeps the
    file from being shortened before HDF5 has noted the shorter end, and it tells readers that have the file open; it is
    empty until what is done meanwhile is done.
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
    """How often a file was opened to be written, as it says at this moment: what was read before a cut may be gone."""

    def __init__(self, file: h5py.File) -> None:
        """Take up an open file; raises TrajectoryError while its writer cuts it to where it goes on."""
        self._name = file.filename
        self._opened = child_dataset(child_group(file, MODULE), OPENED)
        self._count = self._now()
        if is_live(file) and not self._opened[self._count - 1]:
            raise TrajectoryError(f"{self._name} is just being cut to where its run goes on; open it again.")

    def check(self) -> None:
        """Raise TrajectoryError where the file was opened to be written since."""
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
    """UTC times at which a file was opened for append, which are all times it was opened to write but the first."""
    return [bytes(entry).decode() for entry in child_dataset(module, OPENED)[1:] if entry]


def resumed_by(module: h5py.Group) -> list[dict[str, object] | None]:
    """What each of the resumes was, as `provenance` says it; None where the file does not know."""
    origins = child_group(module, RESUMES) if has(module, RESUMES) else None
    numbers = range(1, len(child_dataset(module, OPENED)))
    return [json_object(origins, str(n)) if origins is not None and has(origins, str(n)) else None for n in numbers]


def distribution_version() -> str:
    """Version of our installed distribution, "unknown" where the source is used without being installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def utc_now() -> str:
    """The time now in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def device_name(device: torch.device) -> str:
    """A device as torch writes it, with the product name of a CUDA device."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


@functools.cache
def git_state(folder: Path) -> tuple[str, bool] | None:
    """Commit of the git checkout that tracks the folder, and whether tracked files were changed since.

    None where git is missing, or the folder is in no checkout or not tracked by it (as in a virtual environment that
    lies inside somebody's repository).
    """
    if not _git(folder, "ls-files", "--", "."):
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return None if not commit or changes is None else (commit, bool(changes))


def _git(folder: Path, *arguments: str) -> str | None:
    """Output of a git command run in a folder, None where it fails."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True, text=True, errors="replace", timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
