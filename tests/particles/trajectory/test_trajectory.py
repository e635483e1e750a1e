"""Trajectory creates, appends and opens; parameters go in and come out; nothing is created on a refusal."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from flows import Adaptive
from particles import GaussianLaw, Identity, Perceptron, Tanh
from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryReader, TrajectoryWriter
from particles.trajectory.describe import describe
from tests.particles.trajectory.plays import START, played


@dataclass(frozen=True)
class Drift:
    """A flow as far as a file is concerned."""

    rate: float
    matrix: torch.Tensor


FLOW = Drift(0.5, torch.eye(2, dtype=torch.float64))


def test_the_door_has_three_ways(tmp_path: Path) -> None:
    """Assert that create and append give writers, open gives a reader, and that text is a path too."""
    path = str(tmp_path / "run.h5")
    for way, kind in ((Trajectory.create, TrajectoryWriter), (Trajectory.append, TrajectoryWriter)):
        with way(path) as writer:
            assert isinstance(writer, kind)
    with Trajectory.open(path) as reader:
        assert isinstance(reader, TrajectoryReader)


def test_parameters_come_back(tmp_path: Path) -> None:
    """Assert that parameters, flow and seed are in the file as JSON, and are kept by an append."""
    flow = Drift(0.5, torch.eye(2, dtype=torch.float64))
    given = {"gamma": 0.2, "widths": (10, 20), "data": {"name": "diabetes", "split": None}}
    path = tmp_path / "run.h5"
    Trajectory.create(path, flow=flow, seed=12, parameters=given).close()
    Trajectory.append(path).close()
    with Trajectory.open(path) as reader:
        found = reader.parameters
    assert {name: found[name] for name in given} == {**given, "widths": [10, 20]}
    assert found["seed"] == 12
    assert found["flow"]["class"] == f"{__name__}.Drift" and found["flow"]["rate"] == 0.5
    assert found["flow"]["matrix"]["shape"] == [2, 2]


def test_without_parameters_flow_and_seed_are_none(tmp_path: Path) -> None:
    """Assert that nothing is made up."""
    Trajectory.create(tmp_path / "run.h5").close()
    with Trajectory.open(tmp_path / "run.h5") as reader:
        assert reader.parameters == {"flow": None, "seed": None}


REFUSED = [
    ({"flow": object()}, TypeError, "A value of type builtins.object at flow cannot be described in a file; make it"),
    (
        {"parameters": {"a": {1}, "b": object()}},
        TypeError,
        r"type builtins.object at parameters\['b'\] cannot be descri",
    ),
    ({"parameters": {"seed": 1, "flow": 2}}, ValueError, "Parameters hold flow and seed; give these as arguments of"),
    (
        {"parameters": [1]},
        TypeError,
        "create was given .1. as parameters, but a dictionary from text to anything is needed",
    ),
    ({"dtype": torch.float16}, ValueError, "Positions in torch.float16 cannot be stored; take torch.float32, torch.fl"),
    ({"compression": "zip"}, ValueError, "Compression 'zip' is not known; take 'gzip', 'lzf' or None."),
]


@pytest.mark.parametrize(("options", "error", "sentence"), REFUSED)
@pytest.mark.usefixtures("without_shape_checks")
def test_refused_options_leave_nothing(
    tmp_path: Path, options: dict[str, object], error: type[Exception], sentence: str
) -> None:
    """Assert that options that cannot be stored are refused before a file is made."""
    with pytest.raises(error, match=sentence):
        Trajectory.create(tmp_path / "run.h5", **options)
    assert list(tmp_path.iterdir()) == []


def test_append_takes_the_options_of_the_file(tmp_path: Path) -> None:
    """Assert that dtype and moving masses hold for a file whose first frame is written after an append."""
    path = tmp_path / "run.h5"
    Trajectory.create(path, dtype=torch.float32, moving_masses=True).close()
    with Trajectory.append(path) as writer:
        writer(0, 0.0, START)
        writer(1, 1.0, START.reweighted(START.masses.flip(0)))
    with Trajectory.open(path) as reader:
        assert reader[1].dtype == torch.float32
        assert torch.equal(reader[1].masses, START.masses.flip(0).float())


def test_what_a_run_is_made_of_is_recorded(tmp_path: Path) -> None:
    """Assert that flow, integrator, law, masses and seed stand among the parameters as they are described."""
    neuron = Perceptron(activation=Tanh(), embedding=Identity(dim=3), trained="hidden")
    law, integrator = GaussianLaw(neuron), Adaptive(rtol=1e-4)
    made_of = {"integrator": integrator, "law": law, "masses": {"kind": "zipf", "alpha": 0.5}}
    Trajectory.create(tmp_path / "run.h5", flow=FLOW, seed=3, parameters={"a": 1}, **made_of).close()
    with Trajectory.open(tmp_path / "run.h5") as reader:
        expected = {name: describe(part) for name, part in made_of.items()}
        assert reader.parameters == {"a": 1, "flow": describe(FLOW), "seed": 3, **expected}
    with pytest.raises(ValueError, match="Parameters hold law; give these as arguments of their own."):
        Trajectory.create(tmp_path / "other.h5", law=law, parameters={"law": "gaussian"})
    Trajectory.create(tmp_path / "free.h5", parameters={"law": "gaussian"}).close()


def test_observables_are_checked_before_anything_is_made(tmp_path: Path, without_shape_checks: None) -> None:
    """Assert that what is no function of a cloud leaves no file behind, and none changed."""
    path = tmp_path / "run.h5"
    sentence = "The observable risk is int, but a function of a cloud is needed; give a Risk, one of our observables or"
    with pytest.raises(TypeError, match=r"create was given 3 as observables\['risk'\], but a function of"):
        Trajectory.create(path, observables={"risk": 3})
    assert not path.exists()
    Trajectory.create(path).close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"The trace got the names \['a/b'\]"):
        Trajectory.append(path, observables={"a/b": lambda cloud: cloud.count})
    with pytest.raises(TypeError, match=r"append was given 3 as observables\['risk'\], but a function of"):
        Trajectory.append(path, observables={"risk": 3})
    assert path.read_bytes() == before
    with Trajectory.append(path) as writer, pytest.raises(TypeError, match=sentence):
        writer.trace(risk=3)


@pytest.mark.parametrize("what", ["a trajectory", "text", "damage"])
def test_a_file_is_replaced_where_that_is_said(tmp_path: Path, what: str) -> None:
    """Assert that overwrite makes a new run of it, that a reader keeps the old one, and that otherwise it is kept."""
    path = played(tmp_path / "run.h5", 4)
    if what != "a trajectory":
        path.write_bytes(b"notes" if what == "text" else path.read_bytes()[:3000])
    before = path.read_bytes()
    with pytest.raises(TrajectoryError, match="exists already and is not overwritten"):
        Trajectory.create(path, seed=8)
    assert path.read_bytes() == before
    with ExitStack() as readers:
        old = readers.enter_context(Trajectory.open(path)) if what == "a trajectory" else None
        with Trajectory.create(path, seed=8, overwrite=True) as writer:
            writer(0, 0.0, START)
        assert old is None or (len(old) == 3 and len(old.observables["spread"].steps) == 5)
    with Trajectory.open(path) as reader:
        assert len(reader) == 1 and reader.parameters["seed"] == 8 and dict(reader.observables) == {}
    assert [each.name for each in tmp_path.iterdir()] == ["run.h5"]


def test_a_run_at_work_and_what_is_no_file_are_not_replaced(tmp_path: Path) -> None:
    """Assert that overwrite refuses a file that is being written, a folder and a pipe, and leaves them alone."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        with pytest.raises(TrajectoryError, match=r"run.h5 is open elsewhere; close it there"):
            Trajectory.create(path, overwrite=True)
        writer(0, 0.0, START)
    with Trajectory.open(path) as reader:
        assert len(reader) == 1
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TrajectoryError, match="pipe is a pipe or a device"):
        Trajectory.create(tmp_path / "pipe", overwrite=True)
    with pytest.raises(TrajectoryError, match="is a folder, but the name of a new file"):
        Trajectory.create(tmp_path, overwrite=True)
