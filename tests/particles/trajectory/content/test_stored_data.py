"""Few data lie in the file to the bit, many do not, and what is no data is refused."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import pytest
import torch
import xarray

from particles import Dataset, Identity, MeanField, Perceptron, Risk, Squared, Tanh, Trajectory, TrajectoryError
from particles.trajectory.content.stored_data import DATA_BYTES, kept_data
from particles.trajectory.describe import describe
from tests.draws import normals, unequal


@dataclass(frozen=True)
class Flow:
    """Whatever has a risk."""

    risk: Risk


def flow_on(count: int, dtype: torch.dtype = torch.float64) -> Flow:
    """A flow on data [count, 2] with one target and unequal weights."""
    data = Dataset(normals(count, 2, seed=3, dtype=dtype), normals(count, seed=4, dtype=dtype), unequal(count, dtype))
    return Flow(Risk(neuron=Perceptron(Tanh(), Identity(2)), scaling=MeanField(), loss=Squared(), data=data))


def created(path: Path, flow: object) -> Path:
    """A file without frames."""
    Trajectory.create(path, flow=flow).close()
    return path


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_few_data_come_back_to_the_bit(tmp_path: Path, dtype: torch.dtype) -> None:
    """Assert that inputs, targets and weights are those of the risk, in their dtype, also after an append."""
    flow = flow_on(5, dtype)
    path = created(tmp_path / "run.h5", flow)
    Trajectory.append(path).close()
    with Trajectory.open(path) as reader:
        data = reader.data
    for name in ("inputs", "targets", "weights"):
        stored, given = getattr(data, name), getattr(flow.risk.data, name)
        assert stored.dtype == dtype and torch.equal(stored, given)


@pytest.mark.parametrize("labels", [["x", "y", "x"], [4, 2, 2], [True, False, True]], ids=["text", "whole", "truth"])
def test_names_come_back(tmp_path: Path, labels: list[str | int | bool]) -> None:
    """Assert that names of inputs and classes are those of the data, of their kind, and stand in the description."""
    data = Dataset(normals(3, 2, seed=3), labels, input_names=["length [m]", "β"])
    neuron = Perceptron(Tanh(), Identity(2), 2)
    flow = Flow(Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=data))
    with Trajectory.open(created(tmp_path / "run.h5", flow)) as reader:
        kept, described = reader.data, reader.parameters["flow"]["risk"]["data"]
    assert (kept.classes, kept.input_names, kept.target_names) == (data.classes, ("length [m]", "β"), None)
    assert [type(name) for name in kept.classes] == [type(labels[0])] * 2
    assert described["classes"] == list(data.classes) and described["input_names"] == ["length [m]", "β"]
    assert "target_names" not in described and describe(kept) == describe(data)


def test_data_have_named_dimensions(tmp_path: Path) -> None:
    """Assert that xarray finds data, inputs and outputs by name."""
    with xarray.open_datatree(created(tmp_path / "run.h5", flow_on(5)), engine="h5netcdf") as tree:
        group = tree["parameters/data"]
        assert group["inputs"].dims == ("datum", "input") and group["targets"].dims == ("datum", "output")
        assert group["weights"].sizes == {"datum": 5}


def test_many_data_and_flows_without_are_left_out(tmp_path: Path) -> None:
    """Assert that the bound is in bytes, and that a file without data says so."""
    most = DATA_BYTES // (4 * 8)
    assert kept_data(flow_on(most)) is not None and kept_data(flow_on(most + 1)) is None
    assert kept_data(flow_on(most + 1, torch.float32)) is not None
    for number, flow in enumerate((None, flow_on(most + 1))):
        with Trajectory.open(created(tmp_path / f"{number}.h5", flow)) as reader:
            assert reader.data is None


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda group: group.__delitem__("targets"), "no dataset targets in /parameters/data"),
        (lambda group: group["inputs"].write_direct(float("nan") * group["inputs"][:]), "hold 10 values that are not"),
    ],
    ids=["missing", "not-finite"],
)
def test_what_is_no_data_is_refused(tmp_path: Path, spoil: object, sentence: str) -> None:
    """Assert that a missing part and NaN are one sentence each."""
    path = created(tmp_path / "run.h5", flow_on(5))
    with h5py.File(path, "r+") as file:
        spoil(file["parameters/data"])  # type: ignore[operator]
    with Trajectory.open(path) as reader, pytest.raises(TrajectoryError, match=sentence):
        _ = reader.data
