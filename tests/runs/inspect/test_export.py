"""Exports: every number of the trajectory, read back by the library of the format."""

import csv
import json
import os
from pathlib import Path

import h5py
import MDAnalysis
import numpy as np
import pytest
import xarray

from particles import Trajectory
from runs.inspect.export import export
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import TIMES, position, recorded, risk
from tests.runs.study.smoke import spoken

POSITIONS = np.stack([position(step).numpy() for step in range(len(TIMES))])
RISKS = [risk(step, 1.0, 0) for step in range(len(TIMES))]


def test_npz_holds_every_array_without_pickle(tmp_path: Path) -> None:
    """Assert that numpy reads positions, times, masses, records and parameters with pickling forbidden."""
    found = np.load(export(recorded(tmp_path / "a.h5"), "npz"), allow_pickle=False)
    np.testing.assert_array_equal(found["position"], POSITIONS)
    assert found["time"].tolist() == list(TIMES) and found["step"].tolist() == [0, 1, 2, 3]
    assert found["mass"].tolist() == [0.5, 0.25, 0.25]
    assert found["observables/risk/value"].tolist() == RISKS
    assert found["observables/mean/time"].tolist() == list(TIMES)
    assert json.loads(str(found["parameters"]))["config"]["rate"] == 1.0


def test_moving_masses_are_exported_frame_by_frame(tmp_path: Path) -> None:
    """Assert that masses which move are [frames, particles]."""
    found = np.load(export(recorded(tmp_path / "a.h5", moving_masses=True), "npz"))
    assert found["mass"].argmax(axis=1).tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize(("moving", "dimensions"), [(False, ("particle",)), (True, ("frame", "particle"))])
def test_netcdf_has_named_dimensions(tmp_path: Path, moving: bool, dimensions: tuple[str, ...], engine: str) -> None:
    """Assert that xarray reads positions, masses, records with their times, and the parameters."""
    path = export(recorded(tmp_path / "a.h5", moving_masses=moving), "netcdf")
    with xarray.open_dataset(path, engine=engine) as found:
        np.testing.assert_array_equal(found["position"], POSITIONS)
        assert found["position"].dims == ("frame", "particle", "coordinate")
        assert found["mass"].dims == dimensions
        assert found["risk"].values.tolist() == RISKS
        assert found["risk_time"].values.tolist() == list(TIMES)
        assert found["mean"].dims == ("mean_record", "mean_component")
        assert json.loads(found.attrs["parameters"])["seed"] == 0
        assert json.loads(found.attrs["provenance"])["libraries"]["torch"]


def test_csv_has_a_line_per_time_and_a_column_per_number(tmp_path: Path) -> None:
    """Assert that values come back bit for bit, arrays as columns with indices, missing ones as empty cells."""
    file = recorded(tmp_path / "a.h5")
    with Trajectory.append(file) as writer:
        writer.trace(late=lambda cloud: 7.0)(4, 3.0, writer.last[2])
    with export(file, "csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == ["step", "time", "risk", "mean[0]", "mean[1]", "late"]
    assert [float(row["risk"]) for row in rows[:4]] == RISKS
    assert [float(row["mean[1]"]) for row in rows[:4]] == POSITIONS[:, :, 1].mean(axis=1).tolist()
    assert [row["late"] for row in rows] == ["", "", "", "", "7.0"] and rows[-1]["risk"] == ""


@pytest.mark.parametrize(
    ("dim", "columns"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (6, [0, 1, 2]), (6, [5, 0, 3]), (6, [4])]
)
def test_mdanalysis_reads_every_frame(tmp_path: Path, dim: int, columns: list[int]) -> None:
    """Assert that MDAnalysis finds the chosen coordinates, zeros for missing ones, steps, times and observables."""
    default = columns == list(range(min(dim, 3)))
    option = () if default else ("--coordinates", ",".join(map(str, columns)))
    code, out, _ = spoken("export", str(recorded(tmp_path / "a.h5", dim=dim)), "--to", "mdanalysis", *option)
    assert code == 0 and out.strip() == str(tmp_path / "a.h5md")
    with h5py.File(tmp_path / "a.h5md", "r") as file:
        masses = file["particles/trajectory/mass"][:]
        assert json.loads(file["parameters/parameters"].asstr()[()])["config"]["rate"] == 1.0
        assert file["parameters/coordinates"][:].tolist() == columns
    universe = MDAnalysis.Universe.empty(len(masses))
    universe.add_TopologyAttr("masses", masses)
    universe.load_new(str(tmp_path / "a.h5md"), convert_units=False)
    assert universe.atoms.masses.tolist() == [0.5, 0.25, 0.25]
    assert len(universe.trajectory) == len(TIMES) and universe.trajectory.units["length"] is None
    for number, frame in enumerate(universe.trajectory):
        expected = np.zeros((3, 3))
        expected[:, : len(columns)] = position(number, dim=dim).numpy()[:, columns]
        np.testing.assert_array_equal(frame.positions, expected)
        assert (frame.time, frame.data["step"], frame.data["risk"]) == (TIMES[number], number, RISKS[number])
        assert frame.dimensions is None
        np.testing.assert_array_equal(universe.atoms.center_of_mass(), masses @ expected)
    universe.trajectory.close()


@pytest.mark.parametrize("coordinates", ["0,0", "6", "0,1,2,3", "-1", "one", ""])
def test_coordinates_that_are_not_there_are_refused(tmp_path: Path, coordinates: str) -> None:
    """Assert that doubled, missing, too many and unreadable numbers are one sentence, and nothing is written."""
    file = str(recorded(tmp_path / "a.h5", dim=6))
    code, _, said = spoken("export", file, "--to", "mdanalysis", f"--coordinates={coordinates}")
    assert code == 2 and "oordinates" in said and "write" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_coordinates_are_for_mdanalysis_alone(tmp_path: Path) -> None:
    """Assert that another format refuses the option, and a file without frames is refused."""
    with pytest.raises(Refusal, match="Coordinates are chosen for mdanalysis alone, npz has all of them"):
        export(recorded(tmp_path / "a.h5"), "npz", coordinates=[0])
    with pytest.raises(Refusal, match="has no frame, and MDAnalysis reads nothing else"):
        export(recorded(tmp_path / "b.h5", times=()), "mdanalysis")


def test_command_says_where_and_overwrites_nothing(tmp_path: Path) -> None:
    """Assert that the path is printed, a second call is refused, and an unknown format gets a suggestion."""
    file = recorded(tmp_path / "a.h5")
    assert spoken("export", str(file), "--to", "csv") == (0, f"  {tmp_path / 'a.csv'}\n", "")
    code, _, said = spoken("export", str(file), "--to", "csv")
    assert code == 2 and "a.csv exists already and is not overwritten" in said
    code, _, said = spoken("export", str(file), "--to", "netcfd")
    assert code == 2 and "did you mean 'netcdf'?" in said


@pytest.mark.parametrize("to", ["csv", "npz", "netcdf", "mdanalysis"])
def test_places_that_cannot_be_written_are_one_sentence(tmp_path: Path, to: str) -> None:
    """Assert that a missing folder is named, for each format."""
    with pytest.raises(Refusal, match="cannot be written"):
        export(recorded(tmp_path / "a.h5"), to, tmp_path / "nowhere" / "a.out")


def test_csv_of_particles_alone_is_refused(tmp_path: Path) -> None:
    """Assert that a file without observables is not made an empty table."""
    with Trajectory.create(tmp_path / "a.h5"):
        pass
    with pytest.raises(Refusal, match="no observable, and CSV holds nothing else"):
        export(tmp_path / "a.h5", "csv")


@pytest.mark.parametrize("name", ["time", "position", "step", "mean_time", "mean_record", "frame"])
def test_observables_of_taken_names_are_refused_by_netcdf(tmp_path: Path, name: str) -> None:
    """Assert that one named as what netCDF has already is told, nothing is left, and npz has it."""
    file = recorded(tmp_path / "a.h5")
    with h5py.File(file, "r+") as held:
        held["observables"].move("risk", name)
    with pytest.raises(Refusal, match=f"The observable '(mean|{name})' has, or needs, the name '{name}'"):
        export(file, "netcdf", tmp_path / "a.nc")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.h5"]
    found = np.load(export(file, "npz"))
    assert found[f"observables/{name}/value"].tolist() == RISKS


def test_a_pipe_beside_the_file_is_not_written_to(tmp_path: Path) -> None:
    """Assert that a pipe under the passing name is told and not waited for."""
    os.mkfifo(tmp_path / "a.npz.part")
    with pytest.raises(Refusal, match="cannot be written .a pipe or a device.: name another file"):
        export(recorded(tmp_path / "a.h5"), "npz")
