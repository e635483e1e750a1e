"""A deep network as a chain of stages: a linear map with its coordinates, then sigma, then averages over positions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from particles.arguments.display import line
from particles.arguments.integers import whole
from particles.errors import ShapeError
from particles.neurons.activations import Activation, Linear
from particles.neurons.deep.convolution import ConvolutionMap
from particles.neurons.deep.layers import AveragePool, Dense, Layer, Weighted
from particles.neurons.deep.maps import DenseMap, LinearMap, Pool, Shape
from particles.neurons.deep.parameterisation import Parameterisation, Place, Scales


@dataclass(frozen=True)
class Group:
    """Coordinates that are the weights or the bias of a layer, under the name of their group."""

    name: str
    columns: slice
    scales: Scales

    @property
    def size(self) -> int:
        """The number of its coordinates."""
        return int(self.columns.stop - self.columns.start)


@dataclass(frozen=True)
class Stage:
    """h = multiplier W x + bias_multiplier b, then sigma (none where it is None), then pools."""

    map: LinearMap
    weights: Group
    bias: Group | None
    activation: Activation | None
    pools: tuple[Pool, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """Weights, and the bias where there is one."""
        return (self.weights,) if self.bias is None else (self.weights, self.bias)

    @cached_property
    def pooled(self) -> Shape:
        """The shape of one datum above the pools."""
        units, *positions = self.map.above
        for pool in self.pools:
            positions = [length // size for length, size in zip(positions, pool.sizes, strict=True)]
        return (units, *positions)


@dataclass(frozen=True)
class Chain:
    """Stages in order, from the inputs up; the last is the readout. `first` are pools of the inputs."""

    inputs: Shape
    first: tuple[Pool, ...]
    stages: tuple[Stage, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of coordinates in order; they lie next to each other and cover all of them."""
        return tuple(group for stage in self.stages for group in stage.groups)

    @cached_property
    def outputs(self) -> int:
        """The number of entries of the readout."""
        return math.prod(self.stages[-1].pooled)

    @cached_property
    def entries(self) -> int:
        """How many numbers a forward pass writes for each particle and datum."""
        return sum(math.prod(stage.map.above) for stage in self.stages)


def shape_of(inputs: int | Sequence[int]) -> Shape:
    """The shape of one datum, [inputs] or [channels, positions, ...].

    Raises ShapeError for more than two axes of positions, ValueError for what are no positive integers.
    """
    shape = tuple(whole(one, "A size in inputs") for one in (inputs if isinstance(inputs, Sequence) else [inputs]))
    if len(shape) not in (1, 2, 3):
        raise ShapeError(
            f"inputs is {line(inputs)}, but a number, (channels, length) or (channels, height, width) is needed."
        )
    return shape


def chained(
    inputs: Shape, layers: Sequence[Layer], activation: Activation | None, parameterisation: Parameterisation
) -> Chain:
    """The chain of these layers on data of a shape.

    Raises ShapeError for layers that do not fit, ValueError where no layer has weights, a hidden layer has no
    activation, or the readout has one.
    """
    weighted = [layer for layer in layers if not isinstance(layer, AveragePool)]
    if not weighted:
        raise ValueError("No layer has weights; give a Dense or a Convolution.")
    first: list[Pool] = []
    stages: list[Stage] = []
    shape, used = inputs, 0
    for number, layer in enumerate(layers, start=1):
        if isinstance(layer, AveragePool):
            pool, shape = _pooled(layer, shape, number)
            if stages:
                stages[-1] = replace(stages[-1], pools=(*stages[-1].pools, pool))
            else:
                first.append(pool)
            continue
        linear, is_last = _map(layer, shape, number), len(stages) + 1 == len(weighted)
        place = Place(math.prod(linear.weights[1:]), linear.weights[0], not stages, is_last)
        weights, bias = _groups(layer, f"layer{len(stages) + 1}", linear, parameterisation, place, used)
        stages.append(Stage(linear, weights, bias, _sigma(layer, activation, is_last)))
        shape, used = linear.above, stages[-1].groups[-1].columns.stop
    return Chain(inputs, tuple(first), tuple(stages))


def _groups(
    layer: Weighted, name: str, linear: LinearMap, parameterisation: Parameterisation, place: Place, used: int
) -> tuple[Group, Group | None]:
    """The groups of a layer whose coordinates begin after those that are used already."""
    scales, end = parameterisation.of(layer, place), used + math.prod(linear.weights)
    weights = Group(name, slice(used, end), scales.weights)
    return weights, Group(f"{name}.bias", slice(end, end + place.units), scales.bias) if layer.bias else None


def _sigma(layer: Weighted, general: Activation | None, is_last: bool) -> Activation | None:
    if is_last:
        if layer.activation is not None:
            raise ValueError(
                f"The readout has the activation {layer.activation!r}, but the outputs are linear in its weights; "
                "leave it out, or add a Dense after it."
            )
        return None
    sigma = general if layer.activation is None else layer.activation
    if sigma is None:
        raise ValueError("A hidden layer has no activation; give one to Deep, or to the layer.")
    return None if isinstance(sigma, Linear) else sigma


def _map(layer: Weighted, shape: Shape, number: int) -> LinearMap:
    if isinstance(layer, Dense):
        return DenseMap(math.prod(shape), layer.width)
    channels, *positions = shape
    if not positions:
        raise ShapeError(
            f"Layer {number} is a Convolution, but below it are {channels} entries without positions; give inputs as "
            "(channels, length) or (channels, height, width), and convolutions before dense layers."
        )
    if layer.padding == "circular" and layer.size > min(positions):
        raise ShapeError(
            f"Layer {number} is a circular Convolution of size {layer.size}, but there are only {min(positions)} "
            "positions along an axis; take a smaller filter."
        )
    return ConvolutionMap(channels, layer.channels, layer.size, tuple(positions), layer.padding == "circular")


def _pooled(layer: AveragePool, shape: Shape, number: int) -> tuple[Pool, Shape]:
    """The pool of a layer, and the shape that it leaves: one position along each axis where all are averaged."""
    channels, *positions = shape
    if not positions:
        raise ShapeError(
            f"Layer {number} is an AveragePool, but below it are {channels} entries without positions; pool before "
            "dense layers."
        )
    sizes = tuple(length if layer.size is None else layer.size for length in positions)
    if any(length % size for length, size in zip(positions, sizes, strict=True)):
        raise ShapeError(
            f"Layer {number} averages over {layer.size} positions along each axis, but there are "
            f"{' and '.join(map(str, positions))}; take a size that divides."
        )
    return Pool(sizes), (channels, *(length // size for length, size in zip(positions, sizes, strict=True)))
