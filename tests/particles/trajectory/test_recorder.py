"""Observables are appended to the file with the shape and dtype of their first value."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryWriter
from tests.particles.trajectory.plays import START, at_step, mean, spread


@pytest.fixture
def writer(tmp_path: Path) -> TrajectoryWriter:
    """Writer of a new file."""
    with Trajectory.create(tmp_path / "run.h5") as opened:
        yield opened


VALUES = [
    (1.5, "float64", ()),
    (3, "int64", ()),
    (True, "uint8", ()),
    (np.float32(0.25), "float32", ()),
    (np.arange(6.0).reshape(2, 3), "float64", (2, 3)),
    (torch.tensor([1.0, 2.0], dtype=torch.float32), "float32", (2,)),
    (torch.tensor(0.5, dtype=torch.bfloat16), "float32", ()),
    (torch.tensor(0.5, dtype=torch.float64, requires_grad=True), "float64", ()),
]


@pytest.mark.parametrize(("value", "dtype", "shape"), VALUES, ids=lambda value: str(type(value).__name__))
@pytest.mark.usefixtures("without_shape_checks")
def test_values_keep_dtype_and_shape(tmp_path: Path, value: object, dtype: str, shape: tuple[int, ...]) -> None:
    """Assert that numbers, arrays and tensors are stored as they are, booleans as 0 and 1."""
    with Trajectory.create(tmp_path / "run.h5") as writer:
        trace = writer.trace(value=lambda cloud: value)
        assert trace(0, 0.0, START) is None
        trace(5, 1.0, START)
    with Trajectory.open(tmp_path / "run.h5") as reader:
        steps, _, values = reader.observables["value"]
    assert steps.tolist() == [0, 5] and values.shape == (2, *shape) and values.dtype == dtype
    expected = value.detach().float().numpy() if isinstance(value, torch.Tensor) else value
    np.testing.assert_array_equal(values[1], expected)


@pytest.mark.parametrize(
    ("value", "found"),
    [("a", "str of shape"), (1j, "complex of shape"), (torch.zeros(0), "Tensor|ndarray of shape"), (None, "NoneType")],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_number_is_refused(writer: TrajectoryWriter, value: object, found: str) -> None:
    """Assert that text, complex and empty values are refused with the name of the observable."""
    trace = writer.trace(strange=lambda cloud: value)
    with pytest.raises(TypeError, match=f"Observable strange gave ({found}).* but a real number or a non-empty array"):
        trace(0, 0.0, START)


@pytest.mark.parametrize("other", [lambda cloud: 1.0, lambda cloud: mean(cloud).float(), lambda cloud: mean(cloud)[:1]])
@pytest.mark.parametrize("resumed", [False, True])
def test_another_shape_or_dtype_is_refused(tmp_path: Path, other: object, resumed: bool) -> None:
    """Assert that a value unlike the records before is refused, in the same session and after, and leaves no trace."""
    current = [mean]
    path = tmp_path / "run.h5"
    sentence = r"Observable pull gave shape .* but its records have shape \(2,\) in float64; record it under another"
    with Trajectory.create(path) as writer:
        trace = writer.trace(pull=lambda cloud: current[0](cloud), spread=spread)
        writer(0, 0.0, START)
        trace(0, 0.0, START)
        current[0] = other
        if not resumed:
            with pytest.raises(TrajectoryError, match=sentence):
                trace(1, 1.0, START)
    with Trajectory.append(path) as writer:
        if resumed:
            with pytest.raises(TrajectoryError, match=sentence):
                writer.trace(pull=other, spread=spread)(1, 1.0, START)
    with Trajectory.open(path) as reader:
        assert {name: series.steps.tolist() for name, series in reader.observables.items()} == {
            "pull": [0],
            "spread": [0],
        }


def test_steps_of_observables_increase(writer: TrajectoryWriter) -> None:
    """Assert that an observable refuses a step it has, and takes no part of such a record."""
    trace = writer.trace(spread=spread)
    trace(3, 0.3, START)
    with pytest.raises(
        TrajectoryError, match="Step 3 came after step 3 in /observables/spread, but steps must increase"
    ):
        trace(3, 0.3, START)
    with pytest.raises(TrajectoryError, match="Step -1 at time 0.5 came for early, but steps must not be negative"):
        writer.trace(early=spread)(-1, 0.5, START)


def test_all_values_are_computed_before_any_is_written(tmp_path: Path) -> None:
    """Assert that an observable that fails leaves the others without a record of that step."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        trace = writer.trace(spread=spread, bad=lambda cloud: 1.0 / float(cloud is START))
        trace(0, 0.0, START)
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            trace(1, 0.5, at_step(1))
    with h5py.File(path, "r") as file:
        assert [len(file[f"observables/spread/{name}"]) for name in ("step", "time", "value")] == [1, 1, 1]


def test_recording_stops_with_the_writer(writer: TrajectoryWriter) -> None:
    """Assert that an observer of a closed file says so instead of losing values."""
    trace = writer.trace(spread=spread)
    writer.close()
    with pytest.raises(TrajectoryError, match="run.h5 is closed, but an open file is needed; append to it again."):
        trace(0, 0.0, START)
