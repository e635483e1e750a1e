"""The main job end to end: what it writes, what it finds, and what a second call does."""

import csv
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
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from particles import FlowDiverged, Trajectory
from runs.studies.asymmetric_scaling import experiment, study
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, configured
from runs.studies.asymmetric_scaling.pictures import figures
from runs.studies.asymmetric_scaling.results import Row, Table
from runs.studies.asymmetric_scaling.study import main
from runs.system.refusal import Refusal
from tests.runs.conftest import Smoke, spoken
from tests.runs.studies.asymmetric_scaling.test_experiment import assert_same_bits, small

NAMES = [f"{setting.name}-seed0.h5" for setting in SETTINGS]
FIGURES = figures(configured(data="diabetes", scale="smoke", device="cpu"))
COMMAND = [sys.executable, "-m", "runs", "run", "asymmetric-scaling"]


def end_values(folder: Path, name: str) -> list[float]:
    """A column of the table, from gamma = 1 to gamma = 0."""
    with (folder / "result.csv").open(newline="") as file:
        rows = {row["setting"]: float(row[name]) for row in csv.DictReader(file)}
    return [rows[setting.name] for setting in SETTINGS]


def stamps(folder: Path) -> dict[str, int]:
    """When each file but the configuration was last written."""
    return {
        path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.name not in ("config.json", ".lock")
    }


def quiet() -> Console:
    """A console that keeps what it is told."""
    return Console(file=io.StringIO(), width=200)


def test_smoke_study_writes_everything(smoke: Smoke) -> None:
    """Assert that the command ends well with four complete runs, a table, its figures and its configuration."""
    assert smoke.code == 0
    names = {path.name for path in smoke.folder.iterdir()} - {".lock"}
    assert names == {*NAMES, "result.csv", *FIGURES, "config.json"}
    for name in NAMES:
        with Trajectory.open(smoke.folder / name) as trajectory:
            assert trajectory.is_complete
    for name in FIGURES:
        assert (smoke.folder / name).read_bytes().startswith(b"\x89PNG")
    config = json.loads((smoke.folder / "config.json").read_text())
    assert config["study"] == "asymmetric-scaling" and config["steps"] == 500 and len(config["data_checksum"]) == 64


def test_smoke_study_says_what_it_found_and_where(smoke: Smoke) -> None:
    """Assert that the table and the paths of the figures go to standard output, the rest to standard error."""
    assert "diabetes, 500 steps, one seed" in smoke.said
    for name in ("result.csv", *FIGURES):
        assert f"{smoke.folder / name}\n" in smoke.said
    assert smoke.progress.startswith("asymmetric-scaling on diabetes, scale smoke, descent: 4 runs in")


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


def test_options_of_the_command_reach_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that integrator and conventions of the published code are handed on, and stand in the folder."""
    seen: list[Config] = []

    def kept(config: Config, console: Console) -> Table:
        seen.append(config)
        return Table(config, (), (), ())

    monkeypatch.setattr(study, "main", kept)
    options = {"data": "simulated", "scale": "smoke", "device": "cpu", "seeds": None, "out": tmp_path}
    assert study.command(**options, integrator="adaptive", code_conventions=True)
    assert (seen[0].integrator, seen[0].shifted_masses, seen[0].variance) == ("adaptive", True, 2.0)


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


def test_seeds_are_added_to_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a second seed is run beside the first, whose files stay, and that table and figures have both."""
    drawn: list[str] = []
    monkeypatch.setattr(study, "draw", lambda config, runs: drawn.extend(run.name for run in runs))
    folder = tmp_path / "more"
    main(small(folder, steps=40), quiet())
    before = stamps(folder)
    drawn.clear()
    console = quiet()
    table = main(small(folder, steps=40, seeds=2), console)
    assert [(row.setting, row.seed) for row in table.rows] == [(s.name, seed) for seed in (0, 1) for s in SETTINGS]
    assert all(stamps(folder)[name] == before[name] for name in NAMES)
    assert drawn == [f"{setting.name}-seed{seed}" for seed in (0, 1) for setting in SETTINGS]
    said = console.file.getvalue()
    assert "Already complete and not redone: gamma1.0-seed0, gamma0.5-seed0, gamma0.2-seed0, gamma0.0-seed0." in said


def test_missing_figure_is_drawn_again_without_a_run(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that a removed figure comes back with the same bytes and no trajectory is touched."""
    folder = tmp_path / "copy"
    shutil.copytree(smoke.folder, folder)
    before = stamps(folder)
    (folder / "particles.png").unlink()
    main(configured(data="diabetes", scale="smoke", device="cpu", out=folder), quiet())
    assert (folder / "particles.png").read_bytes() == (smoke.folder / "particles.png").read_bytes()
    assert (folder / "result.csv").read_bytes() == (smoke.folder / "result.csv").read_bytes()
    assert all(stamps(folder)[name] == before[name] for name in NAMES)


def test_unreadable_run_is_refused_and_kept(smoke: Smoke, tmp_path: Path) -> None:
    """Assert that a damaged trajectory among the runs is named with what to do, and left as it is."""
    folder = tmp_path / "copy"
    shutil.copytree(smoke.folder, folder)
    damaged = folder / NAMES[1]
    damaged.write_bytes(damaged.read_bytes()[:5000])
    with pytest.raises(Refusal, match=rf"A run cannot be continued: .*{NAMES[1]} is truncated.* remove the file"):
        main(configured(data="diabetes", scale="smoke", device="cpu", out=folder), quiet())
    assert damaged.stat().st_size == 5000


def test_failed_run_is_reported_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run that diverges is named with its sentence and exit code 1, and the others are in the table."""

    def perform(run: experiment.Run, report: object) -> None:
        if run.setting.gamma == 0.2:
            raise FlowDiverged(step=5, time=10.0, particles=3, count=400)
        experiment.perform(run, lambda step: None)

    drawn: list[Sequence[experiment.Run]] = []
    monkeypatch.setattr(study, "perform", perform)
    monkeypatch.setattr(study, "draw", lambda config, runs: drawn.append(runs))
    monkeypatch.setattr(study, "configured", lambda **options: small(tmp_path / "a"))
    code, said, err = spoken("run", "asymmetric-scaling")
    assert code == 1
    assert "Failed: gamma0.2-seed0: The flow diverged at step 5, time 10" in err
    assert said.count("failed ") == 10
    with (tmp_path / "a" / "result.csv").open(newline="") as file:
        assert [row["setting"] for row in csv.DictReader(file)] == ["gamma1.0", "gamma0.5", "gamma0.0"]
    assert [run.setting.name for run in drawn[0]] == ["gamma1.0", "gamma0.5", "gamma0.0"]


def test_seconds_of_complete_runs_are_kept(smoke: Smoke) -> None:
    """Assert that a table made without a run shows the wall times of the runs that were made."""
    table = main(configured(data="diabetes", scale="smoke", device="cpu", out=smoke.folder), quiet())
    assert all(isinstance(row, Row) and 0.0 < row.seconds < 60.0 for row in table.rows)
    assert [row.seconds for row in table.rows] == end_values(smoke.folder, "seconds")


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
    assert re.search(r"Already complete and not redone: gamma1.0-seed0, gamma0.5-seed0", done.stderr)
    for name in NAMES:
        assert_same_bits(smoke.folder / name, folder / name)


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
