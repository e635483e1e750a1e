"""A folder of runs as one labelled dataset."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray

from particles import Trajectory
from runs.collect import collect
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import TIMES, recorded, risk
from tests.runs.study.smoke import Smoke


def test_every_record_stands_at_its_parameters(tmp_path: Path) -> None:
    """Assert that the dataset has the sweep's parameters and the time as dimensions, and every value at its place."""
    for rate in (2.0, 1.0):
        for seed in (0, 1, 2):
            recorded(tmp_path / f"{rate}" / f"{seed}.h5", rate=rate, seed=seed)
    found = collect(tmp_path)
    assert found["risk"].dims == ("rate", "seed", "time")
    assert found["mean"].dims == ("rate", "seed", "time", "mean_component")
    assert found["time"].values.tolist() == list(TIMES)
    for rate in (1.0, 2.0):
        for seed in (0, 1, 2):
            here = found.sel(rate=rate, seed=seed)
            assert here["risk"].values.tolist() == [risk(step, rate, seed) for step in range(4)]
            assert str(here["file"].values) == f"{rate}/{seed}.h5"
    assert json.loads(found.attrs["parameters"]) == {"config.width": 3}


def test_no_parameter_is_lost_on_the_way_to_netcdf(tmp_path: Path) -> None:
    """Assert that what repeats, text, truth values and None are coordinates of the dataset, and of its file."""
    rows = (("relu", True, None, 5), ("tanh", False, 0.5, 10), ("relu", False, 0.5, 5))
    for number, (kind, flag, alpha, count) in enumerate(rows):
        own = {"kind": kind, "flag": flag, "alpha": alpha, "masses": {"count": count}, "values": [number % 2]}
        recorded(tmp_path / f"{number}.h5", rate=1.0 + number, **own)
    collect(tmp_path).to_netcdf(tmp_path / "all.nc", engine="h5netcdf")
    found = xarray.load_dataset(tmp_path / "all.nc", engine="h5netcdf")
    assert dict(found["risk"].sizes) == {"rate": 3, "time": 4}
    for number, (kind, flag, alpha, count) in enumerate(rows):
        here = found.sel(rate=1.0 + number)
        assert (str(here["kind"].values), bool(here["flag"]), int(here["count"])) == (kind, flag, count)
        np.testing.assert_array_equal(here["alpha"], np.nan if alpha is None else alpha)
        assert str(here["values"].values) == f"[{number % 2}]"


def test_unfinished_runs_are_named_and_left_out(tmp_path: Path) -> None:
    """Assert that a run without the mark of completion leaves NaN at its place and its name in the attributes."""
    for rate, seed in ((1.0, 0), (1.0, 1), (2.0, 0)):
        recorded(tmp_path / f"{rate}-{seed}.h5", rate=rate, seed=seed)
    recorded(tmp_path / "late.h5", rate=2.0, seed=1, complete=False)
    found = collect(tmp_path)
    assert json.loads(found.attrs["unfinished"]) == ["late.h5"]
    assert bool(found["risk"].sel(rate=2.0, seed=1).isnull().all())
    assert int(found["risk"].isnull().sum()) == len(TIMES)


def test_runs_with_other_times_keep_them(tmp_path: Path) -> None:
    """Assert that records of different times and numbers are padded, and the times stand beside them."""
    recorded(tmp_path / "a.h5", seed=0, times=(0.0, 1.0))
    recorded(tmp_path / "b.h5", seed=1, times=(0.0, 0.3, 0.9))
    found = collect(tmp_path)
    assert found["risk"].dims == ("seed", "risk_record")
    np.testing.assert_array_equal(found["risk_time"], [[0.0, 1.0, np.nan], [0.0, 0.3, 0.9]])
    assert found["risk"].isnull().values.tolist() == [[False, False, True], [False, False, False]]


def test_one_file_is_a_dataset_without_parameters(tmp_path: Path) -> None:
    """Assert that a single run has the dimension time alone."""
    recorded(tmp_path / "a.h5")
    assert collect(tmp_path)["risk"].dims == ("time",)


def test_a_study_opens_by_its_setting_and_seed(smoke: Smoke) -> None:
    """Assert that a folder of the main job gives gamma as dimension, its alpha and name along it."""
    found = collect(smoke.folder)
    assert found["gamma"].values.tolist() == [0.0, 0.2, 0.5, 1.0]
    assert found["name"].values.tolist() == ["gamma0.0", "gamma0.2", "gamma0.5", "gamma1.0"]
    with Trajectory.open(smoke.folder / "gamma0.2-seed0.h5") as trajectory:
        expected = trajectory.observables["largest_movement"].values
    np.testing.assert_array_equal(found["largest_movement"].sel(gamma=0.2), expected)


def test_other_shapes_of_one_observable_are_refused(tmp_path: Path) -> None:
    """Assert that runs in two and in three dimensions are not put into one array."""
    recorded(tmp_path / "a.h5", seed=0, dim=2)
    recorded(tmp_path / "b.h5", seed=1, dim=3)
    with pytest.raises(Refusal, match="The observable mean has other shapes in other runs"):
        collect(tmp_path)


def test_runs_of_other_data_or_code_are_never_mixed(tmp_path: Path) -> None:
    """Assert that a file of another checksum is refused with its name and two runs; equal ones are attributes."""
    for seed in (0, 1):
        recorded(tmp_path / f"{seed}.h5", seed=seed, sources={"mine.py": "aa", "data.npz": "bb"})
    recorded(tmp_path / "no_study.h5", seed=2)
    found = collect(tmp_path)
    assert found["risk"].dims == ("seed", "time") and "sources" not in json.loads(found.attrs["parameters"])
    assert json.loads(found.attrs["sources"]) == {"mine.py": "aa", "data.npz": "bb"}
    recorded(tmp_path / "3.h5", seed=3, sources={"mine.py": "cc", "data.npz": "bb"})
    sentence = (
        r"made of 2 different files mine\.py \(0\.h5 and 3\.h5 for example\): do the older ones again .*--stale redo"
    )
    with pytest.raises(Refusal, match=sentence):
        collect(tmp_path)


def test_folders_without_a_finished_run_are_refused(tmp_path: Path) -> None:
    """Assert that no folder, an empty one and one with unfinished runs are one sentence each."""
    with pytest.raises(Refusal, match="nowhere is not a folder"):
        collect(tmp_path / "nowhere")
    recorded(tmp_path / "a.h5", complete=False)
    with pytest.raises(Refusal, match=r"holds no finished run \(1 unfinished\)"):
        collect(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """Assert that what cannot be read is not passed over."""
    recorded(tmp_path / "a.h5")
    (tmp_path / "b.h5").write_text("no HDF5")
    with pytest.raises(Refusal, match=r"b\.h5 is not an HDF5 file"):
        collect(tmp_path)


def test_without_xarray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a missing library is a sentence that says what to install."""
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(Refusal, match=r"pip install -e '\.\[xarray\]' in the clone"):
        collect(tmp_path)
