"""Reconstruction of the network of a trajectory file from the description of its flow; no code of a file is run."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import particles
from particles import (
    L2,
    CrossEntropy,
    Dataset,
    Deep,
    GaussianLaw,
    Logistic,
    Network,
    Perceptron,
    Risk,
    Scaling,
    Squared,
)
from particles.trajectory.describe import qualified_name
from runs.system.refusal import Refusal

#: The rooms of `particles` that hold what networks, risks and laws are made of.
ROOMS = ("particles.neurons", "particles.risk", "particles.initial")
#: The classes that are rebuilt: all that `particles` offers of these rooms and that are nothing but their fields.
PIECES: tuple[type, ...] = tuple(
    one
    for one in map(vars(particles).get, particles.__all__)
    if isinstance(one, type) and dataclasses.is_dataclass(one) and one.__module__.startswith(ROOMS)
)
KNOWN = {qualified_name(piece): piece for piece in PIECES}

#: The flow whose cloud is not a network: it moves a model that is linear around its start.
LINEARISED = "flows.LinearisedFlow"


def inputs_of(parameters: Mapping[str, object]) -> int | None:
    """The number of inputs d of the data of a file's flow; None for a flow without data."""
    shape = _within(parameters, "flow", "risk", "data", "inputs", "shape")
    return shape[1] if isinstance(shape, list) and len(shape) == 2 and isinstance(shape[1], int) else None


def network_of(path: Path, parameters: Mapping[str, object]) -> Network:
    """The network of a file, with the neuron and the scaling that the description of its flow names.

    Raises Refusal for a linearised flow, and where the description is not enough: for neurons, embeddings and scalings
    of other classes, for arrays, of which it holds only the digest, and for values that our classes refuse.
    """
    flow = _within(parameters, "flow", "class")
    if flow == LINEARISED:
        raise Refusal(f"{path} was written by a linearised flow, whose prediction is not that of the network it moves.")
    try:
        neuron, scaling = (_made(_within(parameters, "flow", "risk", part)) for part in ("neuron", "scaling"))
    except (TypeError, ValueError) as error:
        raise Refusal(f"The network of {path} cannot be rebuilt from the file: {error}") from error
    if not isinstance(neuron, Perceptron | Deep) or not isinstance(scaling, Scaling):
        raise Refusal(f"The network of {path} cannot be rebuilt from the file: it has no neuron and scaling of ours.")
    return Network(neuron, scaling)


def problem_of(path: Path, parameters: Mapping[str, object], data: Dataset) -> tuple[Risk, GaussianLaw]:
    """The risk of a file's flow on its stored data, and the law of its start, from its parameters.

    Raises Refusal as `network_of` does, and for a loss, regulariser or law of another class.
    """
    network = network_of(path, parameters)
    try:
        loss, regulariser = (_made(_within(parameters, "flow", "risk", part)) for part in ("loss", "regulariser"))
        law = _made(parameters.get("law"))
    except (TypeError, ValueError) as error:
        raise Refusal(f"The problem of {path} cannot be rebuilt from the file: {error}") from error
    if not isinstance(law, GaussianLaw):
        raise Refusal(f"{path} does not start from a GaussianLaw, for which theorems are known: check one that does.")
    if not isinstance(loss, Squared | Logistic | CrossEntropy) or not isinstance(regulariser, L2 | None):
        raise Refusal(f"The problem of {path} cannot be rebuilt from the file: its loss is none of ours.")
    return Risk(network.neuron, network.scaling, loss, data, regulariser), law


def _made(described: object) -> object:
    """The value of a description; raises ValueError for other classes and for incomplete descriptions."""
    if isinstance(described, list):
        return tuple(map(_made, described))
    if not isinstance(described, Mapping):
        return described
    name = described.get("class")
    piece = KNOWN.get(str(name))
    if name is not None and piece is None:
        raise ValueError(f"of {name} it does not hold enough, only classes of ours made of numbers are.")
    values = {key: _made(part) for key, part in described.items() if key != "class"}
    if piece is None:
        return values
    fields = {field.name: field for field in dataclasses.fields(piece)}
    needed = {key for key, field in fields.items() if not field.metadata.get("optional")}
    if not needed <= values.keys() <= fields.keys():
        raise ValueError(f"{name} has other fields than in this version; use the one that wrote it.")
    made: object = piece(**{key: value for key, value in values.items() if fields[key].init})
    return made


def _within(node: object, *names: str) -> object:
    """The value at a path of names in nested mappings, or None."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node
