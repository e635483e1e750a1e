"""The commands on trajectory files: their JSON, several files at once, and that nothing is overwritten."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest

from limits.theorems import Result, every_theorem
from runs.inspect import theorem_check
from runs.inspect.distance import Comparison, frame_distances
from tests.runs.inspect.recorded import TIMES, recorded, risk
from tests.runs.study.smoke import Smoke, spoken


def told(*words: str) -> tuple[int, Any, str]:
    """Exit code, what the JSON on standard output is read as, and standard error."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    code, out, err = spoken(*words)
    return code, json.loads(out, parse_constant=refuse), err


def test_info_as_json_has_what_the_file_holds(tmp_path: Path) -> None:
    """Assert that every key is there with the file's own numbers, an array of no last value, and NaN as null."""
    file = recorded(tmp_path / "a.h5", dim=3)
    with h5py.File(file, "r+") as held:
        held["observables/risk/value"][-1] = math.nan
    code, (found,), err = told("info", str(file), "--json")
    assert (code, err) == (0, "")
    assert list(found) == [
        *("file", "complete", "title", "frames", "particles", "observables", "parameters", "provenance"),
    ]
    assert found["file"] == str(file) and found["complete"] is True
    assert found["frames"] == {"count": 4, "first_step": 0, "last_step": 3, "first_time": 0.0, "last_time": 2.0}
    assert found["particles"] == {"count": 3, "dim": 3, "dtype": "float64", "heaviest_mass": 0.5}
    assert found["observables"]["risk"] == {"records": 4, "shape": [], "last": None, "last_time": 2.0}
    assert found["observables"]["mean"] == {"records": 4, "shape": [3]}
    assert found["parameters"]["config"]["width"] == 3 and found["provenance"]["version"]


def test_info_of_several_files_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    """Assert that each good file is told, a bad one by a sentence, and that the exit code is the bad one's."""
    files = [str(recorded(tmp_path / f"{seed}.h5", seed=seed)) for seed in (0, 1)]
    bad = str(tmp_path / "none.h5")
    code, out, err = spoken("info", files[0], bad, files[1])
    assert code == 2 and err == f"meanfield: There is no file {bad}; check the name, or create it first.\n"
    alone = [spoken("info", file)[1] for file in files]
    assert out == f"{alone[0]}\n\n{alone[1]}"
    code, found, again = told("info", files[0], bad, files[1], "--json")
    assert code == 2 and again == err
    assert found[1] == {"file": bad, "error": f"There is no file {bad}; check the name, or create it first."}
    assert [one["observables"]["risk"]["last"] for one in found[::2]] == [risk(3, 1.0, 0), risk(3, 1.0, 1)]


@pytest.fixture
def two_theorems(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second theorem and the last one, whose assumption fails, are told alone."""

    def two(*given: Any, **more: Any) -> tuple[Result, ...]:
        results = every_theorem(*given, **more)
        return results[1], results[-1]

    monkeypatch.setattr(theorem_check, "every_theorem", two)


def test_check_of_several_files_ends_with_the_worst(
    smoke: Smoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_theorems: None
) -> None:
    """Assert that a file that cannot be checked does not stop the others, and that a violation outweighs it."""
    good, bad = str(smoke.folder / "gamma1.0-seed0.h5"), str(recorded(tmp_path / "a.h5"))
    why = f"{bad}: Unknown key of the study 'rate'"
    code, found, err = told("check", bad, good, "--seeds", "2", "--json")
    assert code == 2 and err.startswith(f"meanfield: {why}")
    assert found[0]["error"].startswith(why)
    assert found[1]["file"] == good and found[1]["violated"] is False
    (theorem, _) = found[1]["theorems"]
    assert theorem["verdict"] == "holds" and theorem["stated"] > theorem["measured"]
    assert theorem["margin"] == pytest.approx((theorem["stated"] - theorem["measured"]) / theorem["stated"])
    code, out, _ = spoken("check", bad, good, "--seeds", "2")
    assert code == 2 and out.splitlines()[0] == good and "holds" in out
    monkeypatch.setattr("runs.inspect.theorem_check.is_violated", lambda results: True)
    assert spoken("check", good, bad, "--seeds", "2")[0] == 3
    assert spoken("check", good, "--seeds", "2", "--quiet")[1].count("margin:") == 0


@pytest.mark.parametrize("width", ["60", "80"])
def test_check_uses_the_whole_of_short_lines(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch, width: str, two_theorems: None
) -> None:
    """Assert that statements are not squeezed into a column: each stands on lines as long as the terminal's."""
    monkeypatch.setenv("COLUMNS", width)
    code, out, _ = spoken("check", str(smoke.folder / "gamma1.0-seed0.h5"), "--seeds", "2")
    assert code == 0 and all(len(line) <= int(width) for line in out.splitlines())
    assert "  |w_tj - w_0j| <= c_j sqrt(2 R_0) (1 - exp(-k t)) / k" in [line.rstrip() for line in out.splitlines()]


def test_distance_as_json_is_that_of_the_library(tmp_path: Path) -> None:
    """Assert that all digits come out, that the figure is named, and that it is not drawn twice unless forced."""
    file = recorded(tmp_path / "a.h5")
    code, found, err = told("distance", str(file), "--to", "end", "--json")
    assert (code, err) == (0, "")
    figure = tmp_path / "a-distance.png"
    assert found["figure"] == str(figure) and figure.exists()
    assert (found["file"], found["other"], found["to"], found["parts"]) == (str(file), None, "end", "all")
    exact = [float(one.found.distance) for one in frame_distances(Comparison(file, None, "end"))]
    assert [frame["distance"] for frame in found["frames"]] == exact
    assert [frame["time"] for frame in found["frames"]] == list(TIMES)
    assert all(frame["exact"] and frame["at_least"] <= frame["distance"] for frame in found["frames"])
    before = figure.read_bytes()
    code, out, err = spoken("distance", str(file))
    assert (code, out) == (2, "") and "a-distance.png exists already and is not overwritten: give --force" in err
    assert figure.read_bytes() == before
    assert spoken("distance", str(file), "--force")[0] == 0
    code, found, _ = told("distance", str(file), "--no-figure", "--json")
    assert code == 0 and found["figure"] is None


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("b.pdf", b"%PDF"), ("c.SVG", b"<?xml")])
def test_distance_is_drawn_as_its_name_says(tmp_path: Path, name: str, start: bytes) -> None:
    """Assert that the figure has the format of its name, with either axis, and that --figure is still understood."""
    file, figure = str(recorded(tmp_path / "run.h5")), tmp_path / name
    assert spoken("distance", file, "--out", str(figure), "--linear-time", "--log")[0] == 0
    assert figure.read_bytes().startswith(start)
    assert spoken("distance", file, "--figure", str(figure), "--force")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "run.h5"])


def test_export_overwrites_where_it_is_forced(tmp_path: Path) -> None:
    """Assert that --force replaces what is there, which nothing else does."""
    file, target = recorded(tmp_path / "a.h5"), tmp_path / "a.csv"
    target.write_text("mine")
    code, _, err = spoken("export", str(file), "--to", "csv")
    assert code == 2 and "give --force, name another with --out" in err and target.read_text() == "mine"
    assert spoken("export", str(file), "--to", "csv", "--force")[0] == 0
    assert target.read_text().startswith("step,time")


def test_numbers_of_the_smoke_study_are_found_by_others(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that claims of a study are JSON too, with its violated theorems and empty cells as null."""
    folder = Path(shutil.copytree(smoke.folder, tmp_path / "copy"))
    code, found, err = told("claims", str(folder), "--json")
    assert (code, err) == (0, "")
    assert found["folder"] == str(folder) and found["violated"] is False
    assert {"experiment", "statement", "verdict", "margin", "assumptions"} <= set(found["claims"][0])
    assert found["claims"][0]["experiment"] == "E0.1"
