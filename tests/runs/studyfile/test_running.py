"""One run: begun, continued, failed, and the folder it leaves."""

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from particles import Trajectory
from particles.trajectory.comparing import differing
from runs.folder import replace_text
from runs.refusal import Refusal
from runs.studyfile import running
from runs.studyfile.experiment import Experiment
from runs.studyfile.running import WHOLE, Job, perform
from runs.sweep import Stopped
from tests.runs.studyfile.studies import config, write_data

LANGEVIN = {
    "flow": {"kind": "langevin", "temperature": 0.1},
    "integrator": {"kind": "euler-maruyama", "step": 0.0625},
    "scaling": "mean-field",
}
UNDERDAMPED = {
    "flow": {"kind": "underdamped", "temperature": 0.1, "friction": 1.0},
    "integrator": {"kind": "baoab", "step": 0.0625},
    "scaling": "mean-field",
}


def stop_at(share: int) -> object:
    """A report that interrupts the run once it has come so far."""

    def report(steps: int) -> None:
        if share <= steps < WHOLE:
            raise Stopped("now")

    return report


def test_a_run_leaves_its_trajectory_and_its_configuration(tmp_path: Path) -> None:
    """Assert that the folder has the hash's name, config.json the configuration, and the run counts as done."""
    write_data(tmp_path)
    job = Job(config(), tmp_path, tmp_path / "out")
    assert job.done() == 0
    perform(job, lambda steps: None)
    assert job.done() == WHOLE
    held = json.loads((tmp_path / "out" / job.config.digest / "config.json").read_text())
    assert held["config"] == job.config.identity() and list(held["sources"]) == ["data.npz"]
    with Trajectory.open(job.path) as trajectory:
        assert trajectory.times.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
        assert trajectory.parameters["config"] == job.config.identity()


ADAPTIVE = {"integrator": {"kind": "bdf", "rtol": 1e-6}, "frames": {"time": 0.03}}
CHEBYSHEV = {"integrator": {"kind": "chebyshev", "rtol": 1e-6}, "frames": {"time": 0.03}}


@pytest.mark.parametrize("changes", [{}, LANGEVIN, UNDERDAMPED, ADAPTIVE, CHEBYSHEV])
@pytest.mark.parametrize(("share", "seconds"), [(0, 0.0), (300, 0.0), (700, 0.0), (300, 1e9)])
def test_an_interrupted_run_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], share: int, seconds: float
) -> None:
    """Assert that every dataset is that of a run in one go, wherever it was interrupted, however often kept."""
    monkeypatch.setattr(running, "KEEP_SECONDS", seconds)
    write_data(tmp_path)
    whole, cut = (Job(config(changes), tmp_path, tmp_path / name) for name in ("whole", "cut"))
    perform(whole, lambda steps: None)
    with pytest.raises(Stopped, match="now"):
        perform(cut, stop_at(share))
    assert cut.done() < WHOLE
    perform(cut, lambda steps: None)
    assert differing(whole.path, cut.path) == set()


def test_a_file_without_a_checkpoint_is_begun_anew(tmp_path: Path) -> None:
    """Assert that what a kill at the very start leaves, a file with the start or less, does not stand in the way."""
    write_data(tmp_path)
    whole, cut = (Job(config(), tmp_path, tmp_path / name) for name in ("whole", "cut"))
    perform(whole, lambda steps: None)
    cut.folder.mkdir(parents=True)
    replace_text(cut.folder / "config.json", (whole.folder / "config.json").read_text())
    with Trajectory.create(cut.path) as writer:
        writer(0, 0.0, Experiment(cut.config, tmp_path).start)
    perform(cut, lambda steps: None)
    assert differing(whole.path, cut.path) == set()


def killed(job: Job, seconds: float) -> bool:
    """Do the run in a process of its own and kill it after so many seconds; whether it was still at work."""
    child = os.fork()
    if child == 0:
        perform(job, lambda steps: None)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.validation
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork, which this system has not")
@pytest.mark.parametrize("changes", [LANGEVIN, ADAPTIVE, UNDERDAMPED], ids=["langevin", "bdf", "underdamped"])
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    """Assert that runs killed three times each, with SIGKILL, leave files that end as that of one run."""
    monkeypatch.setattr(running, "KEEP_SECONDS", 0.0)
    write_data(tmp_path)
    longer = {**changes, "until": 6.0}
    whole = Job(config(longer), tmp_path, tmp_path / "whole")
    began = time.monotonic()
    perform(whole, lambda steps: None)
    lasted, generator, kills = time.monotonic() - began, random.Random(0), 0
    for number in range(5):
        cut = Job(config(longer), tmp_path, tmp_path / str(number))
        for _ in range(3):
            kills += killed(cut, generator.uniform(0.0, 0.4 * lasted))
        perform(cut, lambda steps: None)
        assert differing(whole.path, cut.path) == set()
    assert kills > 10


def test_a_failure_is_recorded_and_taken_back(tmp_path: Path) -> None:
    """Assert that an error of a user's code is one sentence and a file, which a later success removes."""
    write_data(tmp_path)
    module = tmp_path / "fails_at_first.py"
    module.write_text(
        "from pathlib import Path\n"
        "HERE = Path(__file__).parent\n"
        "def made(risk, start):\n"
        "    def observable(cloud):\n"
        "        if not (HERE / 'mended').exists(): raise ZeroDivisionError('by nothing')\n"
        "        return 1.0\n"
        "    return observable\n"
    )
    own = {"observables": {"own": {"kind": "import", "path": "fails_at_first:made"}}}
    job = Job(config(own), tmp_path, tmp_path / "out")
    with pytest.raises(Refusal, match=r"^ZeroDivisionError: by nothing$"):
        perform(job, lambda steps: None)
    assert "fails_at_first.py" in job.error.read_text()
    (tmp_path / "mended").touch()
    perform(job, lambda steps: None)
    assert job.done() == WHOLE and not job.error.exists()


def test_a_divergence_says_where(tmp_path: Path) -> None:
    """Assert that a run that blows up is told in the flow's own sentence."""
    write_data(tmp_path)
    changes = {"integrator": {"kind": "euler", "step": 1e200}, "until": 1e201, "frames": {"steps": 1}}
    changes |= {"neuron": {"kind": "perceptron", "activation": "linear", "trained": "both"}}
    with pytest.raises(Refusal, match="not finite"):
        perform(Job(config(changes), tmp_path, tmp_path / "out"), lambda steps: None)


def test_changed_data_are_refused_with_the_difference(tmp_path: Path) -> None:
    """Assert that a folder made from other data is not mixed with the new ones."""
    write_data(tmp_path)
    job = Job(config(), tmp_path, tmp_path / "out")
    perform(job, lambda steps: None)
    write_data(tmp_path, seed=1)
    with pytest.raises(Refusal, match=r"another configuration .sources: there .*data\.npz.*here"):
        perform(job, lambda steps: None)
