"""The plan: counts and sizes near what then comes true."""

from pathlib import Path

import pytest

from runs.studyfile.experiment import Experiment
from runs.studyfile.plan import file_bytes, memory_bytes, planned
from runs.studyfile.running import Job, perform
from tests.runs.studyfile.studies import config, write_data


@pytest.mark.parametrize("changes", [{"frames": {"steps": 1}}, {"frames": {"time": 0.125}, "dtype": "float32"}])
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
