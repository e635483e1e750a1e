"""Finished files that are taken up again: cut to the state kept in them, under other parameters, with a note."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import h5py
import pytest
import torch

from flows import CHECKPOINTED, Checkpoint
from particles import ParticleCloud, Trajectory, TrajectoryError
from particles.trajectory.content import extension
from particles.trajectory.content.comparison import differing


def cloud(number: float) -> ParticleCloud:
    """Three particles that are somewhere else at every number."""
    return ParticleCloud(
        torch.full((3, 2), number, dtype=torch.float64), torch.full((3,), 1.0 / 3.0, dtype=torch.float64)
    )


def finished(path: Path, steps: Sequence[int], kept: int, until: float) -> Path:
    """A finished file with a frame and a record at each step and the state of one of them."""
    with Trajectory.create(path, seed=0, parameters={"config": {"until": until}, "other": 1}) as writer:
        trace = writer.trace(first=lambda held: held.positions[0, 0])
        for step in steps:
            writer(step, float(step), cloud(step))
            trace(step, float(step), cloud(step))
        writer.complete(Checkpoint(kept, float(kept), cloud(kept), None))
    return path


def go_on(path: Path, steps: Sequence[int], kept: int, until: float) -> None:
    """Extend it by these steps."""
    with Trajectory.append(path) as writer:
        writer.extend(config={"until": until})
        held = writer.kept(CHECKPOINTED)
        assert isinstance(held, Checkpoint) and held.step == steps[0] - 1
        trace = writer.trace(first=lambda held: held.positions[0, 0])
        for step in steps:
            writer(step, float(step), cloud(step))
            trace(step, float(step), cloud(step))
        writer.complete(Checkpoint(kept, float(kept), cloud(kept), None))


def test_an_extended_file_is_that_of_one_go_with_a_note(tmp_path: Path) -> None:
    """Assert that every dataset is that of a file written in one go, and that the notes say from where and what was."""
    grown, whole = finished(tmp_path / "grown.h5", range(5), 2, 4.0), finished(tmp_path / "one.h5", range(9), 6, 8.0)
    go_on(grown, range(3, 7), 4, 6.0)
    go_on(grown, range(5, 9), 6, 8.0)
    assert differing(grown, whole) == set()
    with Trajectory.open(grown) as reader:
        assert reader.parameters == {"config": {"until": 8.0}, "other": 1, "flow": None, "seed": 0}
        notes = reader.provenance["extensions"]
        assert reader.is_complete and reader.kept_step == 6
    assert isinstance(notes, list)
    assert [(note["step"], note["time"], note["before"]["config"]["until"]) for note in notes] == [(2, 2, 4), (4, 4, 6)]
    assert notes[0]["before"] == {"config": {"until": 4.0}}, "only what has changed"
    assert all(note["at"].endswith("+00:00") for note in notes)


def test_a_finished_file_that_is_opened_to_write_loses_nothing(tmp_path: Path) -> None:
    """Assert that the state of a finished file cuts nothing off, and is gone once something else is written."""
    path = finished(tmp_path / "run.h5", range(5), 2, 4.0)
    Trajectory.append(path).close()
    with Trajectory.append(path) as writer:
        writer(5, 5.0, cloud(5))
    Trajectory.append(path).close()
    with Trajectory.open(path) as reader:
        assert reader.times.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0] and reader.kept_step is None


def test_a_file_without_a_state_is_refused(tmp_path: Path) -> None:
    """Assert that a finished file that keeps no state is not taken up."""
    with Trajectory.create(tmp_path / "run.h5") as writer:
        writer(0, 0.0, cloud(0))
        writer.complete()
    with (
        pytest.raises(TrajectoryError, match=r"run\.h5 keeps no state to go on from; run it again"),
        Trajectory.append(tmp_path / "run.h5") as writer,
    ):
        writer.extend(config={})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork, which this system has not")
@pytest.mark.parametrize("flushes", range(1, 9))
def test_killed_at_every_flush_a_file_can_still_be_extended(tmp_path: Path, flushes: int) -> None:
    """Assert that a writer killed at any flush of the extension leaves a file that ends as one in one go, one note."""
    grown, whole = finished(tmp_path / "grown.h5", range(5), 2, 4.0), finished(tmp_path / "one.h5", range(7), 4, 6.0)
    child = os.fork()
    if child == 0:
        left = [flushes]
        flush = h5py.File.flush

        def counted(file: h5py.File) -> None:
            flush(file)
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        h5py.File.flush = counted
        go_on(grown, range(3, 7), 4, 6.0)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    with Trajectory.open(grown) as reader:
        config = reader.parameters["config"]
    assert config in ({"until": 4.0}, {"until": 6.0})
    if config == {"until": 4.0}:
        go_on(grown, range(3, 7), 4, 6.0)
    else:
        with Trajectory.append(grown) as writer:
            trace = writer.trace(first=lambda held: held.positions[0, 0])
            for step in range(3, 7):
                writer(step, float(step), cloud(step))
                trace(step, float(step), cloud(step))
            writer.complete(Checkpoint(4, 4.0, cloud(4), None))
    assert differing(grown, whole) == set()
    with Trajectory.open(grown) as reader:
        assert len(reader.provenance["extensions"]) == 1  # type: ignore[arg-type]


def test_notes_are_read_in_their_order(tmp_path: Path) -> None:
    """Assert that a file that was never extended has none."""
    with h5py.File(finished(tmp_path / "run.h5", range(3), 1, 2.0)) as file:
        assert extension.extensions(file["h5md/modules/meanfield_particles"]) == []
