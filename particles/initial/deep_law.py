"""The initial law of deep networks: independent Gaussian weights, with each layer's own standard deviation."""

from dataclasses import dataclass

import torch

from particles.cloud import ParticleCloud
from particles.initial import masses as weights
from particles.initial.uniform_points import Points, Random
from particles.neurons.deep.neuron import Deep
from particles.shapes import Masses


@dataclass(frozen=True)
class DeepLaw:
    """Every weight from N(0, deviation^2) of its group, which the neuron's parameterisation says; all independent.

    `points` is the source of the uniform numbers, `Random()` or `Sobol()`. With `SymmetricPairs(law)` the network is
    zero at the start.
    """

    neuron: Deep
    points: Points = Random()

    def sample(self, *, masses: Masses | None = None, seed: int) -> ParticleCloud:
        """A cloud of networks with these masses [particles], in their dtype and on their device; one where left out.

        Raises what `GaussianLaw.sample` raises.
        """
        masses = weights.uniform(1) if masses is None else masses
        uniforms = self.points.draw(masses.shape[0], self.neuron.dim, seed).to(masses.device)
        positions = torch.special.ndtri(uniforms)
        for group in self.neuron.chain.groups:
            positions[:, group.columns] *= group.scales.deviation
        return ParticleCloud(positions.to(masses.dtype), masses)
