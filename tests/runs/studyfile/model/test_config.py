"""The configuration of a run: defaults, identity, and what is refused."""

import json
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from runs.studyfile.model.config import RunConfig, Times
from runs.studyfile.model.sections import validated
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, values


def test_identity_is_complete_and_reads_back() -> None:
    """Assert that the identity holds defaults, survives JSON, pickle and a second reading, and names the folder."""
    sigma = {"kind": "import", "path": "e:f"}
    changes = {
        "observables": {"r": "risk", "mine": {"kind": "import", "path": "a:b"}},
        "integrator": {"kind": "import", "path": "c:d", "arguments": {"step": 0.5}},
        "neuron": {"kind": "perceptron", "activation": sigma, "embedding": "biased"},
    }
    run = config(changes)
    held = json.loads(json.dumps(run.identity()))
    assert held["law"]["outputs"] == {"kind": "rademacher"} and held["seed"] == 0
    again = RunConfig.model_validate(held)
    assert again.digest == run.digest == pickle.loads(pickle.dumps(run)).digest
    assert run.import_paths() == ["e:f", "c:d", "a:b"]


def test_digest_does_not_depend_on_the_order_of_keys() -> None:
    """Assert that arguments written in another order are the same run."""
    orders = [{"a": 1, "b": 2}, {"b": 2, "a": 1}]
    pieces = [{"neuron": {"kind": "import", "path": "mine:Bump", "arguments": order}} for order in orders]
    assert config(pieces[0]).digest == config(pieces[1]).digest


@pytest.mark.parametrize("changes", [{"seed": 1}, {"masses.count": 6}, {"law": "gaussian"}, {}])
def test_digest_tells_values_apart_and_nothing_else(changes: dict[str, Any]) -> None:
    """Assert that another value is another folder, and a default written out is not."""
    same = not changes or "law" in changes
    assert (config(changes).digest == config().digest) is same


@pytest.mark.parametrize(
    ("table", "keys"),
    [("law", {"outputs": "gaussian", "variance": 2.0}), ("integrator", {"rtol": 1e-5}), ("loss", {}), ("flow", {})],
)
def test_tables_may_leave_out_the_default_kind(table: str, keys: dict[str, Any]) -> None:
    """Assert that such a table is the same run as one with its kind, and others are asked for theirs."""
    kind = {"law": "gaussian", "integrator": "adaptive", "loss": "squared", "flow": "gradient"}[table]
    assert config({table: keys}).digest == config({table: {"kind": kind, **keys}}).digest
    with pytest.raises(Refusal, match=r"\[flow\] does not say its kind"):
        validated(RunConfig, values({"flow": {"temperature": 0.1}}))


def test_records_of_a_run_are_counted() -> None:
    """Assert that the numbers of times are those of the schedules, unknown where steps are not."""
    assert Times(time=0.5).number(2.0, None) == 6
    assert Times(first=0.1, last=1.0, count=4).number(2.0, None) == 6
    assert Times(steps=2).number(2.0, 0.25) == 6
    assert Times(steps=2).number(2.0, None) != Times(steps=2).number(2.0, None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"untill": 1.0}, "Unknown key of the study 'untill'.*did you mean 'until'"),
        ({"until": 0.0}, "until: input should be greater than 0"),
        ({"until": float("inf")}, "until: input should be a finite number"),
        ({"seed": True}, "The value True does not do for seed"),
        ({"masses.until": 3.0}, r"until stands in the table \[masses\]: write it above the first table"),
        ({"masses.seeds": 3}, r"seeds stands in the table \[masses\]"),
        ({"frames": 5.0}, r"frames is 5\.0, but a table is needed: write for example frames = \{ time = 5\.0 \}"),
        (
            {"integrator.step": "Bound"},
            "for integrator.step: input should be a valid number or input should be 'bound'",
        ),
        ({"frames": {}}, "Times of recording need one of"),
        ({"frames": {"time": 1.0, "steps": 2}}, "Times of recording need one of"),
        ({"frames": {"first": 1.0, "last": 2.0}}, "Times of recording need one of"),
        ({"observables": ["risks"]}, "Unknown observable 'risks'.*did you mean 'risk'"),
        ({"observables": {"a b": "risk"}}, "'a b' is not a plain name"),
        ({"observables": "risk"}, "neither a list of names nor a table"),
        ({"device": "gpu"}, "Unknown device 'gpu'"),
        ({"scaling": {"kind": "lazy"}}, "The key scaling.scale is missing"),
        ({"dtype": "float16"}, "does not do for dtype"),
    ],
)
def test_what_does_not_do_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    """Assert that each wrong value is named with what was needed."""
    with pytest.raises(Refusal, match=sentence):
        validated(RunConfig, values(changes))


@pytest.mark.parametrize("name", ["frames", "records"])
@pytest.mark.parametrize("times", [{"time": 1e-300}, {"time": 1e-8}, {"first": 0.1, "last": 1.0, "count": 10**9}])
def test_times_without_end_are_refused(name: str, times: dict[str, object]) -> None:
    """Assert that more times than any file holds are told before one of them is made."""
    with pytest.raises(ValidationError, match=rf"{name} asks for 1e\+\d+ times until 1, but 1e\+07 at most are taken"):
        config({name: times})


def test_a_copy_has_a_digest_of_its_own() -> None:
    """Assert that the folder of a copied run follows its values, also once the first one's was asked for."""
    run = config({"seed": 3})
    assert run.digest == config({"seed": 3}).digest
    assert run.model_copy(update={"seed": 4}).digest == config({"seed": 4}).digest != run.digest
