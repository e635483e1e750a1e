"""The deep network as a neuron: one particle holds the weights of all layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from particles.errors import ShapeError
from particles.neurons.activations import Activation
from particles.neurons.deep.forward import ForwardPass, preactivation
from particles.neurons.deep.layers import Layer
from particles.neurons.deep.member_tangent import DeepMembers
from particles.neurons.deep.parameterisation import Parameterisation
from particles.neurons.deep.stages import Chain, Stage, chained, shape_of
from particles.neurons.deep.tangent import DeepTangent
from particles.neurons.groups import chosen_groups, columns_of
from particles.shapes import Features, Inputs, MemberPositions, Positions


@dataclass(frozen=True)
class Deep:
    """g(theta, x) = a network of layers; theta holds the weights of all layers, so that a particle is a whole network.

    `inputs` is the number of inputs, or their shape (channels, length) or (channels, height, width); data are rows
    [data, inputs] with channels first, as torch's flatten leaves them. `layers` are `Dense`, `Convolution` and
    `AveragePool` in order. The last one with weights is the readout, whose entries are the outputs; the others are
    followed by their own activation or by `activation`. `parameterisation`, `weight_variance` and `bias_variance` are
    those of `Parameterisation`: "ntk", "standard", "mean-field", "maximal-update" or "integrable".

    Groups of coordinates are "layer1", "layer1.bias" (where there is a bias), "layer2", ...: layers with weights are
    counted. `trained` names those that move: "all", "hidden" (all but the readout), "output" (the readout), or names.

    A cloud of one particle is a network, one of many a mixture of them, f(x) = sum_j s_j g(theta_j, x). Raises
    ShapeError for layers that do not fit and ValueError for anything else that is not as said here.
    """

    inputs: int | Sequence[int]
    layers: Sequence[Layer]
    activation: Activation | None = None
    parameterisation: str = "ntk"
    trained: str | Sequence[str] = "all"
    weight_variance: float = 1.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        shape = shape_of(self.inputs)
        trained = self.trained if isinstance(self.trained, str) else tuple(self.trained)
        object.__setattr__(self, "inputs", shape if len(shape) > 1 else shape[0])
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "trained", trained)
        scales = self._scales
        object.__setattr__(self, "weight_variance", scales.weight_variance)
        object.__setattr__(self, "bias_variance", scales.bias_variance)
        self._check_biases(scales)
        chosen_groups(self._named, self.groups)

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
    def chain(self) -> Chain:
        """The layers as stages, each with its coordinates and their scales."""
        return chained(shape_of(self.inputs), self.layers, self.activation, self._scales)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The layers with weights in order, each with what follows it."""
        return self.chain.stages

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
        return sum(group.size for group in self.chain.groups)

    @property
    def hidden(self) -> int:
        """How many of them belong to hidden layers; those of the readout follow."""
        return self.dim - sum(group.size for group in self.stages[-1].groups)

    @property
    def outputs(self) -> int:
        """The number of entries of the readout, k."""
        return self.chain.outputs

    @property
    def entries_per_datum(self) -> int:
        """How many numbers a forward pass writes for each particle and datum."""
        return self.chain.entries

    @cached_property
    def moving(self) -> frozenset[str]:
        """The names of the groups that training moves."""
        return frozenset(chosen_groups(self._named, self.groups))

    @property
    def _named(self) -> str | Sequence[str]:
        """What is trained, with the names of the hidden layers' groups or of the readout's for these words."""
        readout = [group.name for group in self.stages[-1].groups]
        words = {"hidden": [name for name in self.groups if name not in readout], "output": readout}
        return words.get(self.trained, self.trained) if isinstance(self.trained, str) else self.trained

    @cached_property
    def trained_columns(self) -> slice | Tensor:
        """The coordinates that training moves: a slice where they lie next to each other, else their numbers."""
        return columns_of(tuple(self.moving), self.groups)

    def embed(self, inputs: Inputs) -> Features:
        """The inputs as rows [data, features], averaged where the first layers pool.

        Raises ShapeError for another number of inputs.
        """
        shape = self.chain.inputs
        count = math.prod(shape)
        if inputs.shape[-1:] != (count,):
            raise ShapeError(f"Inputs have shape {tuple(inputs.shape)}, but the network reads [data, {count}].")
        if not self.chain.first:
            return inputs
        values = inputs.reshape(len(inputs), *shape)
        for pool in self.chain.first:
            values = pool.forward(values)
        return values.flatten(1)

    def tangent(self, positions: Positions, phi: Features) -> DeepTangent:
        """These networks [particles, dim] at these embedded inputs [data, features]."""
        self._check(positions)
        return DeepTangent(self.chain, self.moving, positions, phi)

    def member_tangent(self, positions: MemberPositions, phi: Features) -> DeepMembers:
        """The networks of several clouds [members, particles, dim] at embedded inputs that all of them share."""
        return DeepMembers(tuple(self.tangent(member, phi) for member in positions))

    def preactivations(self, positions: Positions, phi: Features) -> dict[str, Tensor]:
        """h of every layer with weights [particles, data, units], by its name; with positions channels come first.

        Raises ShapeError for particles with another number of coordinates.
        """
        self._check(positions)
        run = ForwardPass.of(self.stages, positions, phi)
        return {
            stage.weights.name: preactivation(stage, seen, positions).flatten(2)
            for stage, seen in zip(self.stages, run.seen, strict=True)
        }

    def _check(self, positions: Positions) -> None:
        if positions.shape[-1] != self.dim:
            sizes = ", ".join(f"{part.stop - part.start} of {name}" for name, part in self.groups.items())
            raise ShapeError(
                f"Particles have {positions.shape[-1]} coordinates, but this neuron needs {self.dim}: {sizes}."
            )
