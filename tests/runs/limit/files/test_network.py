"""A network of a study file at any width is what its runs are: start, flow, observables; and how it is coupled."""

from pathlib import Path
from typing import Any

import pytest
import torch

from flows import evolve
from limits import Coupling, Drawn, Halves, Nested, Rotated
from runs.limit.files.network import COUPLINGS, StudyNetwork
from runs.limit.files.points import points_of
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.reading import read_study
from runs.studyfile.model.sources import sources_of
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, write_data, write_study


def network(folder: Path, changes: dict[str, Any] | None = None) -> StudyNetwork:
    """The network of a small study."""
    study = read_study(write_study(folder, {"scaling": "mean-field", **(changes or {})}))
    (point,) = points_of(study)
    return StudyNetwork(point, study.folder, sources_of(point.config, study.folder))


RANDOM = {"kind": "beta", "count": 4, "a": 1.0, "b": 1.0}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"flow": {"kind": "langevin", "temperature": 0.1}, "integrator": {"kind": "euler-maruyama", "step": 0.125}},
        {"flow": {"kind": "minibatch", "size": 2, "step": 0.125}, "masses": RANDOM},
        {"flow": "linearised", "dtype": "float32"},
    ],
    ids=["gradient", "noise", "batches and random masses", "of the start"],
)
def test_a_cloud_is_measured_as_a_run_of_its_width_and_seed(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Assert that the start, the batches, the noise and what is recorded are those of a run of the study."""
    changes = {**changes, "observables": ["risk", "mean_movement"]}
    found = network(tmp_path, changes)
    values = found([Drawn(found.draw(6, 11), 11), Drawn(found.draw(6, 12), 12)])
    masses = {"masses.count": 6} | ({"masses.seed": 11} if "masses" in changes else {})
    run = Experiment(config({"scaling": "mean-field", **changes, **masses, "seed": 11}), tmp_path)
    assert torch.equal(found.draw(6, 11).positions, run.start.positions)
    assert torch.equal(found.draw(6, 11).masses, run.start.masses)
    end = evolve(run.flow, run.start, run.integrator, until=1.0, seed=11)
    own = torch.stack([observable(end).double() for observable in run.observables().values()])
    torch.testing.assert_close(values[0], own, rtol=1e-6, atol=1e-9)
    assert float((values[0] - values[1]).abs().min()) > 0.0
    assert [one.label for one in found.quantities(4)] == ["risk", "mean_movement"]


def test_an_observable_that_grows_has_no_limit(tmp_path: Path) -> None:
    """Assert that an array over particles is refused by its name, and one over chosen particles is not."""
    found = network(tmp_path, {"observables": {"z": {"kind": "preactivations", "rows": 2}}})
    with pytest.raises(Refusal, match="The observable z has more entries in a wider network, so it has no limit"):
        found.quantities(4)
    chosen = network(tmp_path, {"observables": {"z": {"kind": "preactivations", "rows": 2, "particles": [0]}}})
    assert [one.words for one in chosen.quantities(4)] == ["z[0]", "z[1]"]


UNEQUAL = {"kind": "asymmetrical", "count": 4, "gamma": 0.5, "alpha": 0.6}


@pytest.mark.parametrize(
    ("changes", "name", "expected", "rate"),
    [
        ({}, "auto", Halves(), 1.0),
        ({"scaling": "ntk"}, "auto", Rotated, 1.0),
        ({"scaling": "ntk", "law": {"symmetric": True}}, "auto", Halves(), 1.0),
        ({"scaling": "ntk"}, "halves", Halves(), 1.0),
        ({}, "rotated", Rotated, 1.0),
        ({"masses": UNEQUAL}, "auto", Nested(0.6), 1.0 / 0.6 - 1.0),
        ({"masses": {"kind": "zipf", "count": 4, "alpha": 0.5}}, "nested", Nested(1.0), 1.0),
        ({"masses": {**UNEQUAL, "gamma": 1.0}}, "auto", Halves(), 1.0),
        ({"masses": RANDOM}, "auto", Halves(), 1.0),
    ],
)
def test_coupling_and_rate_follow_from_the_network(
    tmp_path: Path, changes: dict[str, Any], name: str, expected: Coupling | type, rate: float
) -> None:
    """Assert that each name gives its coupling, with the index of the masses, and the rate that of their tail."""
    found = network(tmp_path, changes)
    coupling = found.coupling(name, 4)
    assert name in COUPLINGS
    assert isinstance(coupling, expected) if isinstance(expected, type) else coupling == expected
    assert found.rate == pytest.approx(rate)


def test_data_that_changed_are_read_again(tmp_path: Path) -> None:
    """Assert that a process which knows the network by other data does not use them."""
    one = network(tmp_path)
    drawn = [Drawn(one.draw(4, 0), 0)]
    before = one(drawn)
    write_data(tmp_path, seed=1)
    other = StudyNetwork(one.point, one.folder, sources_of(one.point.config, one.folder))
    assert float((other(drawn) - before).abs().min()) > 1e-6


def test_a_network_that_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    """Assert that what a run refuses before its first step is refused here."""
    with pytest.raises(Refusal, match="Euler handles transport, but LangevinFlow also has noise"):
        network(tmp_path, {"flow": {"kind": "langevin", "temperature": 0.1}}).check(4)
