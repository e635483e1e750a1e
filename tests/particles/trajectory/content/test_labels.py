"""Files say what is in them: names, units, formulas, names of coordinates, in words that labelled arrays keep."""

from datetime import datetime
from functools import wraps
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from flows import GradientFlow
from particles import NTK, Dataset, Identity, LargestMovement, ParticleCloud, Perceptron, Risk, Squared, Tanh
from particles.trajectory import Trajectory
from particles.trajectory.content.labels import coordinate_names, label, labels_of, without_unit, words_for
from particles.trajectory.describe import describe
from tests.draws import normals
from tests.particles.trajectory.plays import START, mean

every_engine = pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
NEURON = Perceptron(Tanh(), Identity(2), outputs=2, trained="both")
RISK = Risk(NEURON, NTK(), Squared(), Dataset(normals(4, 2, seed=1), normals(4, 2, seed=2)))
CLOUD = ParticleCloud(normals(5, 4, seed=3), START.masses)


def run(path: Path, seed: int = 0) -> Path:
    """Frames of a perceptron's flow, several of one step, and two observables."""
    observables = {"risk": RISK, "far": LargestMovement(CLOUD)}
    with Trajectory.create(path, flow=GradientFlow(RISK), seed=seed, observables=observables) as writer:
        for step, time in ((0, 0.0), (1, 0.25), (1, 0.5), (2, 1.0)):
            writer(step, time, CLOUD.moved((1.0 + time + seed) * CLOUD.positions))
    return path


def test_names_of_coordinates_are_those_of_the_neuron() -> None:
    """Assert that hidden weights come before output weights wherever the neuron is, and others are counted."""
    flow = {"flow": describe(GradientFlow(RISK))}
    assert coordinate_names(flow, 4) == ["w_0", "w_1", "a_0", "a_1"]
    assert coordinate_names({"law": {"inner": describe(NEURON)}}, 3) == ["w_0", "a_0", "a_1"]
    for parameters, dim in ((flow, 2), ({}, 2), ({"flow": {"class": "mine.Perceptron", "outputs": 1}}, 2)):
        assert coordinate_names(parameters, dim) == ["theta_0", "theta_1"]


def test_words_of_an_observable_are_its_own() -> None:
    """Assert that class, function and wrapped function are named, with the first line of what they say."""
    assert words_for("a_b") == {"long_name": "a b"}
    assert words_for("far", LargestMovement(CLOUD)) == {
        "long_name": "far",
        "source": "particles.LargestMovement",
        "formula": "max_j |theta_j - theta_j(0)|.",
    }
    source = f"{mean.__module__}.mean"
    assert words_for("m", mean) == {"long_name": "m", "source": source, "formula": "Mean position [dim]."}
    assert words_for("m", wraps(mean)(lambda cloud: 0.0)) == words_for("m", mean)
    assert "formula" not in words_for("m", lambda cloud: 0.0)


def test_labels_are_ascii_and_stay(tmp_path: Path) -> None:
    """Assert that what is there already is kept, other characters become question marks, and nothing is a unit."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("x", data=1.0)
        dataset.attrs["formula"] = np.bytes_(b"kept")
        label(dataset, {"formula": "other", "long_name": "λ"})
        assert labels_of(dataset) == {"long_name": "?", "units": "1", "formula": "kept"}
    assert without_unit({"long_name": "x"}) == {"long_name": "x", "units": "1"}


@every_engine
def test_a_file_describes_itself(tmp_path: Path, engine: str) -> None:
    """Assert that xarray shows title, creation, words and names, and selects, joins and subtracts by time."""
    path, other = run(tmp_path / "a.h5"), run(tmp_path / "b.h5", seed=1)
    with xarray.open_datatree(path, engine=engine) as tree, xarray.open_datatree(other, engine=engine) as beside:
        assert tree.attrs["title"] == "Particle trajectory of GradientFlow, seed 0"
        assert tree.attrs["software"] == "meanfield-particles" and tree.attrs["Conventions"] == "H5MD-1.1"
        assert datetime.fromisoformat(tree.attrs["created"]).tzinfo is not None and tree.attrs["version"]
        position, later = (each["particles/cloud/position"]["value"] for each in (tree, beside))
        assert position.coords["coordinate_name"].values.tolist() == ["w_0", "w_1", "a_0", "a_1"]
        assert position.attrs["units"] == position.time.attrs["units"] == "1"
        assert position.time.attrs["long_name"] == "flow time"
        assert tree["particles/cloud"]["mass"].attrs["long_name"] == "mass lambda_j of particle j"
        risk = tree["observables/risk/value"]
        assert risk.attrs["source"] == "particles.Risk" and risk.attrs["formula"].startswith("R(cloud) = sum_i p_i")
        np.testing.assert_array_equal(position.sel(time=0.6, method="nearest"), 1.5 * CLOUD.positions)
        np.testing.assert_allclose(later - position, np.broadcast_to(CLOUD.positions, (4, 5, 4)), rtol=1e-12)
        joined = xarray.concat([position, later], dim="seed")
        assert joined.dims == ("seed", "time", "particle", "coordinate")
    group = {"group": "particles/cloud/position", "engine": engine}
    with xarray.open_mfdataset([path, other], combine="nested", concat_dim="seed", **group) as sweep:
        assert sweep["value"].sel(time=0.9, method="nearest").shape == (2, 5, 4)
        assert sweep["coordinate_name"].values.tolist() == ["w_0", "w_1", "a_0", "a_1"]


def test_a_reader_says_the_same(tmp_path: Path) -> None:
    """Assert that names, words, title and the time the run took are there without xarray, and that time adds up."""
    path = run(tmp_path / "a.h5")
    with Trajectory.open(path) as reader:
        assert reader.coordinates == ["w_0", "w_1", "a_0", "a_1"]
        assert reader.observables.labels("far")["formula"] == "max_j |theta_j - theta_j(0)|."
        assert reader.titles["title"] == "Particle trajectory of GradientFlow, seed 0"
        first = reader.provenance
    Trajectory.append(path).close()
    with Trajectory.open(path) as reader:
        second = reader.provenance
    assert 0.0 < first["wall_seconds"] < second["wall_seconds"] and first["started"] <= first["closed"]
    assert first["closed"] <= second["closed"]
