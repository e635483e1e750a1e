"""Reconstruction of the network of a trajectory file from the description of its flow; no code of a file is run."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from particles import (
    GELU,
    L2,
    NTK,
    Biased,
    CrossEntropy,
    Dataset,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    Logistic,
    MeanField,
    Network,
    Perceptron,
    Power,
    Quadratic,
    RademacherOutputs,
    Random,
    RandomFeatures,
    ReLU,
    Risk,
    Sigmoid,
    SiLU,
    Sobol,
    Softplus,
    Squared,
    Standard,
    Tanh,
)
from particles.trajectory.describe import qualified_name
from runs.system.refusal import Refusal

#: The classes that are rebuilt: parts of networks, of risks and of laws.
PIECES: tuple[type, ...] = (
    *(ReLU, LeakyReLU, Erf, Tanh, Sigmoid, Softplus, GELU, SiLU, Linear),
    *(Identity, Biased, Quadratic, RandomFeatures),
    *(MeanField, NTK, Lazy, Power, Standard),
    Perceptron,
    *(Squared, Logistic, CrossEntropy, L2),
    *(GaussianLaw, RademacherOutputs, GaussianOutputs, Random, Sobol),
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
    if not isinstance(neuron, Perceptron) or not isinstance(scaling, MeanField | NTK | Lazy | Power | Standard):
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
    if described is None or isinstance(described, bool | int | float | str):
        return described
    if isinstance(described, Mapping) and "class" not in described:
        return {key: _made(part) for key, part in described.items()}
    name = described.get("class") if isinstance(described, Mapping) else None
    piece = KNOWN.get(str(name))
    if piece is None or not isinstance(described, Mapping):
        raise ValueError(f"of {name or 'a list'} it does not hold enough, only classes of ours made of numbers are.")
    fields = {key: _made(part) for key, part in described.items() if key != "class"}
    known = {field.name: bool(field.metadata.get("optional")) for field in dataclasses.fields(piece)}
    if not {name for name, optional in known.items() if not optional} <= set(fields) <= set(known):
        raise ValueError(f"{name} has other fields than in this version; use the one that wrote it.")
    given = {field.name for field in dataclasses.fields(piece) if field.init} & set(fields)
    made: object = piece(**{name: fields[name] for name in given})
    return made


def _within(node: object, *names: str) -> object:
    """The value at a path of names in nested mappings, or None."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node
