"""A deep network as a chain of stages: a linear map with its coordinates, then sigma, then averages over positions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from particles.errors import ShapeError
from particles.neurons.activations import Activation, Linear
from particles.neurons.deep.layers import AveragePool, Dense, Layer, Weighted
from particles.neurons.deep.maps import ConvolutionMap, DenseMap, LinearMap, Pool, Shape
from particles.neurons.deep.parameterisation import Parameterisation, Place, Scales


@dataclass(frozen=True)
class Group:
    """Coordinates that are weights or a bias, by the name of their group."""

    name: str
    columns: slice
    scales: Scales


@dataclass(frozen=True)
class Stage:
    """h = multiplier W x + bias_multiplier b, then sigma (none where it is None), then pools."""

    map: LinearMap
    weights: Group
    bias: Group | None
    activation: Activation | None
    pools: tuple[Pool, ...] = ()

    @property
    def pooled(self) -> Shape:
        """The shape of one datum above the pools."""
        channels, *positions = self.map.above
        for pool in self.pools:
            positions = [length // size for length, size in zip(positions, pool.sizes, strict=True)]
        return (channels, *positions)

    @property
    def size(self) -> int:
        """The number of entries that it gives for each datum."""
        return math.prod(self.pooled)


def shape_of(inputs: int | Sequence[int]) -> Shape:
    """The shape of one datum: [inputs] or [channels, positions, ...]."""
    shape = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    if len(shape) not in (1, 2, 3) or min(shape) < 1:
        raise ShapeError(
            f"inputs is {inputs!r}, but a positive integer, (channels, length) or (channels, height, width) is needed."
        )
    return shape


def pools_before(inputs: Shape, layers: Sequence[Layer]) -> tuple[tuple[Pool, ...], Shape]:
    """The pools before the first layer with weights, and the shape that they leave."""
    pools = []
    for number, layer in enumerate(layers, start=1):
        if not isinstance(layer, AveragePool):
            break
        pool, inputs = _pooled(layer, inputs, number)
        pools.append(pool)
    return tuple(pools), inputs


def stages_of(
    inputs: Shape, layers: Sequence[Layer], activation: Activation | None, parameterisation: Parameterisation
) -> tuple[Stage, ...]:
    """The stages of these layers on data of a shape.

    Raises ShapeError for layers that do not fit, ValueError where no layer has weights, the readout has an activation,
    or a bias has no effect or no variance that it asks for.
    """
    _, shape = pools_before(inputs, layers)
    weighted = [layer for layer in layers if not isinstance(layer, AveragePool)]
    if not weighted:
        raise ValueError("No layer has weights; give a Dense or a Convolution.")
    if weighted[-1].activation is not None:
        raise ValueError("The last layer is the readout, which has no activation; leave it out or add a layer.")
    stages: list[Stage] = []
    used = 0
    for number, layer in enumerate(layers, start=1):
        if isinstance(layer, AveragePool):
            if stages:
                pool, shape = _pooled(layer, shape, number)
                stages[-1] = replace(stages[-1], pools=(*stages[-1].pools, pool))
            continue
        count, last = len(stages) + 1, len(stages) + 1 == len(weighted)
        linear = _map(layer, shape, number)
        place = Place(math.prod(linear.weights[1:]), linear.weights[0], count == 1, last)
        scales = parameterisation.of(layer, place)
        weights = Group(f"layer{count}", slice(used, used + math.prod(linear.weights)), scales.weights)
        used = weights.columns.stop
        bias = None
        if layer.bias:
            bias = Group(f"layer{count}.bias", slice(used, used + place.units), scales.bias)
            used = bias.columns.stop
        sigma = None if last else _sigma(layer.activation, activation)
        stages.append(Stage(linear, weights, bias, sigma))
        shape = linear.above
    return tuple(stages)


def _sigma(own: Activation | None, general: Activation | None) -> Activation | None:
    sigma = general if own is None else own
    if sigma is None:
        raise ValueError("A hidden layer has no activation; give one to Deep or to the layer.")
    return None if isinstance(sigma, Linear) else sigma


def _map(layer: Weighted, shape: Shape, number: int) -> LinearMap:
    if isinstance(layer, Dense):
        return DenseMap(math.prod(shape), layer.width)
    if len(shape) == 1:
        raise ShapeError(
            f"Layer {number} is a Convolution, but what comes below has no positions, only {shape[0]} entries; give "
            "inputs as (channels, length) or (channels, height, width), and convolutions before dense layers."
        )
    channels, *positions = shape
    if layer.padding == "circular" and layer.size > min(positions):
        raise ShapeError(
            f"Layer {number} is a circular Convolution of size {layer.size}, but there are only {min(positions)} "
            "positions along an axis; take a smaller filter."
        )
    return ConvolutionMap(channels, layer.channels, layer.size, tuple(positions), layer.padding == "circular")


def _pooled(layer: AveragePool, shape: Shape, number: int) -> tuple[Pool, Shape]:
    """The pool of a layer and the shape it leaves: fewer positions, or none where all are averaged."""
    channels, *positions = shape
    if not positions:
        raise ShapeError(
            f"Layer {number} is an AveragePool, but what comes below has no positions, only {channels} entries; pool "
            "before dense layers."
        )
    if layer.size is None:
        return Pool(tuple(positions)), (channels,) + (1,) * len(positions)
    if any(length % layer.size for length in positions):
        raise ShapeError(
            f"Layer {number} averages over {layer.size} positions along each axis, but there are "
            f"{' and '.join(map(str, positions))}; take a size that divides."
        )
    return Pool((layer.size,) * len(positions)), (channels, *(length // layer.size for length in positions))
