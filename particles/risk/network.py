"""The network: f(x) = sum_j s_j g(theta_j, x), and what one cloud makes of it at given inputs."""

from dataclasses import dataclass
from functools import cached_property

import torch

from particles.cloud import ParticleCloud
from particles.compute.tiles import CloudTangents
from particles.neurons.protocols import Neuron
from particles.risk.scaling import Scaling
from particles.shapes import Features, Grams, Inputs, Masses, PerParticle, Positions, StackedOutputs, Velocity


@dataclass(frozen=True)
class Network:
    """What turns a cloud into a function: a neuron and a scaling; `fused` as in `Risk`."""

    neuron: Neuron
    scaling: Scaling
    fused: bool | None = None

    def __call__(self, cloud: ParticleCloud, inputs: Inputs) -> StackedOutputs:
        """f(x_i) [data, outputs] of the cloud on inputs [data, inputs], which follow the cloud's dtype and device."""
        return self.at(cloud, self.embed(cloud, inputs)).predictions

    def embed(self, cloud: ParticleCloud, inputs: Inputs) -> Features:
        """phi(x_i) [data, features] in the cloud's dtype and on its device."""
        return self.neuron.embed(inputs).to(cloud.positions)

    def tiles(self, cloud: ParticleCloud, phi: Features) -> CloudTangents:
        """The cloud's tangents at embedded inputs."""
        return cloud.tangents(self.neuron, phi, fused=self.fused)

    def at(self, cloud: ParticleCloud, phi: Features, scaled: "Scaled | None" = None) -> "NetworkAt":
        """The network at a cloud and at embedded inputs; `scaled` is used where it belongs to the cloud's masses."""
        if scaled is None or scaled.masses is not cloud.masses:
            scaled = Scaled(self.scaling, cloud.masses)
        return NetworkAt(cloud, self.tiles(cloud, phi), scaled)


@dataclass(frozen=True, eq=False)
class Scaled:
    """The output factors and mobilities of masses [particles]; each is computed when it is first asked for."""

    scaling: Scaling
    masses: Masses

    @cached_property
    def factors(self) -> PerParticle:
        """Output factors s_j [particles]."""
        return self.scaling.factor(self.masses)

    @cached_property
    def mobility(self) -> PerParticle:
        """Mobilities eta_j [particles]."""
        return self.scaling.mobility(self.masses)

    @cached_property
    def gain(self) -> PerParticle:
        """eta_j s_j [particles], the factor of a pull."""
        return self.mobility * self.factors


@dataclass(frozen=True, eq=False)
class NetworkAt:
    """A network at one cloud and at inputs x_i: predictions f, and products with J = d f / d theta, streamed.

    Rows of J are in the order i k + c of datum i and output c. M is the diagonal of mobilities. For a `Stacked` cloud
    every result is that of each member, and rows of data and of particles come member after member.
    """

    cloud: ParticleCloud
    tiles: CloudTangents
    scaled: Scaled

    @cached_property
    def predictions(self) -> StackedOutputs:
        """f(x_i) [data, outputs]."""
        return self.tiles.predict(self.scaled.factors)

    def push(self, velocities: Velocity) -> StackedOutputs:
        """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]."""
        return self.tiles.push(self.scaled.factors, velocities)

    def pull(self, cotangents: StackedOutputs) -> Velocity:
        """M J^T c = eta_j s_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
        return self.tiles.pull(self.scaled.gain, cotangents)

    def transposed(self, cotangents: StackedOutputs) -> Positions:
        """J^T c = s_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
        return self.tiles.pull(self.scaled.factors, cotangents)

    def gram(
        self, weights: PerParticle | None = None, phi: Features | None = None, dtype: torch.dtype | None = None
    ) -> Grams:
        """J W J'^T [n k, n' k] with W the mobilities, or other weights [particles], and J' at other embedded inputs.

        J' is J where no other inputs are given. With a `dtype` products are computed in it.
        """
        weights = self.scaled.mobility if weights is None else weights
        return self.tiles.gram(weights * self.scaled.factors.square(), phi, dtype=dtype)
