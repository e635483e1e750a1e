"""The observables that a study file can name: those of `particles`, found there, `LazyGap`, and a user's by import."""

import inspect
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from limits import LazyGap
from particles import ParticleCloud, Risk, effective_count
from particles.observables import OBSERVABLES as CLASSES
from particles.shapes import Teacher
from runs.studyfile.model.imports import imported
from runs.studyfile.model.kinds import ARGUMENTS, PATH, Count, named
from runs.studyfile.model.sections import Kind, kind
from runs.system.refusal import Refusal

#: Training rows on which observables look at a network, where nothing else is said.
ROWS = 50
#: Parameters of observables that are those of a run; the others are keys.
PARTS = ("risk", "start", "inputs", "neuron")

Measured = Callable[[ParticleCloud], Any]


class Observed(Protocol):
    """The run that is observed."""

    @property
    def risk(self) -> Risk:
        """The risk on the training data."""
        ...

    @property
    def start(self) -> ParticleCloud:
        """The start."""
        ...

    def held_out_risk(self, name: str) -> Risk:
        """The risk on the test data, for an observable of this name; raises Refusal where there are none."""
        ...


def _measure(made: type) -> Kind:
    """An observable of a run, made of what its parameters are called there and of its own keys.

    Inputs are the first `rows` of the training data. A tensor is written as a list of its rows.
    """
    parameters = inspect.signature(made).parameters.values()
    own = {one.name: one for one in parameters if one.name not in PARTS}
    rows = {name for name, one in own.items() if one.annotation is Teacher}
    keys = {name: (list[list[float]], ...) if name in rows else _key(one) for name, one in own.items()}
    parts = [one.name for one in parameters if one.name in PARTS]

    def build(run: Observed, **values: Any) -> Measured:
        risk, count = run.risk, values.pop("rows", ROWS)
        found = {"risk": risk, "inputs": risk.data.inputs[:count], "neuron": risk.neuron}
        held = {name: run.start if name == "start" else found[name] for name in parts}
        said = {name: value for name, value in values.items() if value is not None}
        given = {name: _table(name, value) if name in rows else value for name, value in said.items()}
        observable: Measured = made(**held, **given)
        return observable

    return Kind(build, keys | ({"rows": (Count, ROWS)} if "inputs" in parts else {}), made)


def _key(parameter: inspect.Parameter) -> tuple[Any, Any]:
    """The type and the default of a key; None for an infinite number, which the class has as its default."""
    if parameter.default is parameter.empty:
        return parameter.annotation, ...
    endless = isinstance(parameter.default, float) and math.isinf(parameter.default)
    return (parameter.annotation | None, None) if endless else (parameter.annotation, parameter.default)


def _table(key: str, rows: Sequence[Sequence[float]]) -> Teacher:
    if len({len(row) for row in rows}) != 1:
        raise Refusal(f"{key} has rows of different lengths, or none: write one list of numbers a row, as long as all.")
    return torch.tensor(rows, dtype=torch.float64)


def _on_test_data(name: str, of_training: Kind) -> Kind:
    """The same on the test data, whose classes are those of the training data."""

    def build(run: Observed, **values: Any) -> Measured:
        risk = run.held_out_risk(name)
        if "classes" in values and values["classes"] is None:
            values["classes"] = of_training.build(run, **values).classes
        observable: Measured = of_training.makes(risk, **values)  # type: ignore[misc]
        return observable

    return Kind(build, of_training.fields, of_training.makes)


def _imported(run: Observed, folder: Path, path: str, arguments: dict[str, Any]) -> Measured:
    observable: Measured = imported(path, folder)(run.risk, run.start, **arguments)
    return observable


#: Observables that are classes, by name.
MEASURES = {name: _measure(one) for name, one in named(CLASSES, "_").items()}
#: All by name: each is made of a run. Those that are made of a risk alone can be had on test data too.
OBSERVABLES: dict[str, Kind] = {
    "risk": kind(lambda run: run.risk),
    "test_risk": kind(lambda run: run.held_out_risk("test_risk")),
    **MEASURES,
    **{
        f"test_{name}": _on_test_data(f"test_{name}", one)
        for name, one in MEASURES.items()
        if one.makes is not None
        and inspect.signature(one.makes).parameters.keys() - one.fields.keys() == {"risk"}
        and all(default is not ... for _, default in one.fields.values())
    },
    "lazy_gap": _measure(LazyGap),
    "effective_count": kind(lambda run: effective_count),
    "import": kind(_imported, in_folder=True, path=PATH, arguments=ARGUMENTS),
}
