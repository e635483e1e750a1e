"""What is no trajectory of ours is refused in one sentence, links lead nowhere, and running files can be read."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory
from particles.trajectory.files import open_checked
from tests.particles.trajectory.plays import START, at_step, played

POSITION = "particles/cloud/position"
MODULE = "h5md/modules/meanfield_particles"

DOORS = {"open": Trajectory.open, "append": Trajectory.append}
every_door = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A run of six steps."""
    return played(tmp_path / "run.h5", 6)


def cut(path: Path) -> None:
    """Lose the second half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    """Lose everything."""
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    """Put text there."""
    path.write_text("step,time\n" * 1000)


def foreign(path: Path) -> None:
    """Put another program's HDF5 file there."""
    with h5py.File(path, "w") as file:
        file["coordinates"] = np.zeros((2, 3))


def newer(path: Path) -> None:
    """Make the file one of a later release."""
    with h5py.File(path, "r+") as file:
        file[MODULE].attrs["version"] = np.array([2, 0])


def unversioned(path: Path) -> None:
    """Remove the version."""
    with h5py.File(path, "r+") as file:
        del file[MODULE].attrs["version"]


def without_positions(path: Path) -> None:
    """Remove the positions."""
    with h5py.File(path, "r+") as file:
        del file[POSITION]


@every_door
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (cut, "run.h5 is truncated, its end is missing; restore it from a copy or run again."),
        (empty, "run.h5 is not an HDF5 file; give a trajectory file."),
        (overwrite, "run.h5 is not an HDF5 file; give a trajectory file."),
        (foreign, "run.h5 has no group h5md/modules/meanfield_particles in /, so it is not a trajectory of ours; give"),
        (
            newer,
            "run.h5 has version 2.0 of the trajectory layout, but 1.0 or 1.1 or 1.2 or 1.3 is needed; use a newer",
        ),
        (
            unversioned,
            "run.h5 has version none of the trajectory layout, but 1.0 or 1.1 or 1.2 or 1.3 is needed; use the release",
        ),
        (
            without_positions,
            "run.h5 has no group position in /particles/cloud, so it is not a trajectory of ours; give",
        ),
    ],
)
def test_spoiled_files_are_refused_and_left_alone(
    path: Path, door: Callable[[Path], object], spoil: Callable[[Path], None], sentence: str
) -> None:
    """Assert that neither reading nor appending takes such a file, and that nothing in it is lost."""
    spoil(path)
    size = path.stat().st_size
    with pytest.raises(TrajectoryError, match=sentence):
        door(path)
    assert path.stat().st_size >= size


@every_door
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, door: Callable[[Path], object]) -> None:
    """Assert that the path must be a file, and that a pipe nobody writes to is not opened."""
    with pytest.raises(TrajectoryError, match="There is no file .*none.h5; check the name, or create it first."):
        door(tmp_path / "none.h5")
    with pytest.raises(TrajectoryError, match="is a folder, but a trajectory file is needed; name a file in it."):
        door(tmp_path)
    os.mkfifo(tmp_path / "pipe.h5")
    with pytest.raises(TrajectoryError, match=r"pipe\.h5 is a pipe or a device, but a trajectory file is needed"):
        door(tmp_path / "pipe.h5")


def test_unreadable_content_is_damage(path: Path) -> None:
    """Assert that zeros over any part of a file give our one sentence or no error, whatever HDF5 says to them."""
    content = path.read_bytes()
    for start in range(96, len(content), 4096):
        path.write_bytes(content[:start] + bytes(4096) + content[start + 4096 :])
        try:
            with Trajectory.open(path) as reader:
                list(reader), dict(reader.observables), reader.parameters, reader.provenance
        except TrajectoryError as error:
            assert str(error).count(";") == 1


def test_a_file_open_in_this_program_is_not_appended_to(path: Path) -> None:
    """Assert that two writers never share a file, and that a reader in between sees what is committed."""
    sentence = "run.h5 is open elsewhere; close it there, or wait until that run has ended."
    with Trajectory.append(path) as writer:
        writer(8, 4.0, at_step(8))
        with pytest.raises(TrajectoryError, match=sentence):
            Trajectory.append(path)
        with Trajectory.open(path) as reader:
            assert reader.steps.tolist() == [0, 2, 4, 6, 8]
    with Trajectory.open(path), pytest.raises(TrajectoryError, match=sentence):
        Trajectory.append(path)


HOLDER = """
import sys
import h5py
held = h5py.File(sys.argv[1], "r+")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Meanwhile another program has the file open for writing."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        try:
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.stdin.close()


def test_a_file_open_in_another_program_is_read_but_not_appended_to(path: Path) -> None:
    """Assert that a running writer's lock stops a second writer, and not a reader."""
    with held(path):
        with pytest.raises(TrajectoryError, match="run.h5 is open elsewhere; close it there"):
            Trajectory.append(path)
        with Trajectory.open(path) as reader:
            assert len(reader) == 4 and torch.equal(reader[0].positions, START.positions)


@pytest.mark.parametrize("mended", [True, False])
def test_a_look_into_the_middle_of_a_write_is_repeated(
    path: Path, monkeypatch: pytest.MonkeyPatch, mended: bool
) -> None:
    """Assert that a file that its writer makes whole in a moment is read then, and refused where it never is."""
    whole = path.read_bytes()
    pauses: list[float] = []

    def write_on(seconds: float) -> None:
        pauses.append(seconds)
        if mended and len(pauses) == 3:
            path.write_bytes(whole)

    monkeypatch.setattr(open_checked, "sleep", write_on)
    with held(path):
        os.truncate(path, len(whole) // 2)
        if mended:
            with Trajectory.open(path) as reader:
                assert len(reader) == 4
            assert len(pauses) == 3
        else:
            with pytest.raises(TrajectoryError, match="run.h5 is truncated, its end is missing"):
                Trajectory.open(path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "run.h5",
            "run.h5 exists already and is not overwritten; append to it, choose another name, or say overwrite",
        ),
        ("", "is a folder, but the name of a new file is needed; add one."),
        ("none/run.h5", "There is no folder .*none to create run.h5 in; create it first."),
        ("x" * 300, "cannot be created .*; choose another place."),
    ],
)
def test_a_new_file_needs_a_free_name_in_a_folder(path: Path, name: str, sentence: str) -> None:
    """Assert that create refuses what exists, what is a folder, and what cannot be, and changes nothing."""
    before = path.read_bytes()
    with pytest.raises(TrajectoryError, match=sentence):
        Trajectory.create(path.parent / name)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
