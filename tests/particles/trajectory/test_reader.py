"""A reader is a sequence of clouds with steps, times, observables, parameters and provenance."""

from pathlib import Path

import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryReader
from tests.particles.trajectory.plays import at_step, mean, played


@pytest.fixture
def reader(tmp_path: Path) -> TrajectoryReader:
    """Reader of a run of seven steps: frames at 0, 2, 4, 6."""
    with Trajectory.open(played(tmp_path / "run.h5", 7)) as opened:
        yield opened


def test_frames_are_a_sequence(reader: TrajectoryReader) -> None:
    """Assert that length, indices from both ends and iteration agree with what was written."""
    assert len(reader) == 4
    assert reader.steps.tolist() == [0, 2, 4, 6] and reader.times.tolist() == [0.0, 1.0, 2.0, 3.0]
    for index in (0, 3, -1, -4):
        assert torch.equal(reader[index].positions, at_step(2 * (index % 4)).positions)
    assert [cloud.positions.tolist() for cloud in reader] == [at_step(k).positions.tolist() for k in (0, 2, 4, 6)]


@pytest.mark.parametrize("index", [4, -5])
def test_frames_beyond_the_ends_are_refused(reader: TrajectoryReader, index: int) -> None:
    """Assert that an index without a frame is an IndexError that says how many there are."""
    with pytest.raises(IndexError, match=f"Frame {index} was asked of .*run.h5, which has 4; ask for one of these."):
        reader[index]


@pytest.mark.parametrize(("time", "step"), [(0.0, 0), (0.4, 0), (0.5, 0), (0.6, 2), (2.9, 6), (3.0 + 1e-12, 6)])
def test_at_gives_the_nearest_frame(reader: TrajectoryReader, time: float, step: int) -> None:
    """Assert that a time gives the frame nearest to it, the earlier of two, forgiving rounding at the ends."""
    assert torch.equal(reader.at(time).positions, at_step(step).positions)


@pytest.mark.parametrize("time", [-0.1, 3.1, float("nan")])
def test_at_refuses_times_outside(reader: TrajectoryReader, time: float) -> None:
    """Assert that nothing is extrapolated."""
    with pytest.raises(ValueError, match="which covers times 0 to 3; ask for one of these."):
        reader.at(time)


def test_observables_have_steps_of_their_own(reader: TrajectoryReader) -> None:
    """Assert that each observable comes with its own steps and times, and its values in their dtype and shape."""
    assert sorted(reader.observables) == ["mean", "spread"] and len(reader.observables) == 2
    steps, times, values = reader.observables["mean"]
    assert steps.tolist() == [0, 3, 6] and times.tolist() == [0.0, 1.5, 3.0] and values.dtype == "float64"
    assert values.tolist() == [mean(at_step(step)).tolist() for step in (0, 3, 6)]
    assert reader.observables["spread"].values.shape == (8,)


def test_unknown_observables_are_refused(reader: TrajectoryReader) -> None:
    """Assert that the names there are stand in the refusal."""
    with pytest.raises(KeyError, match="No observable 'risk' was recorded; there are spread, mean."):
        reader.observables["risk"]


def test_a_file_without_frames_is_empty(tmp_path: Path) -> None:
    """Assert that a run that was killed before its first frame is an empty trajectory."""
    Trajectory.create(tmp_path / "run.h5", seed=4).close()
    with Trajectory.open(tmp_path / "run.h5") as reader:
        assert (len(reader), list(reader), dict(reader.observables)) == (0, [], {})
        assert reader.steps.dtype == "int64" and reader.times.dtype == "float64"
        assert reader.parameters["seed"] == 4 and not reader.is_complete
        with pytest.raises(TrajectoryError, match="has no frame, but one at time 0 was asked for; run on first."):
            reader.at(0.0)
        with pytest.raises(IndexError, match="which has 0"):
            reader[0]


@pytest.mark.parametrize("name", ["steps", "times", "observables", "parameters", "provenance", "is_complete"])
def test_a_closed_reader_says_so(reader: TrajectoryReader, name: str) -> None:
    """Assert that everything that needs the file is refused once it is closed."""
    observables = reader.observables
    reader.close()
    sentence = "run.h5 is closed, but an open file is needed; open it again."
    with pytest.raises(TrajectoryError, match=sentence):
        getattr(reader, name)
    with pytest.raises(TrajectoryError, match=sentence):
        reader[0]
    with pytest.raises(TrajectoryError, match=sentence):
        observables["mean"]


def test_only_the_announced_observable_is_missing(tmp_path: Path) -> None:
    """Assert that an observable that was traced and never due is none."""
    with Trajectory.create(tmp_path / "run.h5") as writer:
        writer.trace(mean=mean)
    with Trajectory.open(tmp_path / "run.h5") as reader:
        assert dict(reader.observables) == {}
