"""One run: what it starts from, what it computes, and that it can be interrupted at any step."""

from pathlib import Path

import numpy as np
import pytest
import torch

from particles import Trajectory, TrajectoryError
from runs.batch.crew import Stopped
from runs.datasets import load
from runs.recorded import trajectory_run
from runs.studies.asymmetric_scaling import training
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.studies.asymmetric_scaling.run import Run
from runs.studies.asymmetric_scaling.study import STUDY
from runs.studies.asymmetric_scaling.training import steps_done, train
from runs.system.refusal import Refusal
from tests.long import long_after

#: Everything that is recorded.
NAMES = {
    *("train_risk", "test_risk", "largest_movement", "mean_movement", "mass_weighted_movement", "gram_change"),
    *("smallest_eigenvalue", "pruned_train_risk", "pruned_test_risk", "transfer_risk"),
}


def small(out: Path, **changes: object) -> Config:
    """Sixty particles, 200 steps, 20 rows."""
    sizes = {"count": 60, "steps": 200, "rows": 20, "gram_points": 5, "frames": 12, "records": 25}
    sizes |= {"transfer_counts": (3, 5), "transfer_steps": 20}
    config = STUDY.configured(data="simulated", scale="smoke", device="cpu", out=out)
    return Config.validated(**{**config.model_dump(), **sizes, **changes})


def silent(step: int) -> None:
    """Report to nobody."""


def contents(path: Path) -> dict[str, np.ndarray]:
    """Every number that a run put into its file."""
    with Trajectory.open(path) as trajectory:
        assert trajectory.is_complete
        held = {"steps": trajectory.steps, "times": trajectory.times, "masses": trajectory[0].masses.numpy()}
        held["positions"] = np.stack([cloud.positions.numpy() for cloud in trajectory])
        for name, series in trajectory.observables.items():
            held.update({f"{name}.{part}": getattr(series, part) for part in ("steps", "times", "values")})
    return held


def assert_same_bits(first: Path, second: Path) -> None:
    """Compare two files number by number."""
    expected, found = contents(first), contents(second)
    assert expected.keys() == found.keys()
    for name, values in expected.items():
        assert values.dtype == found[name].dtype and np.array_equal(values, found[name]), name


@pytest.mark.parametrize("setting", long_after(2, SETTINGS), ids=lambda setting: setting.name)
def test_step_is_published_gradient_descent(setting: object, tmp_path: Path) -> None:
    """Assert that a run is gradient descent with rate 1 on the mean of squares, written out with autograd here."""
    config = small(tmp_path, steps=40, dtype="float64")
    run = Run(config, setting, 1)
    train(run, silent)
    data = load(config.data).train
    x, y = data.inputs[:20] / 50**0.5, data.targets[:20, 0]
    start = run.start
    weights, signs = start.positions[:, :-1].clone(), start.positions[:, -1]
    for _ in range(40):
        weights.requires_grad_(True)
        f = torch.relu(x @ weights.T) @ (start.masses.sqrt() * signs)
        (slope,) = torch.autograd.grad((f - y).square().mean(), weights)
        weights = (weights - 1.0 * slope).detach()
    with Trajectory.open(run.path) as trajectory:
        assert trajectory.steps[-1] == 40 and trajectory.times[-1] == 80.0
        assert torch.allclose(trajectory[-1].positions[:, :-1], weights, rtol=1e-11, atol=1e-12)
        assert torch.equal(trajectory[-1].positions[:, -1], signs)


def test_records_and_frames_are_log_spaced_and_hold_both_ends(tmp_path: Path) -> None:
    """Assert that both ends are recorded, fewer and fewer steps in between, in float32 clouds and float64 values."""
    run = Run(small(tmp_path), SETTINGS[1], 0)
    train(run, silent)
    held = contents(run.path)
    for steps in (held["steps"], held["train_risk.steps"]):
        assert steps[0] == 0 and steps[1] == 1 and steps[-1] == 200
        assert np.all(np.diff(np.log(steps[1:].astype(float)))[-3:] > 0.0) and np.diff(steps)[-1] > np.diff(steps)[0]
    assert len(held["steps"]) <= 13 and len(held["train_risk.steps"]) <= 26
    assert held["positions"].dtype == np.float32 and held["train_risk.values"].dtype == np.float64
    assert {name.split(".")[0] for name in held if "." in name} == NAMES


def test_recorded_observables_are_those_of_the_cloud(tmp_path: Path) -> None:
    """Assert that end values are those of numpy: risks from the predictions, movements from the positions."""
    run = Run(small(tmp_path), SETTINGS[3], 0)
    train(run, silent)
    data = load("simulated")
    last = ends(run.path)
    with Trajectory.open(run.path) as trajectory:
        before, after = trajectory[0], trajectory[-1].to(dtype=torch.float64)
    distances = np.linalg.norm(after.positions.numpy() - before.positions.double().numpy(), axis=1)
    masses = after.masses.numpy()
    assert np.isclose(last["largest_movement"], distances.max(), rtol=1e-12)
    assert np.isclose(last["mean_movement"], distances.mean(), rtol=1e-12)
    assert np.isclose(last["mass_weighted_movement"], masses @ distances, rtol=1e-12)
    weights, outputs = after.positions[:, :-1].numpy(), np.sqrt(masses) * after.positions[:, -1].numpy()
    for name, part, rows in (("train_risk", data.train, 20), ("test_risk", data.test, 100)):
        x, y = part.inputs[:rows].numpy(), part.targets[:rows, 0].numpy()
        f = np.maximum(x @ weights.T / np.sqrt(50), 0.0) @ outputs
        assert np.isclose(last[name], 0.5 * np.mean((f - y) ** 2), rtol=1e-12)


def test_run_that_ended_with_its_start_is_begun_again(tmp_path: Path) -> None:
    """Assert that a file with the first frame alone gives, run again, the bits of an uninterrupted run."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole, parts = (Run(small(tmp_path / name), SETTINGS[2], 0) for name in ("whole", "parts"))
    train(whole, silent)

    def interrupt(step: int) -> None:
        raise Stopped("now")

    with pytest.raises(Stopped, match="now"):
        train(parts, interrupt)
    with Trajectory.open(parts.path) as trajectory:
        assert trajectory.steps.tolist() == [0]
    train(parts, silent)
    assert_same_bits(whole.path, parts.path)


@pytest.mark.parametrize("integrator", ["descent", "adaptive"])
@pytest.mark.parametrize("stop", long_after(1, [60, 20, 180, 200]))
def test_interrupted_run_ends_with_the_bits_of_an_uninterrupted_one(
    integrator: str, stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a run stopped at a step, even the last, and performed again equals one never stopped, bit by bit.

    Its state is kept after every step here, and progress reported.
    """
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(training, "REPORT_STEPS", 1)
    sizes = {"integrator": integrator}
    whole, parts = (Run(small(tmp_path / name, **sizes), SETTINGS[2], 0) for name in ("whole", "parts"))
    train(whole, silent)

    def interrupt(step: int) -> None:
        if step >= stop:
            raise Stopped("now")

    with pytest.raises(Stopped, match="now"):
        train(parts, interrupt)
    with Trajectory.open(parts.path) as trajectory:
        assert not trajectory.is_complete and 0 < trajectory.steps[-1] <= (stop if integrator == "descent" else 200)
    train(parts, silent)
    assert_same_bits(whole.path, parts.path)
    with Trajectory.open(parts.path) as trajectory:
        assert len(trajectory.provenance["resumes"]) == 1


def ends(path: Path) -> dict[str, float]:
    """The last value of every observable that is a number."""
    with Trajectory.open(path) as trajectory:
        series = trajectory.observables.items()
        return {name: float(entry.values[-1]) for name, entry in series if entry.values.ndim == 1}


@pytest.mark.parametrize("setting", long_after(1, [SETTINGS[3], SETTINGS[0]]), ids=lambda setting: setting.name)
def test_adaptive_run_is_the_flow_that_gradient_descent_follows(setting: Setting, tmp_path: Path) -> None:
    """Assert that both are looked at after the same steps, and that risks and movements agree to 2 %.

    Gradient descent has steps a quarter of the published ones here, so that it follows the flow.
    """
    runs = []
    for integrator in ("descent", "adaptive"):
        (tmp_path / integrator).mkdir()
        config = small(tmp_path / integrator, rate=0.25, steps=300, integrator=integrator, dtype="float64")
        runs.append(Run(config, setting, 0))
        train(runs[-1], silent)
    descent, adaptive = (contents(run.path) for run in runs)
    for name in ("steps", "train_risk.steps"):
        assert np.array_equal(descent[name], adaptive[name])
    assert np.allclose(descent["train_risk.times"], adaptive["train_risk.times"], rtol=1e-9)
    for name in ("train_risk", "test_risk", "largest_movement", "mean_movement", "mass_weighted_movement"):
        assert np.allclose(adaptive[f"{name}.values"][1:], descent[f"{name}.values"][1:], rtol=0.02), name
    assert ends(runs[1].path)["train_risk"] < 0.9 * adaptive["train_risk.values"][0]


def test_reuse_is_recorded_once_even_if_the_run_was_stopped_after_it(tmp_path: Path) -> None:
    """Assert that a file with everything in it but the mark of completion gets the mark and no second record."""
    run = Run(small(tmp_path), SETTINGS[1], 0)
    train(run, silent)
    before = contents(run.path)
    with Trajectory.append(run.path) as trajectory:
        trajectory.trace(after=lambda cloud: 1.0)(200, 400.0, trajectory.last[2])
        trajectory.close()  # a block that ends without it completes the run
    with Trajectory.open(run.path) as trajectory:
        assert not trajectory.is_complete
    train(run, silent)
    after = contents(run.path)
    assert before["transfer_risk.values"].shape == (1, 2) and before["pruned_test_risk.values"].shape == (1, 20)
    for name, values in before.items():
        assert np.array_equal(values, after[name]), name


def test_file_that_cannot_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    """Assert that it is refused in a sentence and not written over; a killed run leaves none such."""
    run = Run(small(tmp_path), SETTINGS[0], 0)
    run.path.write_bytes(b"\x89HDF")
    with pytest.raises(TrajectoryError, match="is not an HDF5 file"):
        train(run, silent)
    with pytest.raises(Refusal, match="A run cannot be continued: .* is not an HDF5 file.* Or remove the file"):
        steps_done(run)
    assert run.path.read_bytes() == b"\x89HDF"
    run.path.unlink()
    train(run, silent)
    assert contents(run.path)["steps"][-1] == 200 and steps_done(run) == 200
    assert [path.name for path in tmp_path.iterdir()] == [run.path.name]
