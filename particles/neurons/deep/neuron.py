"""The deep network as a neuron: one particle holds the weights of all layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from particles.errors import ShapeError
from particles.neurons.activations import Activation
from particles.neurons.deep.forward import ForwardPass, preactivation
from particles.neurons.deep.layers import Layer
from particles.neurons.deep.parameterisation import Parameterisation
from particles.neurons.deep.stages import Chain, chained, shape_of
from particles.neurons.deep.tangent import DeepTangent
from particles.shapes import Features, Inputs, Positions


@dataclass(frozen=True)
class Deep:
    """g(theta, x) = a network of layers; theta holds the weights of all layers, so that a particle is a whole network.

    `inputs` is the number of inputs, or their shape (channels, length) or (channels, height, width); data are rows
    [data, inputs] with channels first, as torch's flatten leaves them. `layers` are `Dense`, `Convolution` and
    `AveragePool` in order. The last one with weights is the readout, whose entries are the outputs; the others are
    followed by their own activation or by `activation`. `parameterisation`, `weight_variance` and `bias_variance` are
    those of `Parameterisation`: "ntk", "standard", "mean-field" or "maximal-update".

    Groups of coordinates are "layer1", "layer1.bias" (where there is a bias), "layer2", ...: layers with weights are
    counted. `trained` names those that move: "all", "hidden" (all but the readout), "output" (the readout), or names.

    A cloud of one particle is a network, one of many a mixture of them, f(x) = sum_j s_j g(theta_j, x). Raises
    ShapeError for layers that do not fit and ValueError for anything else that is not as said here.
    """

    inputs: int | tuple[int, ...]
    layers: Sequence[Layer]
    activation: Activation | None = None
    parameterisation: str = "ntk"
    trained: str | tuple[str, ...] = "all"
    weight_variance: float = 1.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        for name in ("inputs", "layers", "trained"):
            given = getattr(self, name)
            object.__setattr__(self, name, given if isinstance(given, int | str) else tuple(given))
        scales = self._scales
        object.__setattr__(self, "weight_variance", scales.weight_variance)
        object.__setattr__(self, "bias_variance", scales.bias_variance)
        self._check_biases(scales)
        _ = self.moving

    def _check_biases(self, scales: Parameterisation) -> None:
        biased = any(stage.bias is not None for stage in self.chain.stages)
        if biased and scales.bias_variance == 0.0 and scales.name != "standard":
            raise ValueError(
                f"A layer has a bias, which with bias_variance = 0 has no effect in the {scales.name!r} "
                "parameterisation; give a positive bias_variance, or layers without bias."
            )
        if not biased and scales.bias_variance > 0.0:
            raise ValueError(
                f"bias_variance is {scales.bias_variance!r}, but no layer has a bias; give layers bias=True."
            )

    @cached_property
    def chain(self) -> Chain:
        """The layers as stages, each with its coordinates and their scales."""
        return chained(shape_of(self.inputs), self.layers, self.activation, self._scales)

    @property
    def _scales(self) -> Parameterisation:
        return Parameterisation(self.parameterisation, self.weight_variance, self.bias_variance)

    @property
    def groups(self) -> dict[str, slice]:
        """The coordinates of each group, in order."""
        return {group.name: group.columns for group in self.chain.groups}

    @property
    def rates(self) -> tuple[float, ...] | None:
        """How fast each group moves, in order; None where all rates are one."""
        rates = tuple(group.scales.rate for group in self.chain.groups)
        return None if all(rate == 1.0 for rate in rates) else rates

    @property
    def dim(self) -> int:
        """The number of coordinates of one particle."""
        return self.chain.groups[-1].columns.stop

    @property
    def hidden(self) -> int:
        """How many of them belong to hidden layers; those of the readout follow."""
        return self.chain.stages[-1].weights.columns.start

    @property
    def outputs(self) -> int:
        """The number of entries of the readout, k."""
        return self.chain.outputs

    @property
    def entries(self) -> int:
        """How many numbers a forward pass writes for each particle and datum."""
        return self.chain.entries

    @cached_property
    def moving(self) -> frozenset[str]:
        """The names of the groups that training moves."""
        readout = {group.name for group in self.chain.stages[-1].groups}
        hidden = tuple(name for name in self.groups if name not in readout)
        words = {"hidden": hidden, "output": tuple(name for name in self.groups if name in readout)}
        given = words.get(self.trained, self.trained) if isinstance(self.trained, str) else self.trained
        return frozenset(_chosen(given, self.groups))

    @cached_property
    def trained_columns(self) -> slice | Tensor:
        """The coordinates that training moves: a slice where they lie next to each other, else their numbers."""
        return _columns([self.groups[name] for name in self.groups if name in self.moving])

    def embed(self, inputs: Inputs) -> Features:
        """The inputs as rows [data, features], averaged where the first layers pool.

        Raises TypeError for what is no tensor and ShapeError for another number of inputs.
        """
        if not isinstance(inputs, Tensor):
            raise TypeError(f"The network was given {type(inputs).__name__}, but a tensor [data, inputs] is needed.")
        shape = self.chain.inputs
        count = math.prod(shape)
        if inputs.shape[-1:] != (count,):
            raise ShapeError(f"Inputs have shape {tuple(inputs.shape)}, but the network reads [data, {count}].")
        if not self.chain.first:
            return inputs
        values = inputs.unflatten(-1, shape)
        for pool in self.chain.first:
            values = pool.forward(values)
        return values.flatten(-len(shape))

    def tangent(self, positions: Positions, phi: Features) -> DeepTangent:
        """These networks [particles, dim] at these embedded inputs [data, features]."""
        self._check(positions)
        return DeepTangent(self.chain, self.moving, positions, phi)

    def preactivations(self, positions: Positions, phi: Features) -> dict[str, Tensor]:
        """h of every layer with weights [particles, data, units], by its name; with positions channels come first.

        Raises ShapeError for particles with another number of coordinates.
        """
        self._check(positions)
        run = ForwardPass.of(self.chain.stages, positions, phi)
        return {
            stage.weights.name: preactivation(stage, seen, positions).flatten(2)
            for stage, seen in zip(self.chain.stages, run.seen, strict=True)
        }

    def _check(self, positions: Positions) -> None:
        if positions.shape[-1] != self.dim:
            sizes = ", ".join(f"{part.stop - part.start} of {name}" for name, part in self.groups.items())
            raise ShapeError(
                f"Particles have {positions.shape[-1]} coordinates, but this neuron needs {self.dim}: {sizes}."
            )


def _chosen(trained: str | tuple[str, ...] | list[str], groups: dict[str, slice]) -> tuple[str, ...]:
    names = (trained,) if isinstance(trained, str) else tuple(trained)
    if names == ("all",):
        return tuple(groups)
    if not names or any(name not in groups for name in names):
        words = ", ".join(map(repr, ("all", "hidden", "output", *groups)))
        raise ValueError(f"trained is {trained!r}, but one of {words} is needed, or a tuple of names of groups.")
    return tuple(name for name in groups if name in names)


def _columns(parts: list[slice]) -> slice | Tensor:
    if all(one.stop == other.start for one, other in pairwise(parts)):
        return slice(parts[0].start, parts[-1].stop)
    return torch.cat([torch.arange(part.start, part.stop) for part in parts])
