"""A layer of a network: the pre-activations h_l(x) of particles, as their neuron gives them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from particles.cloud import ParticleCloud
from particles.compute.tiles import SMALLEST_TILE, TILE_ENTRIES
from particles.neurons.protocols import LayeredNeuron
from particles.risk.dataset import checked_inputs
from particles.risk.risk import Risk
from particles.shapes import Features, Inputs, Positions, PreActivations


@dataclass(frozen=True)
class Layer:
    """A layer by its name, and the neuron that has it."""

    neuron: LayeredNeuron
    name: str

    @classmethod
    def of(cls, risk: Risk, inputs: Inputs, name: str | None, what: str) -> Self:
        """The layer of this name of a risk's neuron, or its last hidden one; `what` asks for it.

        Raises TypeError for a neuron without layers, ValueError for a name that is none of theirs, and what
        `checked_inputs` raises.
        """
        neuron = risk.network.neuron
        if not isinstance(neuron, LayeredNeuron):
            raise TypeError(
                f"{what} needs a neuron with layers, such as Perceptron, but {type(neuron).__name__} has no method "
                "preactivations(positions, phi); add one that gives [particles, data, units] by the names of layers."
            )
        phi = neuron.embed(checked_inputs(inputs)[:1])
        names = list(neuron.preactivations(phi.new_zeros(1, neuron.dim), phi))
        if name is not None and name not in names:
            raise ValueError(f"The layer of {what} is {name!r}, but one of {', '.join(map(repr, names))} is needed.")
        return cls(neuron, _last_hidden(neuron, names) if name is None else name)

    def __call__(self, positions: Positions, phi: Features) -> PreActivations:
        """h_l(x_i) [particles, data, units] of particles at embedded inputs."""
        return self.neuron.preactivations(positions, phi)[self.name]

    def units(self, cloud: ParticleCloud, phi: Features) -> int:
        """The number of units of a particle."""
        return self(cloud.positions[:1], phi[:1]).shape[-1]

    def written(self, cloud: ParticleCloud, phi: Features) -> int:
        """How many numbers are written for a particle and a datum: all layers of a deep network are computed."""
        return sum(h.shape[-1] for h in self.neuron.preactivations(cloud.positions[:1], phi[:1]).values())


def _last_hidden(neuron: LayeredNeuron, names: Sequence[str]) -> str:
    """The last of the layers whose weights are hidden ones, so that it is no readout; the last one where none are."""
    groups: Mapping[str, slice] = getattr(neuron, "groups", {})
    hidden = [name for name in names if name not in groups or groups[name].start < neuron.hidden]
    return (hidden or names)[-1]


def tiles_of(cloud: ParticleCloud, part: slice, phi: Features, units: int) -> Iterator[tuple[slice, Features]]:
    """A part of the particles that the cloud holds here, and data, in tiles whose pre-activations take little memory.

    `units` are the numbers that a particle has for a datum. Pairs of a slice of the particles and of some embedded
    inputs; only particles that are large networks see their data in several parts.
    """
    first, last, _ = part.indices(len(cloud.positions))
    size = max(TILE_ENTRIES // (len(phi) * units), SMALLEST_TILE if units == 1 else 1)
    rows = len(phi) if size > 1 else max(TILE_ENTRIES // units, SMALLEST_TILE)
    for begin in range(first, last, size):
        for datum in range(0, len(phi), rows):
            yield slice(begin, min(begin + size, last)), phi[datum : datum + rows]
