"""A whole study by the command line: planned, done, done again, with one run that fails."""

from pathlib import Path

import pytest

from particles import Trajectory
from runs.collect import collect
from tests.house.source import ROOT
from tests.runs.conftest import spoken
from tests.runs.studyfile.studies import write_study


def test_a_sweep_is_done_skipped_and_collected(tmp_path: Path) -> None:
    """Assert that all runs are there, the second time nothing is written, and the dataset has the sweep's axes."""
    path = write_study(tmp_path, {"seeds": 2, "sweep": {"over": {"masses.count": [4, 6]}}})
    out = tmp_path / "out"
    code, said, _ = spoken("run", str(path), "--out", str(out), "--workers", "0")
    assert code == 0 and f"4 of 4 runs complete in {out}" in said
    before = {file: file.stat().st_mtime_ns for file in out.rglob("run.h5")}
    code, _, progress = spoken("run", str(path), "--out", str(out))
    assert code == 0 and "4 complete already" in progress
    assert before == {file: file.stat().st_mtime_ns for file in out.rglob("run.h5")}
    found = collect(out)
    assert dict(found["risk"].sizes) == {"count": 2, "seed": 2, "time": 5}


def test_two_workers_write_the_same_files(tmp_path: Path) -> None:
    """Assert that processes of their own give the datasets of a run in this process."""
    path = write_study(tmp_path, {"seeds": 2})
    for workers in (0, 2):
        assert spoken("run", str(path), "--out", str(tmp_path / str(workers)), "--workers", str(workers))[0] == 0
    one, two = (collect(tmp_path / name) for name in ("0", "2"))
    assert one.identical(two)


def test_one_failing_run_leaves_the_others(tmp_path: Path) -> None:
    """Assert that the exit code is 1, the sentence is told, and the rest is complete."""
    changes = {"masses": {"kind": "zipf", "count": 4, "alpha": 0.5}, "sweep": {"over": {"masses.alpha": [0.5, 3.0]}}}
    path = write_study(tmp_path, changes)
    code, said, told = spoken("run", str(path), "--out", str(tmp_path / "out"), "--workers", "0")
    assert code == 1 and "1 of 2 runs complete" in said
    assert "Zipf masses need alpha in (0, 1), but alpha is 3.0" in told
    (error,) = (tmp_path / "out").rglob("error.txt")
    assert "Zipf masses" in error.read_text()
    code, said, _ = spoken("run", str(path), "--out", str(tmp_path / "out"), "--dry-run")
    assert code == 1 and "1 complete" in said and "cannot begin" in said


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    """Assert that the plan is printed and there is no folder."""
    code, said, _ = spoken("run", str(write_study(tmp_path)), "--out", str(tmp_path / "out"), "--dry-run")
    assert code == 0 and said.startswith("1 runs in") and not (tmp_path / "out").exists()


def test_nothing_is_written_where_nobody_does_the_runs(tmp_path: Path) -> None:
    """Assert that a scheduler that is refused leaves no folder."""
    out = tmp_path / "out"
    code, _, _ = spoken("run", str(write_study(tmp_path)), "--out", str(out), "--scheduler", "nonsense")
    assert code == 2 and not out.exists()


@pytest.mark.parametrize("name", ["STUDY.TOML", "Study.Toml"])
def test_a_file_s_ending_may_be_written_large(tmp_path: Path, name: str) -> None:
    """Assert that a study file is one by its ending, in letters of any size."""
    path = write_study(tmp_path).rename(tmp_path / name)
    code, said, _ = spoken("run", str(path), "--dry-run")
    assert code == 0 and said.startswith(f"1 runs in {Path('results') / path.stem}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["study.toml", "--scale", "smoke"], "--scale is for a study by name"),
        (["asymmetric-scaling", "--dry-run"], "--dry-run is for a study file"),
        (["asymmetric-scaling", "--set", "a=1"], "--set is for a study file"),
        (["nowhere.toml"], r"nowhere.toml cannot be read"),
    ],
)
def test_options_of_the_other_kind_are_refused(arguments: list[str], sentence: str) -> None:
    """Assert that nothing a user gives is passed over."""
    code, _, said = spoken("run", *arguments)
    assert code == 2 and sentence in said


def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    """Assert that the file printed in STUDY_FILES.md is done as it stands."""
    page = (ROOT / "runs" / "STUDY_FILES.md").read_text(encoding="utf-8")
    path = tmp_path / "widths.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    code, said, _ = spoken("run", str(path), "--out", str(tmp_path / "out"), "--workers", "0")
    assert code == 0 and "4 of 4 runs complete" in said
    found = collect(tmp_path / "out")
    assert found["gamma"].values.tolist() == [0.2, 1.0] and found["time"].size == 13
    (file, *_) = sorted((tmp_path / "out").rglob("run.h5"))
    with Trajectory.open(file) as trajectory:
        assert trajectory.times.tolist() == [0.0, 5.0, 10.0]
