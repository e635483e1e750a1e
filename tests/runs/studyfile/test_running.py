"""One run: begun, continued, failed, and the folder it leaves."""

import json
import os
import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from particles import Trajectory
from particles.trajectory.content.comparison import differing
from runs.batch.crew import Stopped
from runs.batch.output_folder import replace_text
from runs.recorded import trajectory_run
from runs.studyfile.experiment import Experiment
from runs.studyfile.running import WHOLE, Job, perform, refuse_changed
from runs.system.refusal import Refusal
from tests.long import long_after
from tests.runs.studyfile.small.studies import config, write_data

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
#: A deep network, whose integrator hands averages from step to step.
DEEP = {
    "neuron": {
        "kind": "deep",
        "activation": "relu",
        "layers": [{"kind": "dense", "width": 5}, {"kind": "dense", "width": 4}, "dense"],
    },
    "masses": {"kind": "uniform", "count": 1},
    "law": "deep",
    "integrator": {"kind": "adam", "step": 0.03125},
}


@pytest.mark.parametrize("changes", [{}, LANGEVIN, UNDERDAMPED, ADAPTIVE, CHEBYSHEV, DEEP])
@pytest.mark.parametrize(("share", "seconds"), long_after(1, [(300, 0.0), (0, 0.0), (700, 0.0), (300, 1e9)]))
def test_an_interrupted_run_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], share: int, seconds: float
) -> None:
    """Assert that every dataset is that of a run in one go, wherever it was interrupted, however often kept."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", seconds)
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
@pytest.mark.parametrize(
    "changes", [LANGEVIN, ADAPTIVE, UNDERDAMPED, DEEP], ids=["langevin", "bdf", "underdamped", "deep"]
)
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    """Assert that runs killed three times each, with SIGKILL, leave files that end as that of one run."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
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
    sentence = rf"data\.npz has changed since run {job.config.digest} was made in .*out: put .* with --stale redo"
    with pytest.raises(Refusal, match=sentence):
        perform(job, lambda steps: None)


def same(job: Job) -> dict[str, object]:
    """The recorded risks and the files of a run."""
    with Trajectory.open(job.path) as trajectory:
        return {"risk": trajectory.observables["risk"].values.tolist(), "made of": trajectory.parameters["sources"]}


def test_changed_data_are_done_again_where_asked(tmp_path: Path) -> None:
    """Assert that a complete run of other data counts as nothing done, and ends as one of the new data does."""
    write_data(tmp_path)
    job = Job(config(), tmp_path, tmp_path / "out")
    perform(job, lambda steps: None)
    before = same(job)
    write_data(tmp_path, seed=1)
    assert job.done() == 0 and job.changed() == ["data.npz has changed"]
    again = replace(job, redo=True)
    perform(again, lambda steps: None)
    fresh = Job(config(), tmp_path, tmp_path / "fresh")
    perform(fresh, lambda steps: None)
    assert job.done() == WHOLE and job.changed() == []
    assert same(job) == same(fresh) != before
    assert json.loads((job.folder / "config.json").read_text())["sources"] == job.made_of


def test_an_interrupted_run_is_not_continued_with_other_data(tmp_path: Path) -> None:
    """Assert that what was begun is refused as well, and begun anew where asked."""
    write_data(tmp_path)
    job = Job(config(), tmp_path, tmp_path / "out")
    with pytest.raises(Stopped, match="now"):
        perform(job, stop_at(500))
    write_data(tmp_path, seed=1)
    with pytest.raises(Refusal, match=r"data\.npz has changed"):
        perform(job, lambda steps: None)
    perform(replace(job, redo=True), lambda steps: None)
    fresh = Job(config(), tmp_path, tmp_path / "fresh")
    perform(fresh, lambda steps: None)
    assert same(job) == same(fresh)


def test_a_run_that_failed_is_tried_with_the_mended_module(tmp_path: Path) -> None:
    """Assert that nothing need be asked where nothing was done yet: the debugging of a first step."""
    write_data(tmp_path)
    module = tmp_path / "mended_later.py"
    module.write_text("def made(risk, start):\n    return lambda cloud: 1.0 / 0.0\n")
    own = {"observables": {"own": {"kind": "import", "path": "mended_later:made"}}}
    job = Job(config(own), tmp_path, tmp_path / "out")
    with pytest.raises(Refusal, match="ZeroDivisionError"):
        perform(job, lambda steps: None)
    module.write_text("def made(risk, start):\n    return lambda cloud: 1.0 / 0.5\n")
    perform(job, lambda steps: None)
    with Trajectory.open(job.path) as trajectory:
        assert set(trajectory.observables["own"].values.tolist()) == {2.0}
        assert trajectory.parameters["sources"] == job.made_of


def test_files_that_change_while_the_study_runs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run is not begun with other files than the study's, nor where they change while it begins."""
    write_data(tmp_path)
    job = Job(config(), tmp_path, tmp_path / "out")
    job = replace(job, sources=job.made_of)
    write_data(tmp_path, seed=1)
    with pytest.raises(Refusal, match=r"data\.npz has changed while the study was running: run it again"):
        perform(job, lambda steps: None)
    found = Experiment.flow.func  # type: ignore[attr-defined]

    def slow(self: Experiment) -> object:
        write_data(tmp_path, seed=2)
        return found(self)

    monkeypatch.setattr(Experiment, "flow", property(slow))
    late = Job(config(), tmp_path, tmp_path / "late")
    with pytest.raises(Refusal, match=r"data\.npz has changed while the study was running"):
        perform(late, lambda steps: None)
    assert not late.path.exists()


def test_runs_beside_of_other_files_are_refused(tmp_path: Path) -> None:
    """Assert that a folder with a run of other data that the study does not ask for is not added to."""
    write_data(tmp_path)
    job = Job(config(), tmp_path, tmp_path / "out")
    perform(job, lambda steps: None)
    other = Job(config({"seed": 1}), tmp_path, tmp_path / "out")
    refuse_changed([other])
    write_data(tmp_path, seed=1)
    sentence = rf"out holds the run {job.config.digest}, which .* made of another data\.npz: name another folder"
    for redo in (False, True):
        with pytest.raises(Refusal, match=sentence):
            refuse_changed([replace(other, redo=redo)])
    job.path.unlink()
    refuse_changed([other])


def test_runs_of_earlier_versions_are_known_by_their_configuration_beside(tmp_path: Path) -> None:
    """Assert that a file without sources of its own is compared with config.json, there by bare names."""
    (tmp_path / "sub").mkdir()
    write_data(tmp_path / "sub")
    job = Job(config({"data.file": "sub/data.npz"}), tmp_path, tmp_path / "out")
    job.folder.mkdir(parents=True)
    with Trajectory.create(job.path, parameters={"config": job.config.identity()}) as writer:
        writer(0, 0.0, Experiment(job.config, tmp_path).start)
        writer.complete()
    held = {"config": job.config.identity(), "sources": {"data.npz": job.made_of["sub/data.npz"]}, "remarks": {}}
    (job.folder / "config.json").write_text(json.dumps(held))
    assert job.done() == WHOLE
    perform(job, lambda steps: None)
    write_data(tmp_path / "sub", seed=1)
    assert job.changed() == ["sub/data.npz has changed"]
