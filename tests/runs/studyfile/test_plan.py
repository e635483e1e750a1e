"""The plan: counts and sizes near what then comes true."""

import time
from pathlib import Path

import pytest

from runs.studyfile.experiment import Experiment
from runs.studyfile.plan import file_bytes, memory_bytes, planned
from runs.studyfile.running import Job, perform
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import config, write_data, write_study


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": {"steps": 1}},
        {"frames": {"time": 0.125}, "dtype": "float32"},
        {"frames": {"steps": 8}, "records": {"steps": 1}, "observables": {"h": {"kind": "preactivations"}}},
    ],
)
def test_size_of_a_file_is_foretold(tmp_path: Path, changes: dict[str, object]) -> None:
    """Assert that the file is within a fifth of what was said, for a cloud that outweighs the fixed parts."""
    write_data(tmp_path)
    job = Job(config({**changes, "masses.count": 20_000}), tmp_path, tmp_path / "out")
    said = file_bytes(Experiment(job.config, tmp_path))
    perform(job, lambda steps: None)
    assert said == pytest.approx(job.path.stat().st_size, rel=0.2)
    assert said > 2e6


def test_memory_grows_with_the_cloud_and_the_gram_matrix(tmp_path: Path) -> None:
    """Assert that more particles and an integrator with a Gram matrix need more, above what the libraries take."""
    write_data(tmp_path)
    small, large = (memory_bytes(Experiment(config({"masses.count": m}), tmp_path)) for m in (5, 200_000))
    assert 3e8 < small < large
    assert memory_bytes(Experiment(config({"integrator": "adaptive"}), tmp_path)) > small


def test_more_particles_than_memory_are_foretold_without_drawing_them(tmp_path: Path) -> None:
    """Assert that a cloud this machine cannot hold is a run that cannot begin."""
    write_data(tmp_path)
    asked = [Job(config({"masses.count": 10**12}), tmp_path, tmp_path / "out")]
    plan = planned(asked)
    assert plan.impossible == 1 and "masses.count needs about 9.6e+04 GB, but this machine has about" in plan.lines[-1]


def test_lines_say_what_is_done_and_what_cannot_begin(tmp_path: Path) -> None:
    """Assert that each run has a line with its own values, complete ones are counted, and errors are foretold."""
    write_data(tmp_path)
    asked = [config({"masses": {"kind": "zipf", "count": 4, "alpha": alpha}}) for alpha in (0.5, 3.0)]
    jobs = [Job(run, tmp_path, tmp_path / "out") for run in asked]
    perform(jobs[0], lambda steps: None)
    plan = planned(jobs)
    assert plan.impossible == 1
    assert plan.lines[0] == f"2 runs in {tmp_path / 'out'}: 1 complete, 0 begun"
    assert plan.lines[3] == f"  {jobs[0].config.digest}  masses.alpha = 0.5"
    assert "cannot begin: ValueError: Zipf masses need alpha in (0, 1)" in plan.lines[5]
    steps = planned([Job(config({"integrator": "adaptive"}), tmp_path, tmp_path / "out")])
    assert "not known before the steps are" in steps.lines[1] and steps.lines[3].endswith("the only one")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"masses.count": 10**12}, "masses.count"),
        ({"neuron.embedding": {"kind": "random-features", "activation": "relu", "count": 10**11}}, "embedding.count"),
    ],
)
def test_what_does_not_fit_is_refused_by_plan_and_run(tmp_path: Path, changes: dict[str, object], key: str) -> None:
    """Assert that neither asks the system for tens of gigabytes."""
    path = write_study(tmp_path, changes)
    for how in (("--dry-run",), ("--workers", "0")):
        code, said, told = spoken("run", str(path), "--out", str(tmp_path / "out"), *how)
        assert code == 1 and f"{key} needs about" in said + told and "GB of memory: lower it" in said + told


def test_seeds_that_a_run_refuses_are_refused_by_the_plan(tmp_path: Path) -> None:
    """Assert that the last of several seeds is looked at as well, by both in one sentence, and the largest is taken."""
    path = write_study(tmp_path)
    for how in (("--dry-run",), ("--workers", "0")):
        for seeds in ([0, 2**64], [0, 2**80], [-1]):
            assert spoken("run", str(path), "--out", str(tmp_path / "out"), "--set", f"seeds={seeds}", *how)[0] == 2
        largest = f"seeds={[0, 2**64 - 1]}"
        assert spoken("run", str(path), "--out", str(tmp_path / "out"), "--set", largest, *how)[0] == 0


def test_every_seed_is_looked_at(tmp_path: Path) -> None:
    """Assert that the plan says of each run whether its seed has a stream of its own, whichever comes first."""
    write_data(tmp_path)
    for seeds in ([0, 2**64], [2**64, 0]):
        plan = planned([Job(config({"seed": seed}), tmp_path, tmp_path / "out") for seed in seeds])
        assert plan.impossible == 1 and "an integer from 0 to 2^64 - 1 is needed" in "\n".join(plan.lines)


def test_runs_that_differ_in_their_seeds_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the plan of a thousand seeds draws one cloud, and has a line for each of them."""
    drawn = []
    start = Experiment.start.func
    monkeypatch.setattr(Experiment, "start", property(lambda own: drawn.append(own) or start(own)))
    code, said, _ = spoken("run", str(write_study(tmp_path)), "--dry-run", "--set", "seeds=1000")
    assert code == 0 and said.count("seed = ") == 1000 and len(drawn) < 20


@pytest.mark.validation
def test_the_largest_plan_is_made_in_time(tmp_path: Path) -> None:
    """Assert that 99,999 runs are planned, with a word before, well within what a minute was not enough for."""
    began = time.process_time()
    code, said, told = spoken("run", str(write_study(tmp_path)), "--dry-run", "--set", "seeds=99999")
    assert code == 0 and said.count("seed = ") == 99_999 and "99999 runs are looked at" in told
    assert time.process_time() - began < 45.0
