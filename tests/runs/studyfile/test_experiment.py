"""What a configuration stands for: data, network, observers and the user's own pieces."""

from pathlib import Path

import numpy as np
import pytest
import torch

from flows import Every, GrowingFlow, LogSpaced, StopAbove, StopBelow
from particles import L2, ParticleCloud, Trajectory
from runs.studyfile.experiment import Experiment
from runs.studyfile.running import Job, perform
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, write_data


def test_data_are_cut_and_test_data_found(tmp_path: Path) -> None:
    """Assert that the first rows are trained on and test data are those of the file."""
    write_data(tmp_path, test_inputs=np.ones((2, 3)), test_targets=np.zeros(2))
    experiment = Experiment(
        config({"data.rows": 5, "observables": ["risk", "test_risk"], "regulariser": 0.1}), tmp_path
    )
    train, test = experiment.data
    assert train.count == 5 and test is not None and test.count == 2
    assert experiment.risk.regulariser == L2(0.1)
    measured = experiment.observables()
    prediction = experiment.risk.predictions(experiment.start, torch.ones(2, 3, dtype=torch.float64))
    assert float(measured["test_risk"](experiment.start)) == pytest.approx(float(0.5 * prediction.square().mean()))


def test_data_of_ours_are_loaded() -> None:
    """Assert that a source by name is the data set of that name."""
    experiment = Experiment(config({"data": {"source": "diabetes", "rows": 9}}), Path())
    assert experiment.data[0].inputs.shape == (9, 10)


def test_schedules_are_those_of_the_file(tmp_path: Path) -> None:
    """Assert that records come before frames, each at its times, and the run stops below its risk."""
    records = {"first": 0.1, "last": 1.0, "count": 4}
    experiment = Experiment(config({"records": records, "frames": {"time": 0.5}, "stop_below": 0.1}), tmp_path)
    write_data(tmp_path)

    def one(step: int, time: float, cloud: ParticleCloud) -> None:
        """Nothing."""

    def two(step: int, time: float, cloud: ParticleCloud) -> None:
        """Nothing."""

    assert experiment.observers(frames=one, records=two) == [
        LogSpaced(0.1, 1.0, 4, two),
        Every(time=0.5, observer=one),
        StopBelow(experiment.risk, 0.1),
    ]
    assert Experiment(config(), tmp_path).observers(one, two) == [Every(2, two), Every(2, one)]


def test_start_has_the_dtype_and_the_seed(tmp_path: Path) -> None:
    """Assert that positions depend on the seed and are in the dtype asked for."""
    write_data(tmp_path)
    first, second = (Experiment(config({"dtype": "float32", "seed": seed}), tmp_path).start for seed in (0, 1))
    assert first.dtype == torch.float32 and not torch.equal(first.positions, second.positions)


def test_masses_move_under_birth_and_death(tmp_path: Path) -> None:
    """Assert that a growing flow is known as one, so that its masses are stored."""
    write_data(tmp_path)
    experiment = Experiment(config({"flow": "birth-death", "scaling": "mean-field"}), tmp_path)
    assert isinstance(experiment.flow, GrowingFlow) and experiment.moves_masses
    assert not Experiment(config(), tmp_path).moves_masses


def test_users_pieces_are_imported(tmp_path: Path) -> None:
    """Assert that neuron, flow and observable come from the module beside the study, with their arguments."""
    write_data(tmp_path)
    (tmp_path / "users_pieces.py").write_text(
        "import torch\n"
        "from flows import GradientFlow\n"
        "class Bump:\n"
        "    def __init__(self, width): self.dim, self.width = 3, width\n"
        "    def feature(self, theta, x): return torch.exp(-((theta - x) ** 2).sum() / self.width)\n"
        "class Slow(GradientFlow): pass\n"
        "def factory(risk, start, scale): return lambda cloud: scale * risk(cloud)\n"
    )
    pieces = {
        "neuron": {"kind": "import", "path": "users_pieces:Bump", "arguments": {"width": 2.0}},
        "flow": {"kind": "import", "path": "users_pieces:Slow"},
        "observables": {
            "risk": "risk",
            "twice": {"kind": "import", "path": "users_pieces:factory", "arguments": {"scale": 2}},
        },
    }
    experiment = Experiment(config(pieces), tmp_path)
    assert experiment.start.dim == 3 and type(experiment.flow).__name__ == "Slow"
    measured = experiment.observables()
    assert float(measured["twice"](experiment.start)) == 2.0 * float(measured["risk"](experiment.start))


def test_accuracy_of_test_data_knows_the_classes_of_the_training_data(tmp_path: Path) -> None:
    """Assert that test data of one class 1 or 2 are counted, and targets of a regression are refused."""
    inputs, targets = np.random.default_rng(0).normal(size=(8, 3)), np.array([1.0, 2.0] * 4)
    test = {"test_inputs": inputs, "test_targets": np.full(8, 2.0)}
    np.savez(tmp_path / "data.npz", inputs=inputs, targets=targets, **test)
    experiment = Experiment(config({"observables": ["accuracy", "test_accuracy"]}), tmp_path)
    f = experiment.risk.predictions(experiment.start)[:, 0].numpy()
    measured = experiment.observables()
    assert float(measured["accuracy"](experiment.start)) == np.mean((f > 1.5) == (targets > 1.5))
    assert float(measured["test_accuracy"](experiment.start)) == np.mean(f > 1.5)
    write_data(tmp_path)
    with pytest.raises(ValueError, match="take 8 different values, but two classes are needed"):
        Experiment(config({"observables": ["accuracy"]}), tmp_path).observables()


def test_more_rows_than_there_are_are_refused(tmp_path: Path) -> None:
    """Assert that all rows may be asked for and not one more."""
    write_data(tmp_path)
    assert Experiment(config({"data.rows": 8}), tmp_path).data[0].count == 8
    with pytest.raises(Refusal, match="rows is 9, but there are 8 training data: give that number at most"):
        _ = Experiment(config({"data.rows": 9}), tmp_path).data


def test_missing_data_are_refused(tmp_path: Path) -> None:
    """Assert that no file, and a test risk without test data, are named."""
    with pytest.raises(Refusal, match=r"data\.npz cannot be read"):
        _ = Experiment(config(), tmp_path).risk
    write_data(tmp_path)
    with pytest.raises(Refusal, match="test_risk needs test data"):
        Experiment(config({"observables": ["test_risk"]}), tmp_path).observables()


def test_a_run_stops_above_a_level(tmp_path: Path) -> None:
    """Assert that it ends with the first record above the level, and that the level is part of what it is."""
    write_data(tmp_path)
    moved = {"observables": ["largest_movement"], "records": {"steps": 1}}
    level = {"stop_above": {"observable": "largest_movement", "level": 0.01}}
    run = config({**moved, **level})
    (_, _, stop) = Experiment(run, tmp_path).observers(lambda *_: None, lambda *_: None)
    assert isinstance(stop, StopAbove) and stop.level == 0.01
    job = Job(run, tmp_path, tmp_path / "out")
    perform(job, lambda steps: None)
    with Trajectory.open(job.path) as trajectory:
        values = trajectory.observables["largest_movement"].values
    assert values[-2] <= 0.01 < values[-1]
    assert "stop_above" in run.identity() and "stop_above" not in config(moved).identity()
    assert run.digest != config(moved).digest


def test_observables_with_keys_are_recorded(tmp_path: Path) -> None:
    """Assert that the file has an array of chosen pre-activations beside numbers, each with its formula."""
    write_data(tmp_path)
    observables = {
        "h": {"kind": "preactivations", "particles": [1, 0], "rows": 2},
        "moved": {"kind": "feature_movement", "layer": "hidden"},
        "found": {"kind": "teacher_overlap", "teacher": [[1.0, 0.0, 0.0]]},
    }
    job = Job(config({"observables": observables}), tmp_path, tmp_path / "out")
    perform(job, lambda steps: None)
    with Trajectory.open(job.path) as trajectory:
        cloud = trajectory[-1]
        series = trajectory.observables
        expected = cloud.positions[[1, 0], :3] @ Experiment(job.config, tmp_path).data[0].inputs[:2].T / 3.0**0.5
        np.testing.assert_allclose(series["h"].values[-1, ..., 0], expected, rtol=1e-12)
        assert series["moved"].values[0] == 0.0 < series["moved"].values[-1]
        assert series["found"].values.shape[1:] == (1,)
