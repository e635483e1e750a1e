"""A whole study by the command line: planned, done, done again, with one run that fails."""

import re
import tomllib
from pathlib import Path

import pytest

from particles import Trajectory
from runs.collect import collect
from tests.house.source import ROOT
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_data, write_study


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
    assert one.drop_attrs(deep=False).identical(two.drop_attrs(deep=False))
    assert {**one.attrs, "title": "2 runs of 2"} == two.attrs


def test_one_failing_run_leaves_the_others(tmp_path: Path) -> None:
    """Assert that the exit code is 1, the sentence is told, and the rest is complete."""
    changes = {"masses": {"kind": "zipf", "count": 4, "alpha": 0.5}, "sweep": {"over": {"masses.alpha": [0.5, 3.0]}}}
    path = write_study(tmp_path, changes)
    code, said, told = spoken("run", str(path), "--out", str(tmp_path / "out"), "--workers", "0")
    assert code == 1 and "1 of 2 runs complete" in said
    assert "Zipf masses need alpha in (0, 1), but alpha is 3.0" in told
    (error,) = (tmp_path / "out").rglob("error.txt")
    assert "Zipf masses" in error.read_text()
    assert "Traceback" not in told
    code, _, told = spoken("run", str(path), "--out", str(tmp_path / "out"), "--workers", "0", "--verbose")
    assert code == 1 and "Traceback (most recent call last)" in told and "in zipf" in told
    code, said, told = spoken("-q", "run", str(path), "--out", str(tmp_path / "out"), "--workers", "0", "--no-page")
    assert code == 1 and "1 of 2 runs complete" in said and told.startswith("Failed: ") and told.count("\n") == 1
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


NEURON = """
from dataclasses import dataclass
from bump_of_the_study import bump
@dataclass(frozen=True)
class Neuron:
    dim: int = 3
    def feature(self, theta, x): return bump(((theta - x) ** 2).sum())
"""


def write_neuron(folder: Path, rate: int) -> None:
    """A user's neuron, whose formula lies in a module that its module imports."""
    (folder / "neuron_of_the_study.py").write_text(NEURON)
    (folder / "bump_of_the_study.py").write_text(f"import torch\ndef bump(z): return torch.exp(-{rate} * z)\n")


def risks(out: Path) -> list[float]:
    """The last risk of every run, in the order of seeds."""
    last: list[float] = collect(out)["risk"].isel(time=-1).values.tolist()
    return last


def test_changed_code_is_refused_or_done_again(tmp_path: Path) -> None:
    """Assert that finished runs of another formula are not complete, more seeds are not added to them, nothing is done
    where that is refused, and that all are of the new formula where it is asked for."""
    neuron = {"kind": "import", "path": "neuron_of_the_study:Neuron"}
    path, out = write_study(tmp_path, {"seeds": 2, "neuron": neuron}), tmp_path / "out"
    run = ("run", str(path), "--out", str(out), "--workers", "0")
    write_neuron(tmp_path, 1)
    assert spoken(*run)[0] == 0
    old, files = risks(out), {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    write_neuron(tmp_path, 2)
    for more in ((), ("--dry-run",), ("--set", "seeds=3"), ("--stale", "refuse")):
        code, said, told = spoken(*run, *more)
        assert code == 2 and said == "", more
        assert "bump_of_the_study.py has changed since 2 runs (" in told and "again with --stale redo." in told
        assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == files
    code, said, _ = spoken(*run, "--set", "seeds=3", "--stale", "redo", "--dry-run")
    assert code == 0 and "0 complete" in said and "have changed: 2 runs" in said
    code, said, _ = spoken(*run, "--set", "seeds=3", "--stale", "redo")
    assert code == 0 and "3 of 3 runs complete" in said
    new = risks(out)
    assert len(new) == 3 and not set(old) & set(new)
    assert "3 complete already" in spoken(*run, "--set", "seeds=3")[2]
    write_neuron(tmp_path, 1)
    assert spoken(*run, "--set", "seeds=3", "--stale", "redo")[0] == 0
    assert risks(out)[:2] == old


@pytest.mark.validation
def test_changed_data_are_refused_or_done_again_by_ensembles(tmp_path: Path) -> None:
    """Assert that runs evolved side by side are held to their data like single ones."""
    path, out = write_study(tmp_path, {"seeds": 3}), tmp_path / "out"
    run = ("run", str(path), "--out", str(out), "--workers", "0", "--ensemble", "4")
    assert spoken(*run)[0] == 0
    old = risks(out)
    write_data(tmp_path, seed=1)
    code, _, told = spoken(*run)
    assert code == 2 and "data.npz has changed since 3 runs (" in told
    assert spoken(*run, "--stale", "redo")[0] == 0
    assert not set(risks(out)) & set(old)
    assert spoken("run", str(path), "--out", str(tmp_path / "fresh"), "--workers", "0", "--ensemble", "4")[0] == 0
    assert risks(out) == risks(tmp_path / "fresh")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["study.toml", "--scale", "smoke"], "--scale is for a study by name"),
        (["asymmetric-scaling", "--dry-run"], "--dry-run is for a study file"),
        (["asymmetric-scaling", "--set", "a=1"], "--set is for a study file"),
        (["asymmetric-scaling", "--stale", "redo"], "--stale is for a study file"),
        (["nowhere.toml"], r"nowhere.toml cannot be read"),
    ],
)
def test_options_of_the_other_kind_are_refused(arguments: list[str], sentence: str) -> None:
    """Assert that nothing a user gives is passed over."""
    code, _, said = spoken("run", *arguments)
    assert code == 2 and sentence in said


def test_the_example_of_a_table_runs(tmp_path: Path) -> None:
    """Assert that the study of a CSV table beside it begins with three classes, and the page shows its [data]."""
    study = ROOT / "runs" / "examples" / "leaves.toml"
    code, said, _ = spoken(
        "run", str(study), "--out", str(tmp_path), "--workers", "0", "--set", "until=1", "--set", "seeds=1"
    )
    assert code == 0 and "1 of 1 runs complete" in said
    (file,) = tmp_path.rglob("run.h5")
    with Trajectory.open(file) as trajectory:
        data = trajectory.data
    assert (data.count, data.classes, data.input_names) == (60, ("ash", "elm", "oak"), ("length [cm]", "width [cm]"))
    page = (ROOT / "runs" / "STUDY_FILES.md").read_text(encoding="utf-8").split("```toml\n")[2].split("```")[0]
    shown, held = (tomllib.loads(text)["data"] for text in (page, study.read_text(encoding="utf-8")))
    assert shown == held


def test_the_example_of_a_deep_network_runs(tmp_path: Path) -> None:
    """Assert that it is zero at the start and trained by Adam, that widths are told apart, and the page shows it."""
    study = ROOT / "runs" / "examples" / "deep.toml"
    short = ["--set", "until=0.2", "--set", "seeds=1"]
    code, said, _ = spoken("run", str(study), "--out", str(tmp_path), "--workers", "0", *short)
    assert code == 0 and "2 of 2 runs complete" in said and re.search(r"width .*\n.*\n +32 .*\n +128 ", said)
    for file in tmp_path.rglob("run.h5"):
        with Trajectory.open(file) as trajectory:
            series = trajectory.observables
            assert trajectory[0].count == 2 and series["margin"].values[0] == 0.0
            assert series["risk"].values[-1] < 0.8 * series["risk"].values[0]
            assert series["first"].values[0] == 0.0 < series["first"].values[-1]
    assert collect(tmp_path)["width"].values.tolist() == [32, 128]
    code, _, progress = spoken("check", str(file))
    assert code == 2 and "but theorems are known for a GaussianLaw only: check a run of perceptrons." in progress
    code, said, _ = spoken("plot", str(file), "--time", "0", "--out", str(tmp_path / "plots"))
    assert code == 0 and "run-features.png" in said
    page = (ROOT / "runs" / "STUDY_FILES.md").read_text(encoding="utf-8").split("```toml\n")[3].split("```")[0]
    shown, held = (tomllib.loads(text)["neuron"] for text in (page, study.read_text(encoding="utf-8")))
    assert shown == held


def test_the_example_of_a_map_runs(tmp_path: Path) -> None:
    """Assert that alpha and the number of particles are varied, that both distances fall with alpha, and the map."""
    study = ROOT / "runs" / "examples" / "regimes.toml"
    few = ("until=1", "seeds=1", 'sweep.over."masses.count"=[4, 8]', 'sweep.over."scaling.scale"=[1.0, 8.0]')
    short = [word for setting in few for word in ("--set", setting)]
    code, said, _ = spoken("run", str(study), "--out", str(tmp_path), "--ensemble", "4", "--workers", "0", *short)
    assert code == 0 and "4 of 4 runs complete" in said and f"figure: {tmp_path / 'map.png'}" in said
    found = collect(tmp_path)
    assert found["count"].values.tolist() == [4, 8] and found["scale"].values.tolist() == [1.0, 8.0]
    moved = found["movement"].values[..., -1].reshape(2, 2)
    assert (moved[:, 1] < 0.2 * moved[:, 0]).all() and (moved > 0.0).all()


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
