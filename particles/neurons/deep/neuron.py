"""The deep network as a neuron: one particle holds the weights of all layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from particles.errors import ShapeError
from particles.neurons.activations import Activation
from particles.neurons.deep.forward import ForwardPass
from particles.neurons.deep.layers import Layer
from particles.neurons.deep.maps import Pool, Shape
from particles.neurons.deep.parameterisation import Parameterisation
from particles.neurons.deep.stages import Group, Stage, pools_before, shape_of, stages_of
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
        object.__setattr__(self, "inputs", self.inputs if isinstance(self.inputs, int) else tuple(self.inputs))
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "trained", self.trained if isinstance(self.trained, str) else tuple(self.trained))
        scales = Parameterisation(self.parameterisation, self.weight_variance, self.bias_variance)
        for name in ("weight_variance", "bias_variance"):
            object.__setattr__(self, name, getattr(scales, name))
        self._check_biases(scales)
        _ = self.moving

    def _check_biases(self, scales: Parameterisation) -> None:
        biased = any(stage.bias is not None for stage in self.stages)
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
    def stages(self) -> tuple[Stage, ...]:
        """The layers with weights in order, each with what follows it."""
        scales = Parameterisation(self.parameterisation, self.weight_variance, self.bias_variance)
        return stages_of(self._shape, self.layers, self.activation, scales)

    @cached_property
    def _shape(self) -> Shape:
        return shape_of(self.inputs)

    @cached_property
    def _first(self) -> tuple[Pool, ...]:
        return pools_before(self._shape, self.layers)[0]

    @cached_property
    def parts(self) -> tuple[Group, ...]:
        """The groups of coordinates in order, each with its scales."""
        return tuple(part for stage in self.stages for part in (stage.weights, stage.bias) if part is not None)

    @property
    def groups(self) -> dict[str, slice]:
        """The coordinates of each group, in order."""
        return {part.name: part.columns for part in self.parts}

    @property
    def rates(self) -> tuple[float, ...] | None:
        """How fast each group moves, in order; None where all have rate one."""
        rates = tuple(part.scales.rate for part in self.parts)
        return None if all(rate == 1.0 for rate in rates) else rates

    @cached_property
    def dim(self) -> int:
        """The number of coordinates of one particle."""
        return self.parts[-1].columns.stop

    @cached_property
    def hidden(self) -> int:
        """How many of them belong to hidden layers; those of the readout follow."""
        return self.stages[-1].weights.columns.start

    @cached_property
    def outputs(self) -> int:
        """The number of entries of the readout."""
        return self.stages[-1].size

    @cached_property
    def entries(self) -> int:
        """How many numbers a forward pass writes for each particle and datum."""
        return sum(math.prod(stage.map.above) for stage in self.stages)

    @cached_property
    def moving(self) -> frozenset[str]:
        """The names of the groups that training moves."""
        names = list(self.groups)
        first = next(place for place, part in enumerate(self.parts) if part.columns.start == self.hidden)
        words = {"hidden": names[:first], "output": names[first:]}
        given = words.get(self.trained, self.trained) if isinstance(self.trained, str) else self.trained
        return frozenset(_chosen(given, self.groups))

    @cached_property
    def trained_columns(self) -> slice | Tensor:
        """The coordinates that training moves: a slice where they lie next to each other, else their numbers."""
        return _columns([self.groups[name] for name in self.groups if name in self.moving])

    def moves(self, stage: Stage) -> bool:
        """Whether training moves weights or bias of a stage."""
        return any(part is not None and part.name in self.moving for part in (stage.weights, stage.bias))

    def embed(self, inputs: Inputs) -> Features:
        """The inputs as rows [data, features], averaged where the first layers pool.

        Raises TypeError for what is no tensor and ShapeError for another number of inputs.
        """
        if not isinstance(inputs, Tensor):
            raise TypeError(f"The network was given {type(inputs).__name__}, but a tensor [data, inputs] is needed.")
        count = math.prod(self._shape)
        if inputs.shape[-1:] != (count,):
            raise ShapeError(f"Inputs have shape {tuple(inputs.shape)}, but the network reads [data, {count}].")
        if not self._first:
            return inputs
        values = inputs.reshape(-1, *self._shape)
        for pool in self._first:
            values = pool.forward(values)
        return values.flatten(1)

    def tangent(self, positions: Positions, phi: Features) -> DeepTangent:
        """These networks [particles, dim] at these embedded inputs [data, features]."""
        if positions.shape[-1] != self.dim:
            raise ShapeError(
                f"Particles have {positions.shape[-1]} coordinates, but this neuron needs {self.dim}: "
                f"{', '.join(f'{part.columns.stop - part.columns.start} of {part.name}' for part in self.parts)}."
            )
        return DeepTangent(self, positions, phi)

    def preactivations(self, positions: Positions, phi: Features) -> dict[str, Tensor]:
        """h of every layer with weights, by its name [particles, data, units]; channels come before positions."""
        run = ForwardPass.of(self.stages, positions, phi, overwrite=False)
        return {stage.weights.name: h.flatten(2) for stage, h in zip(self.stages, run.preactivations, strict=True)}


def _chosen(trained: str | tuple[str, ...] | list[str], groups: dict[str, slice]) -> tuple[str, ...]:
    names = (trained,) if isinstance(trained, str) else tuple(trained)
    if names == ("all",):
        return tuple(groups)
    if not names or any(name not in groups for name in names):
        words = ", ".join(map(repr, ("all", "hidden", "output", *groups)))
        raise ValueError(f"trained is {trained!r}, but one of {words} is needed, or a tuple of names of groups.")
    return tuple(name for name in groups if name in names)


def _columns(parts: list[slice]) -> slice | Tensor:
    if all(one.stop == other.start for one, other in zip(parts, parts[1:], strict=False)):
        return slice(parts[0].start, parts[-1].stop)
    return torch.cat([torch.arange(part.start, part.stop) for part in parts])
