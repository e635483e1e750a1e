"""The main job end to end: what it writes, what it finds, and what a second call does."""

import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from rich.console import Console

from particles import FlowDiverged, Trajectory
from runs.studies import asymmetric_scaling
from runs.studies.asymmetric_scaling.config import SETTINGS
from runs.studies.asymmetric_scaling.experiments import scalings
from runs.studies.asymmetric_scaling.run import Run
from runs.studies.asymmetric_scaling.study import STUDY, problem_of
from runs.study.running import run_study
from runs.study.table import Table
from runs.system.refusal import Refusal
from tests.runs.studies.asymmetric_scaling.test_training import assert_same_bits
from tests.runs.study.smoke import Smoke, committed, spoken

NAMES = [f"{setting.name}-seed0.h5" for setting in SETTINGS]
OBSERVED = (
    "train_risk",
    "test_risk",
    "largest_movement",
    "gram_change",
    "smallest_eigenvalue",
    "mass_weighted_movement",
)
REUSED = ("pruned_train_risk", "pruned_test_risk", "transfer_risk")
FIGURES = ("curves.png", "particles.png", *(f"{name}.png" for name in (*OBSERVED, *REUSED)))
SMALL = ("--count", "60", "--steps", "40", "--rows", "20", "--gram-points", "5", "--transfer-steps", "20")
COMMAND = [sys.executable, "-m", "runs", "run", "asymmetric-scaling"]


def end_values(folder: Path, name: str) -> list[float]:
    """A quantity of the table, from gamma = 1 to gamma = 0."""
    table = Table.read(folder / "result.csv")
    return [float(table.at("E0.1", name, setting.name).last[0]) for setting in SETTINGS]


def stamps(folder: Path) -> dict[str, int]:
    """When each file but the configuration was last written."""
    return {
        path.name: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("config.json", ".lock")
    }


def quiet() -> Console:
    """A console that keeps what it is told."""
    return Console(file=io.StringIO(), width=200)


def test_smoke_study_writes_everything(smoke: Smoke) -> None:
    """Assert that the command ends well with four complete runs, a table, its figures and its configuration."""
    assert smoke.code == 0
    names = {path.name for path in smoke.folder.iterdir()} - {".lock"}
    written = {"result.csv", "claims.csv", "report.html", "provenance.json"}
    assert names == {*NAMES, *written, *FIGURES, "config.json", "cases"}
    for name in NAMES:
        with Trajectory.open(smoke.folder / name) as trajectory:
            assert trajectory.is_complete
    for name in FIGURES:
        assert (smoke.folder / name).read_bytes().startswith(b"\x89PNG")
    config = json.loads((smoke.folder / "config.json").read_text())
    assert config["study"] == "asymmetric-scaling" and config["steps"] == 500 and len(config["data_checksum"]) == 64


def test_smoke_study_says_what_it_found_and_where(smoke: Smoke) -> None:
    """Assert that the table and the paths of the figures go to standard output, the rest to standard error."""
    assert "Four node scalings: diabetes, m = 400, n = 100, 500 gradient steps" in smoke.said
    for name in ("result.csv", *FIGURES):
        assert f"{smoke.folder / name}\n" in smoke.said
    assert smoke.progress.startswith("asymmetric-scaling on diabetes, scale smoke: 4 cases in")


@pytest.mark.parametrize("name", ["mass_weighted_movement", "gram_change"])
def test_mass_and_kernel_move_more_as_gamma_falls(smoke: Smoke, name: str) -> None:
    """Assert that the value grows strictly from gamma = 1 to gamma = 0, and at least threefold altogether."""
    values = end_values(smoke.folder, name)
    assert all(before < after for before, after in itertools.pairwise(values))
    assert values[3] > 3.0 * values[0]


def test_particles_stand_still_only_with_equal_masses(smoke: Smoke) -> None:
    """Assert that the most moved particle of every setting with gamma < 1 goes over twice as far as with gamma = 1."""
    values = end_values(smoke.folder, "largest_movement")
    assert min(values[1:]) > 2.0 * values[0]


def test_smallest_eigenvalue_falls_with_gamma(smoke: Smoke) -> None:
    """Assert that it is positive and falls strictly from gamma = 1 to gamma = 0."""
    values = end_values(smoke.folder, "smallest_eigenvalue")
    assert all(before > after > 0.0 for before, after in itertools.pairwise(values))


def test_train_risk_falls_monotonically(smoke: Smoke) -> None:
    """Assert that every record of the train risk is below the one before, in every setting."""
    for name in NAMES:
        with Trajectory.open(smoke.folder / name) as trajectory:
            risks = trajectory.observables["train_risk"].values
        assert all(before > after for before, after in itertools.pairwise(risks))


def test_equal_masses_lose_most_by_pruning(smoke: Smoke) -> None:
    """Assert that without 95 % of the particles the train risk grows little for gamma = 0, most for gamma = 1."""
    whole, pruned = end_values(smoke.folder, "train_risk"), end_values(smoke.folder, "pruned_train_risk")
    ratios = [after / before for before, after in zip(whole, pruned, strict=True)]
    assert ratios[0] > 2.0 * ratios[3] and ratios[3] < 1.5


def test_options_reach_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that integrator, rate and the conventions of the published code are handed on, whatever their order."""
    seen = []

    def kept(study: object, config: object, *, only: object, console: Console) -> Table:
        seen.append((config, only))
        return Table()

    monkeypatch.setattr("runs.study.command.run_study", kept)
    options = ("--integrator", "adaptive", "--scale", "smoke", "--code-conventions", "--rate", "0.5")
    assert spoken("run", "asymmetric-scaling", "widths", *options, "--out", str(tmp_path), "--workers", "2")[0] == 0
    assert spoken("run", "asymmetric-scaling", "--scale", "smoke", "--out", str(tmp_path))[0] == 0
    (config, only), (other, usual) = seen
    assert (config.integrator, config.shifted_masses, config.variance, config.rate) == ("adaptive", True, 2.0, 0.5)
    assert (only, usual, config.workers) == (["widths"], ("E0.1",), 2)
    assert (other.integrator, other.shifted_masses, other.variance, other.rate) == ("descent", False, 1.0, 1.0)


def test_second_call_redoes_nothing(smoke: Smoke) -> None:
    """Assert that the same command again says so, shows the same table and touches no file."""
    before = stamps(smoke.folder)
    code, said, progress = spoken("run", "asymmetric-scaling", "--scale", "smoke", "--out", str(smoke.folder))
    assert code == 0 and said == smoke.said
    assert "Already complete and not redone: all of them." in progress
    assert stamps(smoke.folder) == before


def test_other_configuration_in_the_same_folder_is_refused(smoke: Smoke) -> None:
    """Assert that other data are refused with the difference, exit code 2 and no file touched."""
    before = stamps(smoke.folder)
    command = ("run", "asymmetric-scaling", "--scale", "smoke", "--data", "simulated", "--out", str(smoke.folder))
    code, _, err = spoken(*command)
    assert code == 2 and stamps(smoke.folder) == before
    assert re.search(
        r'holds runs of another configuration \(data: there "diabetes", here "simulated"; data_checksum', err
    )


def test_unreadable_run_is_named_and_kept(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that a damaged trajectory among the runs is named with what to do, left as it is, and the others go on."""
    folder = tmp_path / "copy"
    shutil.copytree(smoke.folder, folder)
    shutil.rmtree(folder / "cases")
    damaged = folder / NAMES[1]
    damaged.write_bytes(damaged.read_bytes()[:5000])
    with pytest.raises(Refusal, match=rf"A run cannot be continued: .*{NAMES[1]} is truncated.* remove the file"):
        run_study(STUDY, STUDY.configured(scale="smoke", device="cpu", out=folder), only=("E0.1",), console=quiet())
    assert damaged.stat().st_size == 5000


def test_folder_of_an_earlier_version_is_gone_on_with(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that complete trajectories without cases are read, not run, and that the earlier table is kept."""
    folder = tmp_path / "earlier"
    shutil.copytree(smoke.folder, folder)
    shutil.rmtree(folder / "cases")
    config = json.loads((folder / "config.json").read_text())
    added = ("clouds", "widths", "width_steps")
    (folder / "config.json").write_text(json.dumps({name: one for name, one in config.items() if name not in added}))
    (folder / "result.csv").write_text("setting,gamma,alpha,seed\ngamma1.0,1.0,nan,0\n")
    before = stamps(folder)
    command = ("run", "asymmetric-scaling", "--scale", "smoke", "--out", str(folder))
    code, said, progress = spoken(*command)
    assert code == 0 and "largest movement" in said and "it is kept as result.earlier.csv" in progress
    assert all(stamps(folder)[name] == before[name] for name in NAMES)
    rows = [row for row in Table.read(smoke.folder / "result.csv") if row.quantity != "seconds"]
    assert repr(rows) == repr([*Table.read(folder / "result.csv")])


def test_failed_run_is_reported_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run that diverges is named with its sentence and exit code 1, and the others are in the table."""

    def train(run: Run, report: object, whole: Callable[..., None] = scalings.train) -> None:
        if run.setting.gamma == 0.2:
            raise FlowDiverged(step=5, time=10.0, particles=3, count=400)
        whole(run, lambda step: None)

    monkeypatch.setattr(scalings, "train", train)
    code, said, err = spoken("run", "asymmetric-scaling", "--scale", "smoke", "--out", str(tmp_path / "a"), *SMALL)
    assert code == 1
    assert "Failed: E0.1-gamma0.2-seed0: The flow diverged at step 5, time 10" in err
    table = Table.read(tmp_path / "a" / "result.csv")
    assert list(dict.fromkeys(row.curve for row in table)) == ["gamma1.0", "gamma0.5", "gamma0.0"]
    assert (tmp_path / "a" / "curves.png").exists() and "γ = 0.2" not in said


def test_problem_of_a_trajectory_is_that_of_its_run(smoke: Smoke) -> None:
    """Assert that risk, law and masses are built anew from what stands in the file."""
    path = smoke.folder / "gamma0.2-seed0.h5"
    with Trajectory.open(path) as trajectory:
        problem = problem_of(path, trajectory.parameters)
        first = trajectory[0]
    run = Run(STUDY.configured(scale="smoke", device="cpu", out=smoke.folder), SETTINGS[2], 0)
    assert (problem.gamma, problem.alpha, problem.law) == (0.2, 0.5, run.law)
    assert torch.equal(problem.risk.data.targets, run.risk.data.targets)
    assert torch.equal(problem.masses.float(), first.masses)
    parameters = {"config": {**run.config.identity(), "shifted_masses": True}, "setting": run.parameters()["setting"]}
    assert torch.equal(problem_of(path, parameters).masses, SETTINGS[2].masses(400, shifted=True))


def test_committed_table_is_that_of_the_readme() -> None:
    """Assert that it has three seeds of four settings, with the movements that the README says."""
    table = committed(asymmetric_scaling, STUDY)
    assert {row.seed for row in table} == {0, 1, 2} and {row.curve for row in table} == {one.name for one in SETTINGS}
    movements = [float(table.at("E0.1", "largest_movement", one.name).mean[0]) for one in SETTINGS]
    page = Path(str(asymmetric_scaling.__file__)).with_name("README.md").read_text()
    (said,) = re.findall(r"\| diabetes \|.*?^\| largest movement \|(.*?)\|$", page, re.DOTALL | re.MULTILINE)[:1]
    assert [cell.split()[0] for cell in said.split("|")] == [f"{value:.3g}" for value in movements]


@pytest.mark.validation
def test_killed_study_is_continued_to_the_same_bits(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that after kill -9 in the middle the same command completes the study with the bits of a whole one."""
    folder = tmp_path / "killed"
    command = [*COMMAND, "--scale", "smoke", "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for((folder / NAMES[3]).exists)  # two workers begin the last run once two of the others are complete
    process.kill()
    process.wait()
    assert not (folder / "result.csv").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert re.search(r"Already complete and not redone: E0.1-gamma1.0-seed0, E0.1-gamma0.5-seed0", done.stderr)
    for name in NAMES:
        assert_same_bits(smoke.folder / name, folder / name)


@pytest.mark.validation
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see the processes of a group")
def test_interrupted_study_leaves_no_worker_behind(tmp_path: Path) -> None:
    """Assert that Ctrl-C ends a study with worker processes by one sentence and 130, and no process of it lives on."""
    folder = tmp_path / "interrupted"
    command = [*COMMAND, "--data", "simulated", "--out", str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for((folder / NAMES[0]).exists)
    os.killpg(process.pid, signal.SIGINT)
    said, err = process.communicate(timeout=60)
    assert process.returncode == 130 and said == ""
    assert err.splitlines()[-1].startswith("Interrupted: everything written so far is kept; the same command continues")
    assert "Traceback" not in err
    wait_for(lambda: not living(process.pid))
    with Trajectory.open(folder / NAMES[0]) as trajectory:
        assert not trajectory.is_complete


def wait_for(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return as soon as something has happened; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def living(group: int) -> list[str]:
    """The processes of a group, from /proc; those that ended and wait for their parent to notice are left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, members = path.read_text().rpartition(")")[2].split()[:3]
            if int(members) == group and state != "Z":
                found.append(path.parent.name)
    return found
