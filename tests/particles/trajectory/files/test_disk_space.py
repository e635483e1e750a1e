"""A run whose disk fills up ends with a sentence, before HDF5 meets it, and goes on once there is room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from flows.loop.checkpoint import Checkpoint
from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.trajectory import Trajectory
from particles.trajectory.files import disk_space
from particles.trajectory.files.disk_space import MARGIN, DiskSpace, free_bytes
from tests.draws import normals

FULL = r"run.h5 cannot be written \(there is room for \d+ bytes, but \d+ and 16777216 to spare are needed\); make room,"


@contextmanager
def disk_with(monkeypatch: pytest.MonkeyPatch, free: int) -> Iterator[None]:
    """Meanwhile every disk has so many bytes left."""
    with monkeypatch.context() as patch:
        patch.setattr(disk_space.os, "statvfs", lambda path: SimpleNamespace(f_bavail=free, f_frsize=1))
        patch.setattr(disk_space, "SECONDS", -1.0)
        yield


def test_a_full_disk_is_met_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that creating, appending, frames, observables and checkpoints are refused, and all goes on afterwards."""
    path, cloud = tmp_path / "run.h5", ParticleCloud(normals(5, 2, seed=0))
    with disk_with(monkeypatch, MARGIN - 1), pytest.raises(TrajectoryError, match=FULL):
        Trajectory.create(path)
    assert list(tmp_path.iterdir()) == []
    with Trajectory.create(path) as writer:
        trace = writer.trace(mean=lambda cloud: cloud.positions.mean())
        for step in range(3):
            with disk_with(monkeypatch, MARGIN - 1):
                with pytest.raises(TrajectoryError, match=FULL):
                    trace(step, float(step), cloud)
                with pytest.raises(TrajectoryError, match=FULL):
                    writer(step, float(step), cloud)
            trace(step, float(step), cloud)
            writer(step, float(step), cloud)
        with disk_with(monkeypatch, MARGIN - 1), pytest.raises(TrajectoryError, match=FULL):
            writer.keep(Checkpoint(2, 2.0, cloud, None))
    with disk_with(monkeypatch, MARGIN - 1), pytest.raises(TrajectoryError, match=FULL):
        Trajectory.append(path)
    with Trajectory.open(path) as reader:
        assert reader.steps.tolist() == [0, 1, 2] and reader.observables["mean"].steps.tolist() == [0, 1, 2]


def test_a_file_that_may_not_grow_is_closed_in_order(tmp_path: Path) -> None:
    """Assert that a limit on the size of files, a real one, ends the run early, and that it is resumed without loss."""
    path, cloud = tmp_path / "run.h5", ParticleCloud(normals(20_000, 5, seed=0))
    before, written = resource.getrlimit(resource.RLIMIT_FSIZE), 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (MARGIN + 4_000_000, before[1]))
    try:
        with pytest.raises(TrajectoryError, match=FULL), Trajectory.create(path) as writer:
            for step in range(10):
                writer(step, float(step), cloud)
                written += 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 2 < written < 6
    with Trajectory.append(path) as writer:
        for step in range(written, 10):
            writer(step, float(step), cloud)
    with Trajectory.open(path) as reader:
        assert len(reader) == 10 and all(torch.equal(one.positions, cloud.positions) for one in reader)


def test_room_is_looked_at_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that small records do not ask the system each, and large ones do."""
    asked: list[Path] = []
    monkeypatch.setattr(disk_space, "free_bytes", lambda path: asked.append(path) or 2**40)
    monkeypatch.setattr(disk_space, "SECONDS", 1e9)
    here = DiskSpace(tmp_path / "run.h5")
    for _ in range(1000):
        here.check(8)
    assert len(asked) == 1
    for _ in range(4):
        here.check(disk_space.BYTES)
    assert len(asked) == 5


def test_room_is_that_of_the_disk(tmp_path: Path) -> None:
    """Assert that a folder's disk has some room, and that it is not more than the disk is large."""
    disk = disk_space.os.statvfs(tmp_path)
    assert 0 < free_bytes(tmp_path / "run.h5") <= disk.f_blocks * disk.f_frsize
