"""Deep networks whose infinite widths keep the contract of kernels, each beside its finite networks, and wrong ones."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from limits import Evaluated, Kernel, infinite_width_kernels
from particles import (
    AveragePool,
    Convolution,
    Deep,
    DeepLaw,
    Dense,
    Erf,
    ParticleCloud,
    ReLU,
    Tanh,
)
from tests.draws import normals
from tests.limits.kernels.contracts.members import INPUTS, Partner, features, tangents


@dataclass(frozen=True)
class OneNetwork:
    """A law whose clouds are one network, whatever the masses: limits in width are met by a single wide one."""

    neuron: Deep

    def sample(self, *, masses: Tensor, seed: int) -> ParticleCloud:
        """One network."""
        return DeepLaw(self.neuron).sample(seed=seed)


@dataclass(frozen=True)
class InfiniteWidth:
    """The limit of a deep network's tangent kernel or NNGP as a `Kernel` of few inputs, which become its inputs."""

    neuron: Deep
    which: Literal["ntk", "nngp"]

    @property
    def law(self) -> OneNetwork:
        """That of the partner."""
        return OneNetwork(self.neuron)

    def evaluate(self, x1: Tensor, x2: Tensor | None = None) -> Evaluated:
        """One kernel for every output."""
        found = infinite_width_kernels(self.neuron, *(lifted(self.neuron, x) for x in (x1, x2) if x is not None))
        outputs = torch.eye(self.neuron.outputs).to(x1)
        return Evaluated(torch.kron(getattr(found, self.which), outputs), found.error)

    def __call__(self, x1: Tensor, x2: Tensor | None = None) -> Tensor:
        """The Gram matrix."""
        return self.evaluate(x1, x2).gram

    def sampled(self, cloud: ParticleCloud, x1: Tensor, x2: Tensor | None = None) -> Tensor:
        """That of a network."""
        return partner(self.neuron, self.which)(cloud, x1, x1 if x2 is None else x2)


def lifted(neuron: Deep, x: Tensor) -> Tensor:
    """Inputs of a network from a few numbers, by a fixed linear map."""
    count = neuron.inputs if isinstance(neuron.inputs, int) else math.prod(neuron.inputs)
    return x if count == INPUTS else x @ (normals(INPUTS, count, seed=7) / math.sqrt(INPUTS)).to(x)


def partner(neuron: Deep, which: Literal["ntk", "nngp"]) -> Partner:
    """`tangent_gram` of a network, or the products of its outputs."""
    plain = tangents(neuron) if which == "ntk" else features(neuron)
    return lambda cloud, x1, x2: plain(cloud, lifted(neuron, x1), lifted(neuron, x2))


DENSE = Deep(
    INPUTS,
    [Dense(96, bias=True), Dense(96, bias=True), Dense(2, bias=True)],
    Tanh(),
    weight_variance=1.5,
    bias_variance=0.3,
)
LINE = Deep((1, INPUTS), [Convolution(64, 2, bias=True), Convolution(64, 2), Dense(1)], ReLU(), bias_variance=0.2)
POOLED = Deep((2, 4, 4), [Convolution(64, 3), Convolution(64, 3), AveragePool(), Dense(1)], Erf(), weight_variance=2.0)
#: Blocks between layers, zeros outside, layers of different kinds, and groups that are not trained.
MIXED = Deep(
    (2, 4, 4),
    [
        Convolution(64, 3, bias=True),
        AveragePool(2),
        Convolution(64, 2, padding="zero", bias=True, activation=Erf()),
        Dense(64),
        Dense(2, bias=True),
    ],
    ReLU(),
    trained=("layer1", "layer2.bias", "layer3"),
    weight_variance=2.0,
    bias_variance=0.1,
)
SLOWER = replace(DENSE, layers=(Dense(96, bias=True), Dense(96, bias=True, rate=0.25), Dense(2, bias=True)))

#: (kernel, partner).
DEEP_KERNELS: list[tuple[Kernel, Partner]] = [
    (InfiniteWidth(neuron, which), partner(neuron, which))
    for neuron, which in (
        (DENSE, "ntk"),
        (POOLED, "ntk"),
        (POOLED, "nngp"),
        (DENSE, "nngp"),
        (LINE, "ntk"),
        (LINE, "nngp"),
        (MIXED, "ntk"),
        (SLOWER, "ntk"),
    )
]

#: (kernel, partner): weights and biases of another variance, zeros outside, everything trained, and rates forgotten.
WRONG: list[tuple[Kernel, Partner]] = [
    (InfiniteWidth(replace(DENSE, weight_variance=1.8), "ntk"), partner(DENSE, "ntk")),
    (InfiniteWidth(replace(DENSE, bias_variance=0.6), "ntk"), partner(DENSE, "ntk")),
    (
        InfiniteWidth(replace(POOLED, layers=(Convolution(64, 3, "zero"), *POOLED.layers[1:])), "ntk"),
        partner(POOLED, "ntk"),
    ),
    (InfiniteWidth(replace(MIXED, trained="all"), "ntk"), partner(MIXED, "ntk")),
    (InfiniteWidth(DENSE, "ntk"), partner(SLOWER, "ntk")),
]
