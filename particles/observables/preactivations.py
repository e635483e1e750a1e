"""The pre-activations of chosen particles at chosen inputs, to be drawn against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from particles.arguments.integers import whole
from particles.cloud import ParticleCloud
from particles.observables.layers import Layer
from particles.observables.observable import Observable
from particles.risk.risk import Risk
from particles.shapes import Inputs, PreActivations


@dataclass(frozen=True, eq=False)
class Preactivations(Observable):
    """h_l(theta_j, x_i) [chosen, data, units]: the pre-activations of a layer of chosen particles at given inputs.

    `particles` are their numbers in the cloud, from 0, in the order of the result; all where left out. `layer` is as in
    `FeatureMovement`. With two inputs the rows of [..., 0] of a `Perceptron`, and those of [0].T of a deep network, are
    the points (h_i(x_1), h_i(x_2)) of the scatter plots that tell lazy from feature learning networks. Raises the
    errors of `FeatureMovement`, and ValueError for numbers that are no integers from 0 on.
    """

    risk: Risk
    inputs: Inputs
    particles: Sequence[int] | None = None
    layer: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layer", self._layer.name)
        if self.particles is not None:
            numbers = tuple(whole(number, "The number of a particle", least=0) for number in self.particles)
            if not numbers:
                raise ValueError("Preactivations was given no particles; name one or more, or leave them out for all.")
            object.__setattr__(self, "particles", numbers)

    def __call__(self, cloud: ParticleCloud) -> PreActivations:
        """The pre-activations at a cloud; raises ValueError where it has no particle of a number."""
        chosen = torch.tensor(range(cloud.count) if self.particles is None else self.particles, device=cloud.device)
        if self.particles is not None and max(self.particles) >= cloud.count:
            raise ValueError(
                f"Preactivations asks for particle {max(self.particles)}, but the cloud has {cloud.count}, numbered "
                "from 0; name particles that it has."
            )
        phi, layer = self.risk.network.embed(cloud, self.inputs), self._layer
        units = layer.units(cloud, phi)

        def held(part: slice) -> PreActivations:
            """Those of particles in this part; zero for others, which other parts add."""
            first, last, _ = part.indices(len(cloud.positions))
            place = chosen - cloud.first
            here = (place >= first) & (place < last)
            result = phi.new_zeros(len(chosen), len(phi), units)
            result[here] = layer(cloud.positions[place[here]], phi)
            return result

        return cloud.summed(held)

    def entries(self, cloud: ParticleCloud) -> int:
        """The product of the numbers of chosen particles, data and units."""
        chosen = cloud.count if self.particles is None else len(self.particles)
        return chosen * len(self.inputs) * self._layer.units(cloud, self.risk.network.embed(cloud, self.inputs[:1]))

    @cached_property
    def _layer(self) -> Layer:
        return Layer.of(self.risk, self.inputs, self.layer, "Preactivations")
