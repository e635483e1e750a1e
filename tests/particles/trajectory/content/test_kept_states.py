"""Checkpoints in a file: the newest whole one is found whenever the process dies, and damage is a sentence."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory
from particles.trajectory.content import kept_states
from particles.trajectory.content.comparison import datasets, differing
from particles.trajectory.content.kept_states import CHECKPOINT
from tests.particles.trajectory.plays import at_step, play, played, spread


@dataclass(frozen=True, eq=False)
class State:
    """A state whose parts change in number from step to step."""

    step: int
    points: tuple[torch.Tensor, ...]


def state(step: int) -> State:
    """The state after a step: one to three points of a size that changes once."""
    size = 2 if step < 6 else 4
    return State(step, tuple(torch.full((size, 3), float(10 * step + index)) for index in range(1 + step % 3)))


def assert_is(found: object, step: int) -> None:
    """Fail unless this is the state after the step, bit for bit."""
    assert isinstance(found, State) and found.step == step
    assert len(found.points) == len(state(step).points)
    assert all(torch.equal(one, two) for one, two in zip(found.points, state(step).points, strict=True))


def test_the_last_one_kept_is_found_again(tmp_path: Path) -> None:
    """Assert that each checkpoint takes the place of the one before, in the same writer and after reopening."""
    with Trajectory.create(tmp_path / "a.h5") as writer:
        assert writer.kept([State]) is None
        for step in range(9):
            writer.keep(state(step))
            assert_is(writer.kept([State]), step)
    with Trajectory.append(tmp_path / "a.h5") as writer:
        assert_is(writer.kept([State]), 8)


def test_a_process_killed_while_keeping_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that wherever in the writing of a checkpoint the file stands still, the last whole one is read from it.

    So it is where one state is kept twice or more often, as a run does that goes on from it.
    """
    path, copies = tmp_path / "a.h5", []
    write = kept_states._write

    def watched(slot: h5py.Group, name: str, array: np.ndarray) -> None:
        for moment in ("before", "after"):
            slot.file.flush()
            copies.append((before, shutil.copy(path, tmp_path / f"{len(copies)}.h5")))
            if moment == "before":
                write(slot, name, array)

    with Trajectory.create(path) as writer:
        writer.keep(state(0))
        monkeypatch.setattr(kept_states, "_write", watched)
        before = 0
        for writing in (0, 1, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8):
            writer.keep(state(writing))
            before = writing
    assert len(copies) > 60
    for step, copy in copies:
        with Trajectory.append(copy) as writer:
            assert_is(writer.kept([State]), step)


def test_appending_cuts_to_the_checkpoint(tmp_path: Path) -> None:
    """Assert that records and frames after its step go, those of its step stay, and the run ends as in one go."""
    path = tmp_path / "cut.h5"
    with Trajectory.create(path, seed=0) as writer:
        play(writer, 6)
        writer.keep(state(6))
    with Trajectory.append(path) as writer:
        later = writer.trace(late=spread)
        for step in (7, 8):
            writer(step, 0.5 * step, at_step(step))
            later(step, 0.5 * step, at_step(step))
        writer.close()
    with Trajectory.append(path) as writer:
        assert writer.last is not None and writer.last[0] == 6
        play(writer, 12)
        writer.complete()
    found = datasets(path)
    assert len(found.pop("observables/late/step")) == 0
    assert not any(name.startswith(CHECKPOINT) for name in found)
    assert {name for name in differing(path, played(tmp_path / "whole.h5", 12)) if "late" not in name} == set()


def test_a_finished_run_has_no_checkpoint(tmp_path: Path) -> None:
    """Assert that completing a run takes it out of the file."""
    with Trajectory.create(tmp_path / "a.h5") as writer:
        writer.keep(state(1))
        writer.complete()
        assert writer.kept([State]) is None
    with h5py.File(tmp_path / "a.h5", "r") as file:
        assert CHECKPOINT not in file


def test_what_cannot_be_kept_leaves_the_one_before(tmp_path: Path) -> None:
    """Assert that a state of other parts is refused before anything is written."""
    with Trajectory.create(tmp_path / "a.h5") as writer:
        writer.keep(state(1))
        with pytest.raises(TypeError, match="cannot be kept in a file"):
            writer.keep(State(2, ([1],)))  # type: ignore[arg-type]
        assert_is(writer.kept([State]), 1)
        with pytest.raises(TrajectoryError, match="not a state this program knows"):
            writer.kept([])


def _tree_of(file: h5py.File, tree: object) -> None:
    text = np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8)
    file["checkpoint/0/tree"][: len(text)] = text
    file["checkpoint/0"].attrs["length"] = len(text)


def _external(file: h5py.File) -> None:
    del file["checkpoint/0/value.points.0"]
    file["checkpoint/0/value.points.0"] = h5py.ExternalLink("/etc/passwd", "/")


def _huge(file: h5py.File) -> None:
    del file["checkpoint/0/value.points.0"]
    file["checkpoint/0"].create_dataset("value.points.0", shape=(2**40, 3), dtype="f4", chunks=(1024, 3))


def _cyclic(file: h5py.File) -> None:
    del file["checkpoint/0"]
    file["checkpoint/0"] = file["checkpoint"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: _tree_of(file, {"class": "os.system", "fields": {"step": 1}}),
        lambda file: _tree_of(file, {"tensor": "../../h5md", "dtype": "float32", "order": [0, 1]}),
        lambda file: _tree_of(file, {"tensor": "value.points.0", "dtype": "object", "order": [0, 1]}),
        lambda file: _tree_of(file, {"tuple": 3}),
        lambda file: file["checkpoint/0"].attrs.__setitem__("length", 10**12),
        lambda file: file["checkpoint/0"].attrs.__setitem__("step", "x"),
        lambda file: file["checkpoint/0/tree"].__setitem__(0, 7),
        lambda file: file["checkpoint"].__delitem__("1"),
        _external,
        _huge,
        _cyclic,
    ],
)
def test_a_damaged_or_malicious_checkpoint_is_one_sentence(tmp_path: Path, damage: object) -> None:
    """Assert that other classes, links, huge sizes, cycles and broken text are refused by our own error."""
    path = tmp_path / "a.h5"
    with Trajectory.create(path) as writer:
        writer.keep(state(1))
    with h5py.File(path, "r+") as file:
        damage(file)  # type: ignore[operator]
    sentence = r"checkpoint|cannot be read|as only a damaged file|so it is not a trajectory of ours"
    with pytest.raises(TrajectoryError, match=sentence):
        Trajectory.append(path).kept([State])


def test_a_finished_file_holds_one_state(tmp_path: Path) -> None:
    """Assert that the state given at the end is found, and that nothing is left of the one before."""
    with Trajectory.create(tmp_path / "a.h5") as writer:
        for step in range(4):
            writer(step, float(step), at_step(step))
            writer.keep(state(step))
        writer.complete(state(2))
        assert_is(writer.kept([State]), 2)
    with h5py.File(tmp_path / "a.h5") as file:
        assert sorted(len(slot) for slot in file["checkpoint"].values()) == [0, 1 + len(state(2).points)]
