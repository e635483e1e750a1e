"""A writer appends frames in order, marks runs complete, and leaves a clean file however it is closed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryWriter
from particles.trajectory.content.row_writer import Rows
from tests.particles.trajectory.plays import START, at_step, mean, play, played, spread


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the run is written."""
    return tmp_path / "run.h5"


def lengths(path: Path) -> set[int]:
    """Lengths of the datasets of the positions."""
    with h5py.File(path, "r") as file:
        return {len(file["particles/cloud/position"][name]) for name in ("step", "time", "value")}


def test_a_writer_is_an_observer(path: Path) -> None:
    """Assert that a call appends a frame, returns nothing that would stop a run, and moves `last`."""
    with Trajectory.create(path) as writer:
        assert writer.last is None
        for step in (0, 3):
            assert writer(step, 0.5 * step, at_step(step)) is None
            last_step, last_time, last = writer.last
            assert (last_step, last_time) == (step, 0.5 * step) and torch.equal(last.positions, at_step(step).positions)


def test_a_frame_is_on_disk_when_the_call_returns(path: Path) -> None:
    """Assert that a copy of the file taken after a call has the frame, without the file being closed."""
    copy = path.with_name("copy.h5")
    with Trajectory.create(path) as writer:
        for step in range(3):
            writer(step, 0.5 * step, at_step(step))
            copy.write_bytes(path.read_bytes())
            with Trajectory.open(copy) as reader:
                assert reader.steps.tolist() == list(range(step + 1))
                assert torch.equal(reader[-1].positions, at_step(step).positions)


@pytest.mark.parametrize(
    ("step", "time", "sentence"),
    [
        (4, 2.0, "Step 4 came after step 4 in /particles/cloud/position, but steps must increase; hand on every step"),
        (2, 9.0, "Step 2 came after step 4 in /particles/cloud/position"),
        (5, 1.9, "Time 1.9 came after time 2 in /particles/cloud/position, but times must increase; continue from"),
        (5, 2.0, "Time 2 came after time 2 in /particles/cloud/position, but times must increase"),
        (5, float("inf"), "Step 5 at time inf came for /particles/cloud/position, but steps must not be negative and"),
    ],
)
def test_frames_out_of_order_are_refused(path: Path, step: int, time: float, sentence: str) -> None:
    """Assert that a refused frame leaves no trace, so that the run can go on in order."""
    with Trajectory.create(path) as writer:
        writer(4, 2.0, START)
        with pytest.raises(TrajectoryError, match=sentence):
            writer(step, time, START)
        writer(5, 2.5, START)
    assert lengths(path) == {2}


def test_a_first_frame_out_of_order_decides_nothing(path: Path) -> None:
    """Assert that a first cloud at a negative step is refused before the file takes its shape."""
    with Trajectory.create(path) as writer:
        with pytest.raises(TrajectoryError, match="Step -1 at time 0 came for /particles/cloud, but steps must not be"):
            writer(-1, 0.0, START.to(dtype=torch.float32))
        writer(0, 0.0, START)


def test_complete_is_a_mark_that_writing_takes_back(path: Path) -> None:
    """Assert that complete() marks a run finished, that it lasts, and that a longer run starts without it."""
    writer = Trajectory.create(path)
    play(writer, 4)
    writer.close()
    with Trajectory.open(path) as reader:
        assert not reader.is_complete
    with Trajectory.append(path) as writer:
        writer.complete()
        assert writer.is_complete
    with Trajectory.append(path) as writer:
        assert writer.is_complete
    with Trajectory.open(path) as reader:
        assert reader.is_complete
    writer = Trajectory.append(path)
    writer(6, 3.0, at_step(6))
    assert not writer.is_complete
    writer.close()
    with Trajectory.open(path) as reader:
        assert not reader.is_complete and len(reader) == 4


@dataclass(frozen=True)
class Kept:
    """A state of nothing but its step."""

    step: int


def nothing(writer: TrajectoryWriter) -> None:
    """Nothing is recorded."""


def a_frame(writer: TrajectoryWriter) -> None:
    """A frame is recorded."""
    writer(0, 0.0, START)


def a_record(writer: TrajectoryWriter) -> None:
    """An observable is recorded."""
    writer.trace(mean=mean)(0, 0.0, START)


def the_end(writer: TrajectoryWriter) -> None:
    """A run from which a state was kept comes to its end."""
    a_frame(writer)
    writer.keep(Kept(0))
    writer(1, 0.5, at_step(1))


def a_stop(writer: TrajectoryWriter) -> None:
    """A run ends where a state was kept from which it goes on."""
    a_frame(writer)
    writer.keep(Kept(0))


def a_closing(writer: TrajectoryWriter) -> None:
    """The file is closed within the block."""
    a_frame(writer)
    writer.close()


def an_error(writer: TrajectoryWriter) -> None:
    """A run fails."""
    a_frame(writer)
    raise ArithmeticError("half-way")


def an_interruption(writer: TrajectoryWriter) -> None:
    """A run is interrupted by hand."""
    a_frame(writer)
    raise KeyboardInterrupt


def a_caught_refusal(writer: TrajectoryWriter) -> None:
    """A frame is refused by its disk, which is caught within the block."""
    a_frame(writer)
    with suppress(OSError):
        writer._space.check = refused
        writer(1, 0.5, at_step(1))


def refused(size: int) -> None:
    """A full disk."""
    raise TrajectoryError("There is no room.")


BLOCKS = {a_frame: True, a_record: True, the_end: True}
BLOCKS |= dict.fromkeys((nothing, a_stop, a_closing, an_error, an_interruption, a_caught_refusal), False)


@pytest.mark.parametrize(("block", "complete"), BLOCKS.items(), ids=[block.__name__ for block in BLOCKS])
def test_a_block_without_an_error_completes_its_run(
    path: Path, block: Callable[[TrajectoryWriter], None], complete: bool
) -> None:
    """Assert that a run is complete where its block ended with the run, and not where it failed or goes on."""
    with suppress(ArithmeticError, KeyboardInterrupt), Trajectory.create(path) as writer:
        block(writer)
    with Trajectory.open(path) as reader:
        assert reader.is_complete == complete


def test_observables_are_recorded_beside_frames(path: Path) -> None:
    """Assert that a writer's own observables have a record at every frame, also when appended to, and others theirs."""
    with Trajectory.create(path, observables={"mean": mean}) as writer:
        later = writer.trace(spread=spread)
        for step in range(3):
            writer(step, 0.5 * step, at_step(step))
        later(2, 1.0, at_step(2))
    with Trajectory.append(path, observables={"mean": mean}) as writer:
        writer(3, 1.5, at_step(3))
    with Trajectory.open(path) as reader:
        steps, times, values = reader.observables["mean"]
        assert steps.tolist() == reader.steps.tolist() == [0, 1, 2, 3] and times.tolist() == reader.times.tolist()
        assert values.tolist() == [mean(cloud).tolist() for cloud in reader]
        assert reader.observables["spread"].steps.tolist() == [2]


def test_an_observable_takes_back_the_mark_too(path: Path) -> None:
    """Assert that recording on a complete run makes it incomplete."""
    played(path, 4)
    with Trajectory.append(path) as writer:
        writer.complete()
        writer.trace(mean=mean)(6, 3.0, at_step(6))
        assert not writer.is_complete


@pytest.mark.parametrize("interrupted", [False, True])
def test_closing_leaves_committed_records_only(path: Path, interrupted: bool) -> None:
    """Assert that a frame that was put and not committed is gone once the file is closed, also after an error."""
    writer = Trajectory.create(path)
    with pytest.raises(KeyboardInterrupt, match="by hand"), writer:
        writer(0, 0.0, START)
        writer._frames.put(0.5, at_step(1))
        if not interrupted:
            writer.close()
        raise KeyboardInterrupt("by hand")
    assert lengths(path) == {1}
    with Trajectory.append(path) as writer:
        assert writer.last[0] == 0


def test_a_closed_writer_says_so(path: Path) -> None:
    """Assert that every use after closing is refused, and that closing twice is not."""
    writer = Trajectory.create(path)
    writer.close()
    writer.close()
    sentence = "run.h5 is closed, but an open file is needed; append to it again."
    with pytest.raises(TrajectoryError, match=sentence):
        writer(0, 0.0, START)
    with pytest.raises(TrajectoryError, match=sentence):
        writer.trace(mean=mean)
    with pytest.raises(TrajectoryError, match=sentence):
        writer.complete()
    with pytest.raises(TrajectoryError, match=sentence):
        _ = writer.last
    with pytest.raises(TrajectoryError, match=sentence), writer:
        pass


def test_traces_have_names_of_their_own(path: Path) -> None:
    """Assert that a name is traced once by a writer, is an identifier, and that a trace has at least one."""
    with Trajectory.create(path) as writer:
        writer.trace(spread=spread)
        with pytest.raises(ValueError, match=r"The trace got \['spread'\] again; give observables by keywords new to"):
            writer.trace(spread=spread, mean=mean)
        with pytest.raises(ValueError, match=r"The trace got the names \['a/b'\]; give observables"):
            writer.trace(**{"a/b": mean})
        with pytest.raises(ValueError, match="The trace got no observable; give observables"):
            writer.trace()
        writer.trace(mean=mean)


def test_a_failing_disk_is_one_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what HDF5 raises over a full disk becomes our error, for frames and observables."""

    def full(rows: Rows, row: int, values: np.ndarray) -> None:
        raise OSError("Can't write data (No space left on device)\nmore lines")

    sentence = r"run.h5 cannot be written \(Can't write data \(No space left on device\)\); make room, then append from"
    with Trajectory.create(path) as writer:
        trace = writer.trace(mean=mean)
        writer(0, 0.0, START)
        trace(0, 0.0, START)
        with monkeypatch.context() as patch:
            patch.setattr(Rows, "put", full)
            with pytest.raises(TrajectoryError, match=sentence):
                writer(1, 1.0, START)
            with pytest.raises(TrajectoryError, match=sentence):
                trace(1, 1.0, START)
        writer(1, 1.0, START)
    assert lengths(path) == {2}
