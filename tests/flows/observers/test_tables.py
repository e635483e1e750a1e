"""Tables of a trace: names, axes and words as in trajectory files, and what is said where a library is missing."""

import sys
from pathlib import Path

import numpy as np
import pytest

from flows import Euler, Every, Trace, evolve
from flows.observers.tables import dataset, frame, inner_axes
from particles import Trajectory
from tests.problems import Still, small_cloud

xarray = pytest.importorskip("xarray")
pandas = pytest.importorskip("pandas")

TIMES, STEPS = np.array([0.0, 0.5]), np.array([0, 1])
VALUES = {"risk": np.array([3.0, 4.0]), "gram": np.arange(8.0).reshape(2, 2, 2)}
WORDS = {name: {"long_name": name} for name in VALUES}


def first(cloud: object) -> float:
    """The number one."""
    return 1.0


def test_a_dataset_has_times_steps_and_named_axes() -> None:
    """Assert that observables lie over time, other axes are theirs, and every variable has a unit and a name."""
    found = dataset(TIMES, STEPS, VALUES, WORDS)
    assert found["risk"].dims == ("time",) and found["gram"].dims == ("time", *inner_axes("gram", VALUES["gram"]))
    assert inner_axes("gram", VALUES["gram"]) == ("gram_component", "gram_component1")
    assert found["gram"].values.tolist() == VALUES["gram"].tolist() and found["step"].values.tolist() == [0, 1]
    assert float(found["risk"].sel(time=0.5)) == 4.0
    assert all(found[name].attrs["units"] == "1" and "long_name" in found[name].attrs for name in found.variables)


def test_words_are_those_of_the_file(tmp_path: Path) -> None:
    """Assert that a trace labels an observable as a trajectory file does."""
    trace = Trace(first_number=first)
    with Trajectory.create(tmp_path / "run.h5", observables={"first_number": first}) as writer:
        evolve(Still(), small_cloud(), Euler(0.5), until=1.0, observers=[Every(1, trace), writer])
    with Trajectory.open(tmp_path / "run.h5") as reader:
        assert trace.to_xarray()["first_number"].attrs == reader.observables.labels("first_number")


def test_a_frame_has_a_row_a_time_and_a_column_a_number() -> None:
    """Assert that arrays have a column for each entry, in order, and that types are kept."""
    found = frame(TIMES, STEPS, VALUES)
    assert list(found) == ["step", "time", "risk", "gram[0,0]", "gram[0,1]", "gram[1,0]", "gram[1,1]"]
    assert found["gram[1,0]"].tolist() == [2.0, 6.0] and found["step"].dtype == np.int64 and len(found) == 2


def test_an_empty_trace_has_empty_tables() -> None:
    """Assert that both tables of a trace without records have their columns and no rows."""
    trace = Trace(first_number=first)
    assert trace.to_xarray().sizes["time"] == len(trace.to_pandas()) == 0


@pytest.mark.parametrize("name", ["time", "step", "gram_component"])
def test_an_observable_with_a_name_that_is_taken_is_refused(name: str) -> None:
    """Assert that no column or axis hides another one."""
    values = {**VALUES, name: np.zeros(2)}
    with pytest.raises(ValueError, match=f"has, or needs, the name '{name}' of something else in the table"):
        dataset(TIMES, STEPS, values, {**WORDS, name: {}})
    if name != "gram_component":
        with pytest.raises(ValueError, match=f"the name '{name}' of something else in the table; record it under"):
            frame(TIMES, STEPS, values)


@pytest.mark.parametrize("library", ["xarray", "pandas"])
def test_a_missing_library_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without the library the sentence says how to install it."""
    monkeypatch.setitem(sys.modules, library, None)
    trace = Trace(first_number=first)
    with pytest.raises(ImportError, match=f"{library} is not installed, .* pip install {library}, or with the extra"):
        (trace.to_xarray if library == "xarray" else trace.to_pandas)()
