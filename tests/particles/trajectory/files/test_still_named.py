"""A file that is moved, removed or replaced while it is written is not complete, and that is said."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from particles import ParticleCloud, Trajectory, TrajectoryError

LOST = "was moved or removed while it was written"


def cloud(step: int) -> ParticleCloud:
    """Two particles on a line."""
    return ParticleCloud(torch.full((2, 1), float(step), dtype=torch.float64), torch.full((2,), 0.5).double())


def moved(path: Path) -> None:
    """Another name."""
    path.rename(path.with_name("moved.h5"))


def replaced(path: Path) -> None:
    """A copy in its place."""
    moved(path)
    shutil.copy(path.with_name("moved.h5"), path)


@pytest.mark.parametrize("act", [Path.unlink, moved, replaced])
def test_it_is_not_marked_complete(tmp_path: Path, act: Callable[[Path], None]) -> None:
    """Assert that `complete` refuses it, and leaves no mark in what was moved away."""
    path = tmp_path / "run.h5"
    writer = Trajectory.create(path)
    writer(0, 0.0, cloud(0))
    act(path)
    with pytest.raises(TrajectoryError, match=LOST):
        writer.complete()
    with pytest.raises(TrajectoryError, match=LOST):
        writer.close()
    for left in tmp_path.glob("*.h5"):
        with Trajectory.open(left) as reader:
            assert not reader.is_complete and len(reader) == 1


def test_it_is_said_on_closing(tmp_path: Path) -> None:
    """Assert that a file removed after its mark was set is told on closing, unless an error comes first."""
    path = tmp_path / "run.h5"
    with pytest.raises(TrajectoryError, match=LOST), Trajectory.create(path) as writer:
        writer.complete()
        path.unlink()
    with pytest.raises(KeyError, match="own"), Trajectory.create(path) as writer:
        path.unlink()
        raise KeyError("own")


def test_one_without_a_name_is_not_written_on(tmp_path: Path) -> None:
    """Assert that frames, records and checkpoints end at once where nobody can open the file any more."""
    path = tmp_path / "run.h5"
    writer = Trajectory.create(path)
    recorder = writer.trace(one=lambda _: 1.0)
    path.unlink()
    for act in (writer, recorder):
        with pytest.raises(TrajectoryError, match=LOST):
            act(0, 0.0, cloud(0))
    with pytest.raises(TrajectoryError, match=LOST):
        writer.close()


def test_one_that_came_back_is_complete(tmp_path: Path) -> None:
    """Assert that a file that was moved and put back meanwhile is as good as any."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        moved(path)
        writer(0, 0.0, cloud(0))
        path.with_name("moved.h5").rename(path)
        writer.complete()
    with Trajectory.open(path) as reader:
        assert reader.is_complete
