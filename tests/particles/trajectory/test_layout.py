"""The file is H5MD, opens in xarray with named dimensions, and is read with plain h5py in a few lines."""

import json
from pathlib import Path

import h5py
import numpy as np
import pyh5md
import pytest
import torch
import xarray

from particles.trajectory import Trajectory, layout
from particles.trajectory.content.frames import Frames
from particles.trajectory.layout import CHUNK_BYTES, fixed_text, frame_chunk, record_chunk
from tests.particles.trajectory.plays import START, at_step, mean, played
from tests.tolerances import assert_identical

STEPS = [0, 2, 4, 6]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A run of six steps with a frame at every second one."""
    return played(tmp_path / "run.h5", 6)


def test_pyh5md_reads_it(path: Path) -> None:
    """Assert that the H5MD library finds the positions, masses and observables, as elements of the right kind."""
    with pyh5md.File(str(path), "r") as file:
        group = file.particles_group("cloud")
        position, mass = pyh5md.element(group, "position"), pyh5md.element(group, "mass")
        assert (position.element_type, mass.element_type) == ("TimeElement", "FixedElement")
        assert position.step[:].tolist() == STEPS
        assert position.time[:].tolist() == [0.5 * step for step in STEPS]
        np.testing.assert_array_equal(position.value[2], at_step(4).positions.numpy())
        np.testing.assert_array_equal(mass[:], START.masses.numpy())
        assert pyh5md.element(file["observables"], "mean").value.shape == (3, 2)


def test_root_is_h5md(path: Path) -> None:
    """Assert that version, author and creator are as H5MD 1.1 asks: integers, and scalar strings of fixed length."""
    with h5py.File(path, "r") as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        for group, names in {"author": ["name"], "creator": ["name", "version"]}.items():
            for name in names:
                kind = file["h5md"][group].attrs.get_id(name)
                assert kind.shape == () and kind.dtype.kind == "S"
        assert file["h5md/modules/meanfield_particles"].attrs["version"].tolist() == [1, 3]
        box = file["particles/cloud/box"].attrs
        assert box["dimension"] == 2 and box["boundary"].tolist() == [b"none", b"none"]


#: What xarray can open a trajectory with.
every_engine = pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])


@every_engine
def test_xarray_sees_named_dimensions(path: Path, engine: str) -> None:
    """Assert that xarray opens the tree with time, particle and coordinate, no made-up dimension, and right values."""
    with xarray.open_datatree(path, engine=engine) as tree:
        assert not [name for node in tree.subtree for name in node.dims if str(name).startswith("phony")]
        position = tree["particles/cloud/position/value"]
        assert position.dims == ("time", "particle", "coordinate")
        assert position.dtype == np.float64
        assert position.coords["step"].values.tolist() == STEPS
        np.testing.assert_array_equal(position.sel(time=2.0), at_step(4).positions.numpy())
        np.testing.assert_array_equal(position.sel(time=2.4, method="nearest"), at_step(4).positions.numpy())
        np.testing.assert_array_equal(position.coords["time"], 0.5 * np.array(STEPS))
        assert tree["particles/cloud/mass"].dims == ("particle",)
        vector = tree["observables/mean/value"]
        assert vector.dims == ("time", "component")
        np.testing.assert_array_equal(vector.sel(time=1.5), mean(at_step(3)).numpy())


@every_engine
def test_xarray_sees_moving_masses(tmp_path: Path, engine: str) -> None:
    """Assert that masses that move have the steps of the positions, as one and the same dataset."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path, moving_masses=True) as writer:
        writer(0, 0.0, START)
        writer(3, 1.0, START.reweighted(START.masses.flip(0)))
    with xarray.open_datatree(path, engine=engine) as tree:
        mass = tree["particles/cloud/mass/value"]
        assert mass.dims == ("time", "particle") and mass.coords["step"].values.tolist() == [0, 3]
        np.testing.assert_array_equal(mass[1], START.masses.flip(0).numpy())
    with h5py.File(path, "r") as file:
        cloud = file["particles/cloud"]
        assert cloud["mass/step"] == cloud["position/step"] and cloud["mass/time"] == cloud["position/time"]


@every_engine
def test_xarray_joins_selects_and_subtracts_moments_of_shared_steps(tmp_path: Path, engine: str) -> None:
    """Assert that files of two seeds, whose frames share numbers of steps, are one dataset along the seeds."""
    paths, steps = [tmp_path / f"{seed}.h5" for seed in (0, 1)], ([0, 4, 4, 4], [0, 3, 5, 5])
    for seed, path in enumerate(paths):
        with Trajectory.create(path, seed=seed) as writer:
            for frame, step in enumerate(steps[seed]):
                writer(step, 0.5 * frame, at_step(frame + seed))
    where = {"group": "particles/cloud/position", "engine": engine}
    with xarray.open_dataset(paths[0], **where) as one, xarray.open_dataset(paths[1], **where) as other:
        both = xarray.concat([one, other], dim="seed")
        assert dict(both.sizes) == {"seed": 2, "time": 4, "particle": 5, "coordinate": 2}
        assert both["step"].values.tolist() == [list(numbers) for numbers in steps]
        np.testing.assert_array_equal(both["value"].sel(time=1.1, method="nearest")[1], at_step(3).positions.numpy())
        moved = at_step(3).positions - at_step(2).positions
        np.testing.assert_array_equal((other["value"] - one["value"]).sel(time=1.0), moved.numpy())
    with xarray.open_mfdataset(paths, combine="nested", concat_dim="seed", **where) as many:
        assert many["value"].dims == ("seed", "time", "particle", "coordinate")
        np.testing.assert_array_equal(many["value"].isel(seed=1, time=2), at_step(3).positions.numpy())


@every_engine
def test_a_record_that_does_not_count_yet_has_no_step(tmp_path: Path, engine: str) -> None:
    """Assert that xarray sees the value and time of a frame whose writer was killed before its step, and step -1."""
    path = played(tmp_path / "run.h5", 4)
    with h5py.File(path, "r+") as file:
        Frames(file).put(3.0, at_step(6))
    with xarray.open_dataset(path, group="particles/cloud/position", engine=engine) as position:
        assert position["time"].values.tolist() == [0.0, 1.0, 2.0, 3.0]
        assert position["step"].values.tolist() == [0, 2, 4, -1]
        assert position.isel(time=position["step"] >= 0).sizes["time"] == 3


def test_h5py_reads_it_in_a_few_lines(path: Path) -> None:
    """Assert that a program without our package gets at frames, observables and parameters."""
    with h5py.File(path, "r") as file:
        positions, masses = file["particles/cloud/position/value"][:], file["particles/cloud/mass"][:]
        steps, spread = file["observables/spread/step"][:], file["observables/spread/value"][:]
        seed = json.loads(file["parameters/configuration"].asstr()[()])["seed"]
    assert positions.shape == (4, 5, 2) and masses.shape == (5,) and seed == 0
    assert_identical(torch.from_numpy((positions**2).mean(axis=(1, 2))), torch.from_numpy(spread[::2]), operations=10)
    assert steps.tolist() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("count", "dim", "itemsize", "pieces"),
    [(5, 2, 8, 1), (20000, 60, 4, 5), (20000, 60, 8, 10), (2000, 11, 8, 1), (131072, 1, 8, 1), (3, 10**6, 8, 3)],
)
def test_frame_is_a_chunk_up_to_a_megabyte(count: int, dim: int, itemsize: int, pieces: int) -> None:
    """Assert that a frame is cut over the particles into as few even chunks of up to 1 MB as it takes."""
    one, particles, coordinates = frame_chunk(count, dim, itemsize)
    assert (one, coordinates) == (1, dim)
    assert -(-count // particles) == pieces
    assert particles == 1 or particles * dim * itemsize <= CHUNK_BYTES


def test_record_chunks_hold_many_small_values() -> None:
    """Assert that numbers come by hundreds to a chunk and large arrays alone."""
    assert record_chunk((), 8) == (512,)
    assert record_chunk((10,), 8) == (204, 10)
    assert record_chunk((100, 100), 8) == (1, 100, 100)


def test_stored_chunks_and_filters_are_explicit(tmp_path: Path) -> None:
    """Assert that positions lie in the chunks above, uncompressed unless it was asked for."""
    for compression in (None, "gzip", "lzf"):
        path = tmp_path / f"{compression}.h5"
        with Trajectory.create(path, compression=compression) as writer:
            writer(0, 0.0, START)
        with h5py.File(path, "r") as file:
            value = file["particles/cloud/position/value"]
            assert value.chunks == (1, 5, 2) and value.compression == compression
        with Trajectory.open(path) as reader:
            assert torch.equal(reader[0].positions, START.positions)


def test_fixed_text_is_ascii() -> None:
    """Assert that characters H5MD cannot store become question marks."""
    assert fixed_text("Jürgen") == b"J?rgen"


def test_author_is_unknown_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Assert that a machine without a login name still writes files."""

    def nobody() -> str:
        raise KeyError("no entry of this user")

    monkeypatch.setattr(layout.getpass, "getuser", nobody)
    with h5py.File(played(tmp_path / "run.h5", 0), "r") as file:
        assert file["h5md/author"].attrs["name"] == b"unknown"
