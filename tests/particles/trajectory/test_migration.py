"""Files of layout 1.0, as its code wrote them, are read, brought up to the present layout, resumed and finished."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from flows.checkpoint import CHECKPOINTED, Checkpoint
from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, migration
from particles.trajectory.comparing import differing
from particles.trajectory.layout import EARLIER_VERSIONS, MODULE, RESUMES, SCHEMA_VERSION
from particles.trajectory.migration import MIGRATIONS, migrate
from particles.trajectory.opening import version_of
from tests.particles.trajectory.earlier import PLAIN, WITH_CHECKPOINT, earlier
from tests.particles.trajectory.plays import at_step, mean, play, played, spread

every_file = pytest.mark.parametrize("name", [PLAIN, WITH_CHECKPOINT])


def test_every_earlier_version_leads_to_ours() -> None:
    """Assert that the versions that are read are those with a way up, and that each way ends at ours."""
    assert set(MIGRATIONS) == set(EARLIER_VERSIONS)
    for version in EARLIER_VERSIONS:
        assert version < MIGRATIONS[version][0] <= SCHEMA_VERSION


@every_file
def test_reading_gives_every_number_and_changes_nothing(tmp_path: Path, name: str) -> None:
    """Assert that clouds, observables and provenance are there, what 1.0 lacks is empty, and no byte is written."""
    path = earlier(name, tmp_path / "run.h5")
    before = path.read_bytes()
    with Trajectory.open(path) as reader:
        assert reader.steps.tolist() == [0, 2, 4] and not reader.is_complete
        assert all(torch.equal(cloud.positions, at_step(2 * k).positions) for k, cloud in enumerate(reader))
        series = reader.observables["spread"]
        assert series.values.tolist() == [float(spread(at_step(int(step)))) for step in series.steps]
        assert reader.parameters["seed"] == 0
        assert (reader.provenance["resumes"], reader.provenance["resumed_by"]) == ([], [])
    assert path.read_bytes() == before
    with h5py.File(path, "r") as file:
        assert version_of(file) == (1, 0) and RESUMES not in file[MODULE]


def test_a_resumed_file_ends_as_one_of_ours(tmp_path: Path) -> None:
    """Assert that a run begun by the old code and ended by ours has the datasets of one in one go, and says 1.1."""
    path = earlier(PLAIN, tmp_path / "run.h5")
    with Trajectory.append(path) as writer:
        play(writer, 9)
    assert differing(path, played(tmp_path / "whole.h5", 9)) == set()
    with h5py.File(path, "r") as file:
        assert version_of(file) == SCHEMA_VERSION
    with Trajectory.open(path) as reader:
        [origin] = reader.provenance["resumed_by"]
        assert origin["libraries"]["torch"] == torch.__version__


def test_a_checkpoint_of_1_0_is_resumed(tmp_path: Path) -> None:
    """Assert that the state is that of the step at which it was kept, and that everything later was cut off."""
    path = earlier(WITH_CHECKPOINT, tmp_path / "run.h5")
    with Trajectory.append(path) as writer:
        kept = writer.kept(CHECKPOINTED)
        assert isinstance(kept, Checkpoint) and kept.step == 3
        assert torch.equal(kept.cloud.positions, at_step(3).positions)
        recorders = [(writer, 2), (writer.trace(spread=spread), 1), (writer.trace(mean=mean), 3)]
        for step in range(4, 10):
            for observer, period in recorders:
                if step % period == 0:
                    observer(step, 0.5 * step, at_step(step))
        writer.complete()
    assert differing(path, played(tmp_path / "whole.h5", 9)) == set()


@every_file
def test_a_migration_cut_off_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Assert that a file whose change was made and whose version was not is still one of 1.0, and is brought up."""
    path = earlier(name, tmp_path / "run.h5")
    after, change = MIGRATIONS[1, 0]

    def cut_off(file: h5py.File) -> None:
        change(file)
        raise TrajectoryError("The process ends here.")

    with monkeypatch.context() as patched:
        patched.setitem(migration.MIGRATIONS, (1, 0), (after, cut_off))
        with pytest.raises(TrajectoryError, match="The process ends here."):
            Trajectory.append(path)
    with h5py.File(path, "r+") as file:
        assert version_of(file) == (1, 0) and RESUMES in file[MODULE]
        migrate(file)
        assert version_of(file) == SCHEMA_VERSION


def test_steps_are_taken_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a file two versions behind goes through the one between."""
    path, seen = played(tmp_path / "run.h5", 2), []
    ways = {(0, 8): ((0, 9), lambda file: seen.append("first")), (0, 9): ((1, 0), lambda file: seen.append("second"))}
    monkeypatch.setattr(migration, "MIGRATIONS", {**MIGRATIONS, **ways})
    with h5py.File(path, "r+") as file:
        file[MODULE].attrs["version"] = np.array([0, 8])
        migrate(file)
        assert seen == ["first", "second"] and version_of(file) == SCHEMA_VERSION


@pytest.mark.parametrize("version", [[1, 2], [2, 0]])
def test_newer_files_are_refused(tmp_path: Path, version: list[int]) -> None:
    """Assert that a file of a later layout is neither read nor appended to, nor changed."""
    path = played(tmp_path / "run.h5", 2)
    with h5py.File(path, "r+") as file:
        file[MODULE].attrs["version"] = np.array(version)
    before = path.read_bytes()
    for door in (Trajectory.open, Trajectory.append):
        with pytest.raises(TrajectoryError, match="is needed; use a newer release of meanfield-particles.$"):
            door(path)
    assert path.read_bytes() == before
