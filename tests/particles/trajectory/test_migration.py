"""Files of earlier layouts, as their code wrote them, are read, brought up to ours, resumed and finished."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import xarray

from flows.loop.checkpoint import CHECKPOINTED, Checkpoint
from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, migration
from particles.trajectory.content.comparison import datasets, differing
from particles.trajectory.files.open_checked import version_of
from particles.trajectory.layout import EARLIER_VERSIONS, MODULE, RESUMES, SCHEMA_VERSION
from particles.trajectory.migration import MIGRATIONS, migrate
from tests.particles.trajectory.earlier import (
    MOMENTS,
    PLAIN,
    PLAIN_1_1,
    PLAIN_1_2,
    WITH_CHECKPOINT,
    WITH_CHECKPOINT_1_1,
    WITH_CHECKPOINT_1_2,
    earlier,
)
from tests.particles.trajectory.plays import START, at_step, mean, play, played, spread

PLAIN_FILES, KEPT_FILES = (PLAIN, PLAIN_1_1, PLAIN_1_2), (WITH_CHECKPOINT, WITH_CHECKPOINT_1_1, WITH_CHECKPOINT_1_2)
every_file = pytest.mark.parametrize("name", [*PLAIN_FILES, *KEPT_FILES])
every_engine = pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])


def written_in(name: str) -> tuple[int, ...]:
    """The version of a file's layout, by its name."""
    return tuple(int(number) for number in name[:3].split("."))


def assert_by_times(path: Path, element: str) -> None:
    """That the first axis of step and value of an element is its times, and that steps are no dimension any more."""
    with h5py.File(path, "r") as file:
        group = file[element]
        assert group["time"].is_scale and not group["step"].is_scale
        for name in ("step", "value"):
            assert [scale.name.split("/")[-1] for scale in group[name].dims[0].values()] == ["time"]
        assert group["time"].dims[0].values() == []
        assert group["value"].attrs["coordinates"] in (b"step", b"step coordinate_name")


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
        assert version_of(file) == written_in(name) and (RESUMES in file[MODULE]) == (version_of(file) > (1, 0))


@pytest.mark.parametrize("name", PLAIN_FILES)
def test_a_resumed_file_ends_as_one_of_ours(tmp_path: Path, name: str) -> None:
    """Assert that a run begun by old code and ended by ours has the datasets of one in one go, and our version."""
    path = earlier(name, tmp_path / "run.h5")
    with Trajectory.append(path) as writer:
        play(writer, 9)
    assert differing(path, played(tmp_path / "whole.h5", 9)) == set()
    with h5py.File(path, "r") as file:
        assert version_of(file) == SCHEMA_VERSION
    with Trajectory.open(path) as reader:
        [origin] = reader.provenance["resumed_by"]
        assert origin["libraries"]["torch"] == torch.__version__


@pytest.mark.parametrize("name", KEPT_FILES)
def test_an_earlier_checkpoint_is_resumed(tmp_path: Path, name: str) -> None:
    """Assert that the state is that of the step at which it was kept, and that everything later was cut off."""
    path = earlier(name, tmp_path / "run.h5")
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
    """Assert that a file whose change was made and whose version was not is still of its own, and is brought up."""
    path = earlier(name, tmp_path / "run.h5")
    after, change = MIGRATIONS[written_in(name)]

    def cut_off(file: h5py.File) -> None:
        change(file)
        raise TrajectoryError("The process ends here.")

    with monkeypatch.context() as patched:
        patched.setitem(migration.MIGRATIONS, written_in(name), (after, cut_off))
        with pytest.raises(TrajectoryError, match="The process ends here."):
            Trajectory.append(path)
    with h5py.File(path, "r+") as file:
        assert version_of(file) == written_in(name) and RESUMES in file[MODULE]
        migrate(file)
        assert version_of(file) == SCHEMA_VERSION
    assert_by_times(path, "particles/cloud/position")


@every_engine
def test_moments_of_one_step_are_told_apart_by_time(tmp_path: Path, engine: str) -> None:
    """Assert that moments of one step have times as their dimension once a file of 1.1 was appended to, masses too."""
    path = earlier(MOMENTS, tmp_path / "run.h5")
    before = {name: values.tolist() for name, values in datasets(path).items()}
    Trajectory.append(path).close()
    after = {name: values.tolist() for name, values in datasets(path).items()}
    assert after.pop("particles/cloud/position/coordinate_name") == [b"theta_0", b"theta_1"] and after == before
    for element in ("particles/cloud/position", "particles/cloud/mass", "observables/risk_5"):
        assert_by_times(path, element)
    with xarray.open_datatree(path, engine=engine) as tree:
        position, mass = (tree[f"particles/cloud/{name}/value"] for name in ("position", "mass"))
        assert position.dims == ("time", "particle", "coordinate") and mass.dims == ("time", "particle")
        assert position.coords["step"].values.tolist() == [0, 4, 4, 5]
        np.testing.assert_array_equal(position.sel(time=1.0), 2.0 * START.positions)
        np.testing.assert_array_equal(mass.sel(time=0.6, method="nearest"), START.masses.roll(4, 0))


@every_file
def test_a_file_brought_up_says_what_is_in_it(tmp_path: Path, name: str) -> None:
    """Assert that attributes, names and clock are those of a new file, less the formulas, and nothing before."""
    path, new = earlier(name, tmp_path / "run.h5"), played(tmp_path / "new.h5", 2)
    with Trajectory.open(path) as reader:
        assert reader.titles == {} and reader.observables.labels("spread") == {}
        assert reader.coordinates == ["theta_0", "theta_1"] and reader.provenance["closed"] is None
    Trajectory.append(path).close()
    with Trajectory.open(path) as reader, Trajectory.open(new) as beside:
        assert reader.titles.keys() == beside.titles.keys() and reader.titles["title"] == beside.titles["title"]
        assert reader.observables.labels("spread") == {"long_name": "spread", "units": "1"}
        assert reader.provenance["closed"] is not None and reader.provenance["wall_seconds"] > 0.0
    with h5py.File(path, "r") as file, h5py.File(new, "r") as other:
        for part in ("position/value", "position/time", "position/step", "position/coordinate_name", "mass"):
            found, wanted = (dict(each[f"particles/cloud/{part}"].attrs) for each in (file, other))
            assert {key: found.get(key) for key in ("long_name", "units", "formula", "coordinates")} == {
                key: wanted.get(key) for key in ("long_name", "units", "formula", "coordinates")
            }


@pytest.mark.parametrize("flushes", [1, 2, 3, 4])
def test_a_change_of_dimensions_cut_off_anywhere_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flushes: int
) -> None:
    """Assert that a file left after any of the changes is still read, and is brought up by the next opening."""
    path, left = earlier(MOMENTS, tmp_path / "run.h5"), tmp_path / "left.h5"
    with h5py.File(path, "r+") as file:
        flush, seen = file.flush, []

        def copied() -> None:
            flush()
            seen.append(None)
            if len(seen) == flushes:
                shutil.copy(path, left)

        monkeypatch.setattr(file, "flush", copied)
        migrate(file)
        assert len(seen) == 4
    with h5py.File(left, "r+") as file:
        assert version_of(file) == ((1, 1) if flushes < 3 else (1, 2) if flushes < 4 else SCHEMA_VERSION)
        migrate(file)
    assert_by_times(left, "particles/cloud/mass")
    with Trajectory.open(left) as reader:
        assert reader.times.tolist() == [0.0, 0.5, 1.0, 1.5]


def test_steps_are_taken_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a file two versions behind goes through the one between."""
    path, seen = played(tmp_path / "run.h5", 2), []
    ways = {(0, 8): ((0, 9), lambda file: seen.append("first")), (0, 9): ((1, 0), lambda file: seen.append("second"))}
    monkeypatch.setattr(migration, "MIGRATIONS", {**MIGRATIONS, **ways})
    with h5py.File(path, "r+") as file:
        file[MODULE].attrs["version"] = np.array([0, 8])
        migrate(file)
        assert seen == ["first", "second"] and version_of(file) == SCHEMA_VERSION


@pytest.mark.parametrize("version", [[1, 4], [2, 0]])
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
