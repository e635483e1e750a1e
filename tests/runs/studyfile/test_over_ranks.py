"""Study files under torchrun: the files of one rank, continued by any number of them, refused in one sentence."""

from pathlib import Path
from typing import Any

import pytest

from particles import Ranks, Trajectory
from particles.trajectory.content.comparison import differing
from runs.batch.crew import Stopped
from runs.recorded import trajectory_run
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.reading import read_study
from runs.studyfile.over_ranks import check_shareable, perform_shared
from runs.studyfile.running import WHOLE, Job
from runs.studyfile.study import command, jobs_of
from runs.system.refusal import Refusal
from tests.ranks import needs_fork, on_ranks
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import config, write_data, write_study
from tests.runs.system.test_torchrun import torchrun

OBSERVED: dict[str, Any] = {
    **{one: one for one in ("risk", "mean_movement", "largest_movement", "smallest_eigenvalue", "effective_count")},
    "features": {"kind": "preactivations", "particles": [49, 3]},
    "moved": "relative_feature_movement",
}
WIDE: dict[str, Any] = {
    "masses": {"kind": "asymmetrical", "count": 150, "gamma": 0.5, "alpha": 0.7},
    "observables": OBSERVED,
}
LANGEVIN = {
    **WIDE,
    "scaling": "mean-field",
    "flow": {"kind": "langevin", "temperature": 0.1},
    "integrator": {"kind": "leimkuhler-matthews", "step": 0.0625},
}


ADAM = {**WIDE, "integrator": {"kind": "adam", "step": 0.0625, "weight_decay": 0.1, "amsgrad": True}}


@needs_fork
def test_torchrun_just_works(tmp_path: Path) -> None:
    """Assert that two ranks do a study of two runs, one of which fails, write the files of one and say so once."""
    changes = {"masses.count": 150, "observables": OBSERVED, "sweep": {"over": {"masses.count": [150, 50]}}}
    path = write_study(tmp_path, changes)
    done = torchrun(2, "run", path.name, "--out", "two", folder=tmp_path)
    assert done.stdout.startswith("1 of 2 runs complete in two\n") and done.stdout.count("runs complete") == 1
    assert done.stderr.count("2 ranks need as many blocks of 64 particles, but a cloud of 50 has 1") == 1
    job = jobs_of(read_study(path, ()), tmp_path / "one")[0]
    perform_shared(job, lambda share: None, Ranks())
    assert differing(job.path, tmp_path / "two" / job.config.digest / "run.h5") == set()
    assert job.done() == WHOLE
    code, _, progress = spoken("run", str(path), "--out", str(tmp_path / "two"), "--workers", "0")
    assert code == 0 and "1 complete already" in progress, "without torchrun the other run goes on"


@pytest.mark.validation
@needs_fork
def test_torchrun_holds_runs_to_their_data(tmp_path: Path) -> None:
    """Assert that ranks refuse changed data together, in one sentence, and do the runs again where asked."""
    path = write_study(tmp_path, {"masses.count": 150, "observables": OBSERVED})
    run = ("run", path.name, "--out", "out")
    assert torchrun(2, *run, folder=tmp_path).returncode == 0
    job = jobs_of(read_study(path, ()), tmp_path / "out")[0]
    write_data(tmp_path, seed=1)
    refused = torchrun(2, *run, folder=tmp_path)
    assert refused.returncode != 0 and refused.stderr.count("data.npz has changed since run") == 1
    assert "studyfile/" not in refused.stderr and job.done() == 0, "no traceback of ours"
    assert torchrun(2, *run, "--stale", "redo", folder=tmp_path).returncode == 0
    assert job.done() == WHOLE


@pytest.mark.validation
@needs_fork
@pytest.mark.parametrize("changes", [LANGEVIN, {**WIDE, "integrator": {"kind": "chebyshev", "rtol": 1e-3}}, ADAM])
def test_an_interrupted_run_is_continued_by_other_ranks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    """Assert that a run begun by two ranks, interrupted and continued by one ends with the bits of one in one go."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    write_data(tmp_path)
    whole, cut = (Job(config(changes), tmp_path, tmp_path / name) for name in ("whole", "cut"))
    perform_shared(whole, lambda share: None, Ranks())

    def interrupted(ranks: Ranks) -> bool:
        def report(share: int) -> None:
            if 300 <= share < WHOLE:
                raise Stopped("now")

        try:
            perform_shared(cut, report, ranks)
        except Stopped:
            return True
        return False

    assert on_ranks(2, interrupted, tmp_path) == [True, True]
    assert cut.done() < WHOLE
    perform_shared(cut, lambda share: None, Ranks())
    assert differing(whole.path, cut.path) == set()


@needs_fork
def test_a_failing_run_fails_on_all_ranks(tmp_path: Path) -> None:
    """Assert that a run that diverges is told on every rank, once in the folder, and that the next one is done."""
    write_data(tmp_path)
    diverging = {"integrator": {"kind": "euler", "step": 1e200}, "until": 1e201, "frames": {"steps": 1}}
    diverging |= {"neuron": {"kind": "perceptron", "activation": "linear", "trained": "both"}}
    diverging |= {"observables": ["risk"]}
    jobs = [Job(config({**WIDE, **changes}), tmp_path, tmp_path / "out") for changes in (diverging, {})]

    def both(ranks: Ranks) -> str:
        said = ""
        for job in jobs:
            try:
                perform_shared(job, lambda share: None, ranks)
            except Refusal as error:
                said = str(error)
        return said

    first, second = on_ranks(2, both, tmp_path)
    assert first == second and "not finite" in first
    assert "FlowDiverged" in jobs[0].error.read_text() and jobs[1].done() == WHOLE
    with Trajectory.open(jobs[1].path) as trajectory:
        assert set(trajectory.observables) == set(OBSERVED)


@pytest.mark.parametrize(
    ("changes", "count", "sentence"),
    [
        ({}, 3, "There are 3 ranks, but a power of two is needed"),
        ({"flow": "linearised"}, 2, "The flow 'linearised' cannot be shared by several ranks"),
        (
            {"flow": {"kind": "underdamped", "temperature": 0.1, "friction": 1.0}, "integrator.kind": "baoab"},
            2,
            "The flow 'underdamped' cannot be shared",
        ),
        (
            {"observables": {"own": {"kind": "import", "path": "mine:made"}}},
            2,
            "The observable 'own' is imported and would see the particles of one rank only",
        ),
        ({"device": "auto"}, 2, r"2 ranks have \d CUDA devices here"),
    ],
)
def test_what_ranks_cannot_share_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, Any], count: int, sentence: str
) -> None:
    """Assert that each is refused before anything is done, in one sentence."""
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(count))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(Refusal, match=sentence):
        check_shareable([Job(config({**WIDE, **changes}), tmp_path, tmp_path)], Ranks(0, count))


def test_workers_are_refused_beside_ranks(tmp_path: Path) -> None:
    """Assert that ranks and workers do not go together."""
    with pytest.raises(Refusal, match="--workers and --scheduler are for a study without torchrun"):
        command(write_study(tmp_path), (), tmp_path / "out", False, 2, None, ranks=Ranks())


def test_a_rank_holds_its_part_of_the_start(tmp_path: Path) -> None:
    """Assert that the experiment of a rank starts from the same cloud, shared."""
    write_data(tmp_path)
    part = Experiment(config(WIDE), tmp_path, Ranks(1, 2)).start
    whole = Experiment(config(WIDE), tmp_path).start
    assert part.count == whole.count == 150 and part.positions.equal(whole.positions[part.first :])
