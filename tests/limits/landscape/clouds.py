"""Small networks between whose clouds paths are drawn."""

import torch

from particles import (
    Activation,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Scaling,
    Squared,
    Tanh,
    masses,
)
from tests.draws import normals

INPUTS = normals(40, 3, seed=5)
DATA = Dataset(INPUTS, torch.stack([INPUTS[:, 0].sin(), INPUTS[:, 1] * INPUTS[:, 2]], dim=1))


def risk(scaling: Scaling = MeanField(), activation: Activation = Tanh()) -> Risk:
    """Of two outputs."""
    neuron = Perceptron(activation, Identity(3), outputs=2, trained="both")
    return Risk(neuron=neuron, scaling=scaling, loss=Squared(), data=DATA)


def cloud(count: int, seed: int, weights: torch.Tensor | None = None) -> ParticleCloud:
    """Of so many particles, with equal masses where none are given."""
    law = GaussianLaw(risk().neuron, outputs=GaussianOutputs())
    return law.sample(masses=masses.uniform(count) if weights is None else weights, seed=seed)


def deep(*widths: int, bias: bool = False) -> Deep:
    """A deep network of these hidden layers."""
    layers = [Dense(width, bias=bias) for width in (*widths, 2)]
    return Deep(
        3, layers, activation=Tanh(), parameterisation="standard", weight_variance=2.0, bias_variance=0.1 * bias
    )


def networks(neuron: Deep, count: int = 1) -> tuple[ParticleCloud, ParticleCloud]:
    """Two clouds of deep networks."""
    first, second = (DeepLaw(neuron).sample(masses=masses.uniform(count), seed=seed) for seed in (0, 1))
    return first, second
