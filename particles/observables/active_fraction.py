"""How much of the mass of two-layer networks can learn: neurons whose preactivation is where sigma' is large."""

import math
from dataclasses import dataclass
from functools import cached_property

from particles.cloud import ParticleCloud
from particles.neurons.perceptron import Perceptron
from particles.observables.observable import Observable
from particles.risk.dataset import checked_inputs
from particles.risk.risk import Risk
from particles.shapes import Features, Inputs, PerDatum, Scalar


@dataclass(frozen=True, eq=False)
class ActiveFraction(Observable):
    """min_i sum_j lambda_j 1{least < w_j . phi(x_i) < most} on inputs [data, inputs]: how much of the mass can learn.

    Where |sigma'| >= K between `least` and `most`, the risk falls at a rate of at least K^2 times this fraction times
    the smallest eigenvalue of the Gram matrix of phi (Chen, Vanden-Eijnden and Bruna 2022). The borders are those of
    ReLU by default. Raises TypeError for other neurons than Perceptron, ValueError for borders that are not in order,
    and what `SmallestEigenvalue` raises.
    """

    risk: Risk
    inputs: Inputs
    least: float = 0.0
    most: float = math.inf

    def __post_init__(self) -> None:
        checked_inputs(self.inputs)
        neuron = self.risk.neuron
        if not isinstance(neuron, Perceptron):
            raise TypeError(f"Active are preactivations of a Perceptron, but the neuron is a {type(neuron).__name__}.")
        if not self.least < self.most:
            raise ValueError(f"Nothing lies between {self.least:g} and {self.most:g}; give borders in order.")

    @cached_property
    def _phi(self) -> Features:
        phi: Features = self.risk.network.neuron.embed(self.inputs)
        return phi

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The fraction of the mass that is active on the datum where it is least, a scalar."""
        phi = self._phi.to(cloud.positions)

        def active(part: slice) -> PerDatum:
            h = cloud.positions[part, : phi.shape[1]] @ phi.T
            return cloud.masses[part] @ ((h > self.least) & (h < self.most)).to(cloud.dtype)

        return cloud.summed(active).min()
