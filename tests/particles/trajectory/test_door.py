"""Trajectory creates, appends and opens; parameters go in and come out; nothing is created on a refusal."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from particles.trajectory import Trajectory, TrajectoryReader, TrajectoryWriter
from tests.particles.trajectory.plays import START


@dataclass(frozen=True)
class Drift:
    """A flow as far as a file is concerned."""

    rate: float
    matrix: torch.Tensor


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
