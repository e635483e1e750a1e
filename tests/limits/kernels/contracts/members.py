"""The kernels that keep the contract, each beside its finite partner: a new member is one line here."""

from collections.abc import Callable

import torch
from torch import Tensor

from limits import Kernel, feature_kernel, tangent_kernel
from particles import (
    GELU,
    NTK,
    Biased,
    Dataset,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    LeakyReLU,
    Linear,
    ParticleCloud,
    Perceptron,
    Quadratic,
    RademacherOutputs,
    ReLU,
    Risk,
    SiLU,
    Softplus,
    Squared,
    SymmetricPairs,
    Tanh,
    tangent_gram,
)
from particles.initial.laws import OutputLaw
from particles.neurons.embeddings import Embedding

#: The Gram matrix of a cloud between inputs x1 and x2.
Partner = Callable[[ParticleCloud, Tensor, Tensor], Tensor]

INPUTS = 3


def tangents(neuron: Perceptron) -> Partner:
    """`tangent_gram` of a network of these neurons."""

    def gram(cloud: ParticleCloud, x1: Tensor, x2: Tensor) -> Tensor:
        data = Dataset(x1, x1.new_zeros(x1.shape[0], neuron.outputs))
        return tangent_gram(Risk(neuron, NTK(), Squared(), data), cloud, x1, x2)

    return gram


def features(neuron: Perceptron) -> Partner:
    """sum_j lambda_j g_j(x) g_j(x')^T, written out."""

    def gram(cloud: ParticleCloud, x1: Tensor, x2: Tensor) -> Tensor:
        one, two = (neuron.tangent(cloud.positions, neuron.embed(x)).features().flatten(1) for x in (x1, x2))
        return torch.einsum("j,jr,js->rs", cloud.masses, one, two)

    return gram


def tangent(
    neuron: Perceptron, outputs: OutputLaw = RademacherOutputs(), variance: float = 1.0
) -> tuple[Kernel, Partner]:
    """The tangent kernel of Gaussian hidden weights and its partner."""
    return tangent_kernel(neuron, GaussianLaw(neuron, outputs, variance)), tangents(neuron)


def feature(
    neuron: Perceptron, outputs: OutputLaw = RademacherOutputs(), variance: float = 1.0
) -> tuple[Kernel, Partner]:
    """The feature kernel of Gaussian hidden weights and its partner."""
    return feature_kernel(neuron, GaussianLaw(neuron, outputs, variance)), features(neuron)


PLAIN: Embedding = Identity(INPUTS)
MIRRORED = Perceptron(Softplus(), PLAIN, 1, "both")

#: (kernel, partner).
KERNELS: list[tuple[Kernel, Partner]] = [
    tangent(Perceptron(ReLU(), PLAIN)),
    tangent(Perceptron(ReLU(), PLAIN, 1, "output")),
    tangent(Perceptron(ReLU(), Biased(PLAIN), 2, "both"), GaussianOutputs(0.5), 2.0),
    tangent(Perceptron(LeakyReLU(0.2), PLAIN, 1, "both"), variance=2.0),
    tangent(Perceptron(Erf(), PLAIN, 1, "both"), GaussianOutputs(2.0)),
    tangent(Perceptron(GELU(), Quadratic(INPUTS), 1, "both")),
    tangent(Perceptron(Tanh(), PLAIN, 2)),
    tangent(Perceptron(SiLU(), Biased(PLAIN), 1, "both"), variance=3.0),
    tangent(Perceptron(Linear(), PLAIN, 1, "both")),
    (tangent_kernel(MIRRORED, SymmetricPairs(GaussianLaw(MIRRORED))), tangents(MIRRORED)),
    feature(Perceptron(ReLU(), PLAIN)),
    feature(Perceptron(Tanh(), Biased(PLAIN), 2), GaussianOutputs(0.5), 2.0),
]
