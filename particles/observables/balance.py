"""What gradient flow conserves in homogeneous networks: the balance between the weights of layers that follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from particles.cloud import ParticleCloud
from particles.neurons.activations import Activation
from particles.neurons.deep.neuron import Deep
from particles.neurons.perceptron import Perceptron
from particles.observables.movement import same_particles
from particles.observables.observable import Observable
from particles.risk.risk import Risk
from particles.shapes import PerParticle, Scalar

#: The ending of the names of groups that are biases; they belong to the weights of the same layer.
BIAS = ".bias"


@dataclass(frozen=True, eq=False)
class BalanceChange(Observable):
    """max_{j,l} |B_jl(t) - B_jl(0)|, B_jl = |W_l|^2 / r_l - |W_{l+1}|^2 / r_{l+1} of particle j: zero by gradient flow.

    W_l are all weights of layer l as they stand in the positions, and r_l is their rate; |b_l|^2 over the rate of the
    bias is added to the first term where there is one. A perceptron has |w_j|^2 / r_hidden - |a_j|^2 / r_output. With
    activations that are homogeneous, sigma(c z) = c sigma(z), the function does not change where layer l is multiplied
    by c > 0 and layer l + 1 divided by it, so <W_l, dR/dW_l> + <b_l, dR/db_l> = <W_{l+1}, dR/dW_{l+1}>, and every
    B_jl is conserved, whatever the multipliers of layers and the mobility of the particle (Du, Hu and Lee 2018). An
    integrator changes it by its error: by the order of its step, or its tolerance. A regulariser, noise and other
    optimisers change it too.

    Raises TypeError for a neuron that is not a `Perceptron` or a `Deep`, ValueError for activations that are not
    homogeneous, groups that do not move, and a network of one layer.
    """

    risk: Risk
    start: ParticleCloud

    def __post_init__(self) -> None:
        neuron, network = self.risk.network.neuron, self.risk.network
        for activation in _activations(neuron):
            if not activation.homogeneous:
                raise ValueError(
                    f"BalanceChange needs homogeneous activations, and {type(activation).__name__} is none; take ReLU, "
                    "LeakyReLU or Linear."
                )
        rates = network.rates or (1.0,) * len(network.groups)
        still = [
            name
            for name, rate in zip(network.groups, rates, strict=True)
            if rate == 0.0 or name not in network.trained_groups
        ]
        if still:
            raise ValueError(f"BalanceChange needs all weights trained, but these do not move: {', '.join(still)}.")
        if len(self._terms) < 2:
            raise ValueError("BalanceChange compares the weights of layers that follow, but the network has one.")

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The largest change, a scalar; raises ShapeError for a cloud of another shape than the start."""
        start = same_particles(self.start, cloud)
        products = (cloud.positions - start) * (cloud.positions + start)

        def change(terms: Sequence[tuple[slice, float]]) -> PerParticle:
            return torch.stack([products[:, part].sum(dim=1) / rate for part, rate in terms]).sum(dim=0)

        pairs = zip(self._terms, self._terms[1:], strict=False)
        return cloud.largest(torch.stack([(change(below) - change(above[:1])).abs() for below, above in pairs]))

    @cached_property
    def _terms(self) -> list[list[tuple[slice, float]]]:
        """Columns and rates of each layer's weights and, where there is one, of its bias."""
        network = self.risk.network
        layers: list[list[tuple[slice, float]]] = []
        rates = network.rates or (1.0,) * len(network.groups)
        for (name, columns), rate in zip(network.groups.items(), rates, strict=True):
            if name.endswith(BIAS):
                layers[-1].append((columns, rate))
            else:
                layers.append([(columns, rate)])
        return layers


def _activations(neuron: object) -> list[Activation]:
    """The activations of all hidden layers that are not linear."""
    if isinstance(neuron, Perceptron):
        return [neuron.activation]
    if isinstance(neuron, Deep):
        return [stage.activation for stage in neuron.chain.stages if stage.activation is not None]
    raise TypeError(f"BalanceChange needs a Perceptron or a Deep, but the risk has {type(neuron).__name__}.")
