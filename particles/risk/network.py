"""The network as a predictor: f(x) = sum_j s_j g(theta_j, x), streamed over particles."""

from dataclasses import dataclass
from functools import cached_property

from particles.cloud import ParticleCloud
from particles.compute.tiles import Tiles
from particles.distributed.shared_cloud import SharedCloud, SharedTiles
from particles.neurons.protocols import Neuron
from particles.risk.scaling import Scaling
from particles.shapes import Features, Inputs, Masses, Outputs, PerParticle


@dataclass(frozen=True)
class Network:
    """What turns a cloud into a function: a neuron and a scaling; `fused` as in `Risk`."""

    neuron: Neuron
    scaling: Scaling
    fused: bool | None = None

    def __call__(self, cloud: ParticleCloud, inputs: Inputs) -> Outputs:
        """f(x_i) [data, outputs] of the cloud on inputs [data, inputs], which follow the cloud's dtype and device."""
        return self.tiles(cloud, self.embed(cloud, inputs)).predict(self.scaling.factor(cloud.masses))

    def embed(self, cloud: ParticleCloud, inputs: Inputs) -> Features:
        """phi(x_i) [data, features] in the cloud's dtype and on its device."""
        return self.neuron.embed(inputs).to(cloud.positions)

    def tiles(self, cloud: ParticleCloud, phi: Features) -> Tiles:
        """The cloud's tangents at embedded inputs."""
        if isinstance(cloud, SharedCloud):
            return SharedTiles(self.neuron, cloud, phi, fused=self.fused)
        return Tiles(self.neuron, cloud.positions, phi, fused=self.fused)


@dataclass(frozen=True, eq=False)
class Scaled:
    """What a scaling makes of masses: output factors s_j and mobilities eta_j [particles]."""

    masses: Masses
    factors: PerParticle
    mobility: PerParticle

    @cached_property
    def gain(self) -> PerParticle:
        """eta_j s_j [particles], by which a pull is multiplied."""
        return self.mobility * self.factors
