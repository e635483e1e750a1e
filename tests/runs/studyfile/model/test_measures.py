"""Every observable of a study file is made of a run, its keys are those of its class, and what is wrong is told."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import particles
from limits import LazyGap
from particles import ClassAccuracy, Dataset, ParticleCloud, Preactivations, Risk, TeacherOverlap
from particles.observables import OBSERVABLES as CLASSES
from runs.studyfile.model.measures import MEASURES, OBSERVABLES
from runs.studyfile.model.sections import built, read_choice
from runs.system.refusal import Refusal
from tests.draws import normals
from tests.particles.risk.contracts.plain import example
from tests.tolerances import assert_identical

RISK, START = example(neuron=particles.Perceptron(particles.ReLU(), particles.Identity(3), trained="both"))
SIGNS = RISK.on(Dataset(RISK.data.inputs, torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]).double()))
#: Values of keys that must be given.
GIVEN: dict[str, Any] = {"teacher": [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]}


@dataclass(frozen=True)
class Run:
    """A run as observables see it."""

    risk: Risk = SIGNS
    start: ParticleCloud = START

    def held_out_risk(self, name: str) -> Risk:
        """The first three data, which are of both classes."""
        return replace(self.risk, data=self.risk.data.some(slice(3)), regulariser=None)


def made(given: Any, run: Run = Run()) -> Any:
    """What a value of the table of observables stands for."""
    return built(OBSERVABLES, read_choice("observables.it", OBSERVABLES, given), run)


def test_what_the_package_offers_is_known_by_its_name() -> None:
    """Assert that every observable class is there under its own name, and those of a risk alone on test data too."""
    assert {kind.makes for kind in MEASURES.values()} == {*CLASSES}
    assert MEASURES["gram_change"].makes is particles.GramChange
    on_test_data = {name for name in OBSERVABLES if name.startswith("test_")}
    assert on_test_data == {"test_risk", "test_accuracy", "test_class_accuracy", "test_margin", "test_alignment"}


@pytest.mark.parametrize("name", [name for name in OBSERVABLES if name != "import"])
def test_every_observable_is_made_of_a_run(name: str) -> None:
    """Assert that nothing but the keys without defaults is needed, and that numbers come of it."""
    given = {key: GIVEN[key] for key, (_, default) in OBSERVABLES[name].fields.items() if default is ...}
    run = Run(replace(SIGNS, regulariser=None)) if name == "lazy_gap" else Run()
    assert bool(torch.isfinite(made({"kind": name, **given}, run)(START)).all())


def test_keys_reach_what_they_name() -> None:
    """Assert that particles, rows and a teacher arrive where they belong."""
    features = made({"kind": "preactivations", "particles": [2, 0], "rows": 4, "layer": "hidden"})
    assert isinstance(features, Preactivations) and features.particles == (2, 0)
    assert_identical(features.inputs, RISK.data.inputs[:4])
    overlap = made({"kind": "teacher_overlap", "teacher": GIVEN["teacher"]})
    assert isinstance(overlap, TeacherOverlap)
    assert_identical(overlap.teacher, torch.tensor(GIVEN["teacher"], dtype=torch.float64))


def test_lazy_gap_is_that_of_the_run() -> None:
    """Assert that it has the run's start, so many of its inputs and the time that is written."""
    run = Run(replace(SIGNS, regulariser=None))
    moved = START.moved(START.positions + 0.1)
    written = made({"kind": "lazy_gap", "rows": 2, "time": 3.0}, run)
    assert_identical(written(moved), LazyGap(run.risk, START, RISK.data.inputs[:2], 3.0)(moved))
    assert made({"kind": "lazy_gap"}, run).time == math.inf
    with pytest.raises(ValueError, match="The kernel flow knows no regulariser"):
        made("lazy_gap")


def test_movements_are_seen_group_by_group() -> None:
    """Assert that a group of coordinates is named by a key, and that one that the neuron does not have is told."""
    moved = START.moved(START.positions + 1.0)
    hidden, output = (made({"kind": "mean_movement", "group": group}) for group in ("hidden", ["output"]))
    assert_identical(hidden(moved), torch.tensor(3.0, dtype=torch.float64).sqrt())
    assert_identical(output(moved), torch.tensor(1.0, dtype=torch.float64))
    with pytest.raises(ValueError, match="'layer1', but the neuron's groups are 'hidden', 'output'"):
        made({"kind": "mean_movement", "group": "layer1"})


def test_test_data_have_the_classes_of_the_training_data() -> None:
    """Assert that test data of one class have the accuracy of both, and NaN for the class that they lack."""
    first = replace(SIGNS, data=SIGNS.data.some(slice(1)))

    class One(Run):
        def held_out_risk(self, name: str) -> Risk:
            return first

    shares = made("test_class_accuracy", One())
    assert isinstance(shares, ClassAccuracy) and shares.classes == (-1.0, 1.0)
    assert torch.isnan(shares(START)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("teacher_overlap", "The key observables.it.teacher is missing: add it to the study file"),
        ({"kind": "teacher_overlap", "teacher": [[1.0], [1.0, 2.0]]}, "teacher has rows of different lengths"),
        ({"kind": "teacher_overlap", "teacher": [[1.0, 2.0]]}, r"The teacher has shape \(1, 2\), but \[teachers, 3\]"),
        ({"kind": "feature_movement", "layer": "layer1"}, "The layer of FeatureMovement is 'layer1', but one of 'hid"),
        ({"kind": "feature_movement", "rows": 0}, "The value 0 does not do for observables.it.rows: .* greater than"),
        ({"kind": "margin", "layer": "hidden"}, r"Unknown key of \[observables.it\] of kind margin 'layer'"),
        ({"kind": "preactivations", "particles": [0.5]}, "The value 0.5 does not do for observables.it.particles.0"),
    ],
)
def test_what_does_not_do_is_told(given: Any, said: str) -> None:
    """Assert that missing keys, unknown ones and values that do not fit are refused with the key."""
    with pytest.raises((Refusal, ValueError), match=said):
        made(given)


def test_imported_observables_are_made_of_risk_and_start(tmp_path: Path) -> None:
    """Assert that `Name(risk, start, **arguments)` of a module beside the study is called."""
    (tmp_path / "own_measure.py").write_text(
        "def made(risk, start, power):\n    return lambda cloud: (cloud.positions - start.positions).sum() ** power\n"
    )
    section = read_choice(
        "observables.it", OBSERVABLES, {"kind": "import", "path": "own_measure:made", "arguments": {"power": 2}}
    )
    observable = built(OBSERVABLES, section, Run(), folder=tmp_path)
    moved = START.moved(START.positions + normals(*START.positions.shape, seed=5))
    assert_identical(observable(moved), (moved.positions - START.positions).sum() ** 2)
