"""The page on the trajectory file: its examples run as printed and read what was written."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from flows import GradientFlow
from particles import NTK, Dataset, Identity, MeanField, Perceptron, Risk, Squared, Tanh, Trajectory
from particles.trajectory.layout import SCHEMA_VERSION
from runs.inspect.export import export
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.reading import read_study
from tests.house.source import ROOT
from tests.runs.figures.planes import plane_run
from tests.runs.inspect.recorded import TIMES, position, recorded, risk

PAGE = (ROOT / "runs" / "TRAJECTORIES.md").read_text(encoding="utf-8")


def test_examples_read_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the blocks, one after the other, read frames, masses, records, parameters, and a sweep."""
    export(recorded(tmp_path / "run.h5"), "mdanalysis")
    for seed in (0, 1):
        recorded(tmp_path / "results" / f"{seed}.h5", seed=seed)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    for block in blocks:
        exec(compile(block, "TRAJECTORIES.md", "exec"), names)  # noqa: S102 - our own page
    assert len(blocks) == 4
    assert names["risk_per_frame"] == names["risks"].tolist()
    moments = np.einsum("j,tjd->td", names["masses"], names["positions"])
    np.testing.assert_array_equal(np.array(names["centres"])[:, :2], moments)
    assert names["times"].tolist() == names["times_again"].tolist() == list(TIMES)
    np.testing.assert_array_equal(names["positions"][-1], position(3))
    np.testing.assert_array_equal(names["last"].positions, position(3))
    assert names["masses"].tolist() == [0.5, 0.25, 0.25]
    risks = [risk(step, 1.0, 0) for step in range(4)]
    assert names["risks"].tolist() == names["series"].values.tolist() == names["risk_by_time"].values.tolist() == risks
    assert names["path_of_one"].dims == ("time", "coordinate") and names["halfway"].dims == ("particle", "coordinate")
    assert names["parameters"]["config"]["rate"] == 1.0 and names["complete"]
    assert names["mean"].dims == ("time",) and names["mean"].values.tolist() == [1.5 * value for value in risks]


def named_run(path: Path) -> Path:
    """A file without frames, of a flow on data with names and classes."""
    names = {"input_names": ["a"], "target_names": ["is x", "is y"]}
    data = Dataset(torch.ones(2, 1, dtype=torch.float64), ["x", "y"], **names)
    risk = Risk(neuron=Perceptron(Tanh(), Identity(1), 2), scaling=NTK(), loss=Squared(), data=data)
    Trajectory.create(path, flow=GradientFlow(risk)).close()
    return path


def test_table_names_what_is_in_a_file(tmp_path: Path) -> None:
    """Assert that the schema version and every path of the table are those of a file."""
    assert f"schema version {'.'.join(map(str, SCHEMA_VERSION))}" in PAGE
    with (
        h5py.File(recorded(tmp_path / "a.h5"), "r") as file,
        h5py.File(recorded(tmp_path / "b.h5", moving_masses=True, kept=True), "r") as moving,
        h5py.File(plane_run(tmp_path / "c.h5")[0], "r") as trained,
        h5py.File(named_run(tmp_path / "d.h5"), "r") as named,
    ):
        for row in re.findall(r"^\| `(/[^`]+)`", PAGE, flags=re.MULTILINE):
            path, _, parts = row.replace("NAME", "risk").partition("{")
            for part in parts.rstrip("}").split(","):
                assert any(path + part in each for each in (file, moving, trained, named)), row
        module = file["h5md/modules/meanfield_particles"]
        attributes = set(re.findall(r"its attribute `(\w+)`", PAGE))
        assert attributes == set(module.attrs)
        assert all(f"`{name}`" in PAGE for name in file.attrs)
        value = trained["particles/cloud/position/value"]
        assert all(f"`{name}`" in PAGE for name in set(value.attrs) - {"DIMENSION_LIST", "coordinates"})
        for group in ("particles/cloud", "particles/cloud/position", "parameters/data"):
            assert all(re.search(rf"[`/{{,]{name}[`}},/]", PAGE) for name in trained[group]), group
        assert set(re.findall(r"^\| its `(\w+)`", PAGE, flags=re.MULTILINE)) == set(module)


def test_features_of_the_page_are_those_of_its_study() -> None:
    """Assert that the commands name the study that is there, and its data are what it says they are."""
    study = ROOT / "runs" / "examples" / "two_inputs.toml"
    assert f"meanfield run {study.relative_to(ROOT)}" in PAGE and "](figures/feature_maps.png)" in PAGE
    (drawn,) = re.findall(r"x = (numpy.*)$", study.read_text(), flags=re.MULTILINE)
    x = eval(drawn, {"numpy": np})
    mean_field, ntk = (Experiment(config, study.parent) for config in read_study(study).runs)
    assert mean_field.risk.scaling == MeanField() and ntk.risk.scaling == NTK()
    np.testing.assert_array_equal(mean_field.risk.data.inputs, x)
    np.testing.assert_array_equal(mean_field.risk.data.targets[:, 0], np.sign(x[:, 0] * x[:, 1]))
    assert float(mean_field.risk.predictions(mean_field.start).abs().max()) < 1e-14
