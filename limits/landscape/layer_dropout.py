"""Dropout of units of a deep network, layer by layer, and the path between two networks that goes through it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from limits.landscape.dropout import kept_of
from limits.landscape.paths import PolygonalPath, StraightPath
from particles import Deep, ParticleCloud, ShapeError
from particles.neurons.deep.maps import DenseMap
from particles.shapes import Positions


def dropped_units(cloud: ParticleCloud, neuron: Deep, kept: Mapping[str, int | Sequence[int]]) -> ParticleCloud:
    """The networks of which each layer named keeps some units only: their outgoing weights times n / M.

    `kept` has for hidden layers, by their names, how many of the first units are kept, {"layer1": 32, "layer2": 16},
    or the numbers of those kept; M is how many these are, n the number of units. Weights out of the others are zero. So
    the layer above sees (n / M) times the sum over the kept units where it saw the sum over all, which is the dropout
    network of several layers (Shevchenko and Mondelli 2020) in every parameterisation. The risk of it is
    `risk(dropped_units(...))`.

    Raises ValueError for a layer that is not hidden, for layers that are not dense, and for units that a layer does
    not have or that come twice; ShapeError for a cloud of other neurons.
    """
    weights = _Weights.of(neuron, cloud)
    changed = cloud.positions.clone()
    for name, chosen in kept.items():
        layer = weights.hidden(name)
        units = weights.widths[layer]
        rows = kept_of(units, chosen, f"{name} unit").to(cloud.device)
        scale = changed.new_zeros(units)
        scale[rows] = units / len(rows)
        weights.view(changed, layer + 1).mul_(scale)
    return cloud.moved(changed)


@dataclass(frozen=True, eq=False)
class LayerDropoutPath:
    """Straight segments between two deep networks through networks with half of the units of every hidden layer.

    The readout goes over to the first half of the last hidden layer; then, from that layer down, the units left free
    are made a copy that sees only half of the layer below, and the readout goes over to it. What is left is a network
    with half of the units everywhere. The other network's half is built in the free units, the readout goes over, and
    the way back is the same (Kuditipudi et al. 2019; Shevchenko and Mondelli 2020 for networks of several layers). With
    one hidden layer these are the seven segments of `DropoutPath`, with H of them 4 H + 3.

    For any loss that is convex in the prediction, and no regulariser, the risk is constant while weights of free units
    move, and convex while the readout does. So the barrier is at most the largest of the risks of `stages` of each
    network, less the risk of that network. Clouds have one particle or more, each treated so; all layers are dense, and
    an odd unit is never kept. Raises ShapeError for clouds of different sizes or of other neurons, ValueError for
    layers that are not dense, hidden ones of one unit, and a network without hidden layers.
    """

    start: ParticleCloud
    end: ParticleCloud
    neuron: Deep

    def __post_init__(self) -> None:
        self._line  # noqa: B018  (refuse here what has no such path)

    @property
    def corners(self) -> tuple[float, ...]:
        """The ends of the segments."""
        return self._line.corners

    def stages(self, cloud: ParticleCloud) -> tuple[ParticleCloud, ...]:
        """The networks of which half of the units are dropped in the last hidden layer, the last two, ..., in all."""
        weights = _Weights.of(self.neuron, cloud)
        names = [f"layer{layer + 1}" for layer in range(len(weights.widths))]
        kept = {name: units // 2 for name, units in zip(names, weights.widths, strict=True)}
        return tuple(
            dropped_units(cloud, self.neuron, {name: kept[name] for name in names[first:]})
            for first in range(len(names) - 1, -1, -1)
        )

    @cached_property
    def _line(self) -> PolygonalPath:
        path = StraightPath(self.start, self.end)
        start, end = path(0.0), path(1.0)
        weights = _Weights.of(self.neuron, start)
        if min(weights.widths, default=0) < 2:
            raise ValueError("Half of the units are kept in every hidden layer; give hidden layers of two or more.")
        there, back = list(weights.halved(start.positions)), list(weights.halved(end.positions))
        crossing = weights.crossing(there[-1], back[-1])
        positions = [*there, *crossing, *reversed(back)]
        return PolygonalPath([start, *map(start.moved, positions[1:-1]), end])

    def __call__(self, place: float) -> ParticleCloud:
        """The cloud at the place s. Raises ValueError outside [0, 1]."""
        return self._line(place)


@dataclass(frozen=True)
class _Weights:
    """Where the weights of the dense layers lie in positions; `widths` are the numbers of hidden units."""

    neuron: Deep
    widths: tuple[int, ...]

    @classmethod
    def of(cls, neuron: Deep, cloud: ParticleCloud) -> "_Weights":
        """Of a neuron, of which this is a cloud."""
        if cloud.dim != neuron.dim:
            raise ShapeError(f"Neurons have {neuron.dim} coordinates, but the cloud {cloud.dim}; make them agree.")
        for stage in neuron.stages:
            if not isinstance(stage.map, DenseMap) or stage.pools:
                raise ValueError(f"Units are dropped in dense layers, but {stage.weights.name} is not one.")
        return cls(neuron, tuple(stage.map.weights[0] for stage in neuron.stages[:-1]))

    def hidden(self, name: str) -> int:
        """The number of a hidden layer, from 0."""
        names = [f"layer{layer + 1}" for layer in range(len(self.widths))]
        if name not in names:
            raise ValueError(f"Units of {name!r} are to be kept, but hidden layers are {', '.join(names) or 'none'}.")
        return names.index(name)

    def view(self, positions: Positions, layer: int) -> Tensor:
        """The weights [particles, units, below] of a layer, in the memory of the positions."""
        stage = self.neuron.stages[layer]
        return positions[:, stage.weights.columns].view(len(positions), *stage.map.weights)

    def bias(self, positions: Positions, layer: int) -> Tensor | None:
        """The bias [particles, units] of a layer, in the memory of the positions."""
        bias = self.neuron.stages[layer].bias
        return None if bias is None else positions[:, bias.columns]

    def places(self, layer: int, side: int) -> slice:
        """The units of a hidden layer on one of its two sides, 0 or 1, of half of them each; an odd one is on none."""
        half = self.widths[layer] // 2
        return slice(side * half, (side + 1) * half)

    def halved(self, positions: Positions) -> Iterator[Positions]:
        """The network, and the corners on its way to one with half of the units in every hidden layer.

        That lies on side l mod 2 of hidden layer l, numbered from 0.
        """
        here, last = positions.clone(), len(self.widths) - 1
        self._keep_half(self.view(here, last + 1), last)
        yield from (positions, here)
        sides = [0] * len(self.widths)
        for layer in reversed(range(last)):
            free = here.clone()
            self._mirror(free, here, layer + 1, sides)
            self._keep_half(self.view(free, layer + 1)[:, self.places(layer + 1, 1 - sides[layer + 1])], layer)
            here = free.clone()
            self._read(here, here, sides)
            yield from (free, here)
            sides = [*sides[: layer + 1], *(1 - side for side in sides[layer + 1 :])]

    def crossing(self, start: Positions, end: Positions) -> tuple[Positions, ...]:
        """The corners between two networks that lie as `halved` leaves them."""
        sides = [layer % 2 for layer in range(len(self.widths))]
        built = start.clone()
        self._mirror(built, end, 0, sides)
        crossed = built.clone()
        self._read(crossed, end, sides)
        doubled = end.clone()
        self._mirror(doubled, end, 0, sides)
        readout = doubled.clone()
        self._read(doubled, end, sides)
        return built, crossed, doubled, readout

    def _keep_half(self, weights: Tensor, layer: int) -> None:
        """Let weights [..., units] see the first half of a hidden layer's units only, and that so much more."""
        units = self.widths[layer]
        weights[..., units // 2 :] = 0.0
        weights[..., : units // 2] *= units / (units // 2)

    def _mirror(self, into: Positions, source: Positions, first: int, sides: Sequence[int]) -> None:
        """Write the network that `source` has on these sides to the other sides, from hidden layer `first` up."""
        for layer in range(first, len(self.widths)):
            here, there = (self.places(layer, side) for side in (sides[layer], 1 - sides[layer]))
            old, new = self.view(source, layer), self.view(into, layer)
            if layer == first:
                new[:, there] = old[:, here]
            else:
                below, other = (self.places(layer - 1, side) for side in (sides[layer - 1], 1 - sides[layer - 1]))
                new[:, there] = 0.0
                new[:, there, other] = old[:, here, below]
            bias, of = self.bias(into, layer), self.bias(source, layer)
            if bias is not None and of is not None:
                bias[:, there] = of[:, here]

    def _read(self, into: Positions, source: Positions, sides: Sequence[int]) -> None:
        """Let the readout of `into` read the other side of the last hidden layer as that of `source` reads this one."""
        last = len(self.widths) - 1
        here, there = (self.places(last, side) for side in (sides[last], 1 - sides[last]))
        weights = self.view(source, last + 1)[..., here].clone()
        readout = self.view(into, last + 1)
        readout[:] = 0.0
        readout[..., there] = weights
        bias, of = self.bias(into, last + 1), self.bias(source, last + 1)
        if bias is not None and of is not None:
            bias[:] = of
