"""What a trajectory holds, in words."""

from pathlib import Path

import pytest
import torch

from flows import Checkpoint
from particles import ParticleCloud, Trajectory
from runs.inspect.info import file_report
from runs.system.refusal import Refusal


def cloud(shift: float = 0.0) -> ParticleCloud:
    """Three particles in the plane."""
    positions = torch.arange(6.0, dtype=torch.float64).reshape(3, 2) + shift
    return ParticleCloud(positions, torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64))


def test_unfinished_run_is_said_to_be_not_complete(tmp_path: Path) -> None:
    """Assert that frames, times, mass and a vector observable of a run that goes on are shown."""
    path = tmp_path / "a.h5"
    with Trajectory.create(path, seed=7, parameters={"list": [1, 2], "none": None, "deep": {"x": 0.5}}) as writer:
        recorder = writer.trace(
            mean=lambda cloud: cloud.positions.mean(dim=0), first=lambda cloud: cloud.positions[0, 0]
        )
        for step in range(3):
            recorder(step, 0.5 * step, cloud(step))
            writer(step, 0.5 * step, cloud(step))
        writer.close()
    lines = [" ".join(line.split()) for line in file_report(path)]
    assert lines[0] == f"{path}: not complete"
    for line in (
        "frames 3, from step 0 to 2",
        "time 0 to 1",
        "count 3 particles, the heaviest with mass 0.5",
        "dim 2 coordinates each, float64",
        "mean 3 records of shape (2,)",
        "first last 2 at time 1, 3 records",
        "seed 7",
        "list 1 2",
        "none none",
        "x 0.5",
        "device cpu",
    ):
        assert line in lines


def test_file_without_frames_says_so(tmp_path: Path) -> None:
    """Assert that a file of a run that has not begun shows no frames and no observables."""
    path = tmp_path / "a.h5"
    Trajectory.create(path).close()
    lines = [" ".join(line.split()) for line in file_report(path)]
    assert "frames none yet" in lines
    assert lines[lines.index("observables") + 1] == "none"


def test_unreadable_file_is_refused_by_the_readers_sentence(tmp_path: Path) -> None:
    """Assert that what the reader says becomes the refusal, for a folder here."""
    with pytest.raises(Refusal, match="is a folder, but a trajectory file is needed"):
        file_report(tmp_path)


def test_what_resumed_and_extended_a_run_is_told_line_by_line(tmp_path: Path) -> None:
    """Assert that of a file that was extended step, time and the end before are lines of their own."""
    with Trajectory.create(tmp_path / "a.h5", seed=0, parameters={"config": {"until": 1.0}}) as writer:
        writer(0, 0.0, cloud())
        writer(1, 1.0, cloud(1.0))
        writer.complete(Checkpoint(0, 0.0, cloud(), None))
    with Trajectory.append(tmp_path / "a.h5") as writer:
        writer.extend(config={"until": 2.0})
    lines = [" ".join(line.split()) for line in file_report(tmp_path / "a.h5")]
    place = lines.index("extensions 1")
    assert lines[place + 1 : place + 6] == ["step 0", "time 0.0", "before", "config", "until 1.0"]
    assert "resumed_by 1" in lines and lines[0].endswith("not complete")
