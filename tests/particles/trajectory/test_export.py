"""The file for programs of molecular dynamics: what H5MD asks of it, read back by pyh5md and bit for bit by h5py."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from pyh5md import File

from particles.cloud import ParticleCloud
from particles.trajectory import Series, Trajectory
from particles.trajectory.export import at_frames, write_molecular
from tests.draws import normals
from tests.particles.trajectory.plays import START, at_step, played


def written(tmp_path: Path, source: Path) -> Path:
    """The first two coordinates of a trajectory."""
    with Trajectory.open(source) as trajectory:
        write_molecular(tmp_path / "run.h5md", trajectory, [1, 0], {"note": "kept"})
    return tmp_path / "run.h5md"


def test_pyh5md_reads_it(tmp_path: Path) -> None:
    """Assert that positions keep every bit, with box, masses, steps and times where H5MD has them."""
    with File(written(tmp_path, played(tmp_path / "run.h5", 6)), "r") as file:
        group = file.particles_group("trajectory")
        position = group["position"]
        for number, step in enumerate((0, 2, 4, 6)):
            expected = np.zeros((5, 3))
            expected[:, :2] = at_step(step).positions.numpy()[:, [1, 0]]
            assert position["value"][number].tobytes() == expected.tobytes()
        assert position["step"][:].tolist() == [0, 2, 4, 6]
        assert position["time"][:].tolist() == [0.0, 1.0, 2.0, 3.0]
        assert group["box"].attrs["dimension"] == 3 and group["box"].attrs["boundary"].tolist() == [b"none"] * 3
        assert group["mass"][:].tolist() == START.masses.tolist()
        assert file["parameters/note"].asstr()[()] == "kept"
        assert not any("unit" in node.attrs for node in (position["value"], position["time"]))


def test_observables_have_a_value_per_frame(tmp_path: Path) -> None:
    """Assert that what was recorded every third step is NaN at the other frames, and shares the frames' steps."""
    with h5py.File(written(tmp_path, played(tmp_path / "run.h5", 6)), "r") as file:
        mean, spread = file["observables/mean"], file["observables/spread"]
        assert np.isnan(mean["value"][:]).all(axis=1).tolist() == [False, True, True, False]
        np.testing.assert_array_equal(mean["value"][3], at_step(6).positions.mean(dim=0))
        assert spread["value"].shape == (4,) and not np.isnan(spread["value"][:]).any()
        assert mean["step"] == file["particles/trajectory/position/step"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_moving_masses_are_an_element(tmp_path: Path, dtype: torch.dtype) -> None:
    """Assert that masses of every frame are kept with the frames, in their dtype."""
    clouds = [
        ParticleCloud(normals(3, 2, seed=seed).to(dtype), torch.tensor([0.5, 0.25, 0.25], dtype=dtype).roll(seed))
        for seed in (1, 2)
    ]
    with Trajectory.create(tmp_path / "run.h5", moving_masses=True) as writer:
        for step, cloud in enumerate(clouds):
            writer(step, float(step), cloud)
    with h5py.File(written(tmp_path, tmp_path / "run.h5"), "r") as file:
        mass = file["particles/trajectory/mass"]
        assert mass["value"][:].tolist() == [cloud.masses.tolist() for cloud in clouds]
        assert (
            mass["value"].dtype
            == file["particles/trajectory/position/value"].dtype
            == clouds[0].positions.numpy().dtype
        )


def test_names_that_readers_need_are_left_to_them(tmp_path: Path) -> None:
    """Assert that an observable called dt, which MDAnalysis takes for the time between frames, is renamed."""
    with Trajectory.create(tmp_path / "run.h5") as writer:
        trace = writer.trace(dt=lambda cloud: 7.0)
        writer(0, 0.0, START)
        trace(0, 0.0, START)
    with h5py.File(written(tmp_path, tmp_path / "run.h5"), "r") as file:
        assert list(file["observables"]) == ["dt_"]


def test_records_between_frames_are_left_out() -> None:
    """Assert that integers stay so where all are there, and an observable of other moments gives nothing."""
    series = Series(np.array([0, 1, 1]), np.array([0.0, 0.5, 0.75]), np.array([4, 5, 6]))
    found = at_frames(series, np.array([1, 1]), np.array([0.75, 0.5]))
    assert found.tolist() == [6, 5] and found.dtype == np.int64
    assert at_frames(series, np.array([2]), np.array([0.5])) is None
    np.testing.assert_array_equal(at_frames(series, np.array([0, 2]), np.array([0.0, 1.0])), [4.0, np.nan])
