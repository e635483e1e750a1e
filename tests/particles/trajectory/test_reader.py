"""A reader is a sequence of clouds with steps, times, observables, parameters and provenance."""

from pathlib import Path

import pytest
import torch
from matplotlib import pyplot

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


def test_a_reader_shows_what_is_in_the_file(tmp_path: Path) -> None:
    """Assert that frames, times, sizes and observables are said while it is open, and that it is closed afterwards."""
    path = played(tmp_path / "run.h5", 7)
    with Trajectory.open(path) as reader:
        said = "frames=4, times=0 to 3, particles=5, dim=2, observables=['spread', 'mean'], complete=True)"
        assert repr(reader).endswith(said) and repr(reader).startswith("TrajectoryReader(path=")
        assert repr(reader.observables) == "Observables(names=['spread', 'mean'])"
        assert repr(reader.observables["mean"]) == "Series(steps=int64[3], times=float64[3], values=float64[3, 2])"
    assert repr(reader).endswith("run.h5, closed=True)")


def test_a_reader_that_was_overtaken_shows_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that where a writer opened the file since, the line says so and raises nothing."""

    def refuse() -> None:
        """What a reader that was overtaken says."""
        raise TrajectoryError("a writer opened it since")

    path = played(tmp_path / "run.h5", 7)
    with Trajectory.create(tmp_path / "empty.h5") as writer:
        assert repr(writer).endswith("empty.h5, frames=0, observables=[], complete=False)")
    with Trajectory.open(tmp_path / "empty.h5") as reader:
        assert repr(reader).endswith("empty.h5, frames=0, times=none, observables=[], complete=False)")
    with Trajectory.open(path) as reader:
        monkeypatch.setattr(reader._openings, "check", refuse)
        assert repr(reader).endswith("run.h5, readable=False)")


def test_a_file_is_drawn_with_one_call(reader: TrajectoryReader) -> None:
    """Assert that each observable has a panel, and the particles one at the end when asked for."""
    assert [panel.get_ylabel() for panel in reader.plot()] == ["spread", "mean"]
    drawn = reader.plot("spread", particles=True, coordinates=(1, 0), log_values=True)
    assert [panel.get_ylabel() for panel in drawn] == ["spread", "theta_0"]
    assert drawn[0].lines[0].get_xdata().tolist() == reader.observables["spread"].times.tolist()
    assert drawn[0].get_yscale() == "log"
    assert torch.equal(
        torch.as_tensor(drawn[1].collections[1].get_offsets().data[0]),
        at_step(6).positions[at_step(6).masses.argmax(), [1, 0]],
    )
    with pytest.raises(KeyError, match="run.h5 holds spread, mean, not 'risk'"):
        reader.plot("risk")
    with pytest.raises(ValueError, match=r"Coordinates \[0, 2\] .* one or two different ones from 0 to 1"):
        reader.plot(particles=True, coordinates=(0, 2))
    pyplot.close("all")


def test_a_file_without_frames_or_observables_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    """Assert that particles are drawn without observables, and that there must be frames, or observables."""
    with Trajectory.create(tmp_path / "frames.h5") as writer:
        writer(0, 0.0, at_step(0))
    with Trajectory.open(tmp_path / "frames.h5") as reader:
        assert len(reader.plot(particles=True)) == 1
        with pytest.raises(KeyError, match="holds no observable"):
            reader.plot()
    with Trajectory.create(tmp_path / "empty.h5"):
        pass
    empty = pytest.raises(TrajectoryError, match="has no frame, but its particles are to be drawn; run on first")
    with Trajectory.open(tmp_path / "empty.h5") as reader, empty:
        reader.plot(particles=True)
    pyplot.close("all")
