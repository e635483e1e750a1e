"""Partially trained networks in the three scalings that the paper compares, and what is measured of them.

f = sum_j s_j a_j sigma(h_j), h_j = w_j . phi, phi frozen, a_j = -1 or 1 frozen, m particles of equal mass, D = m
features phi = sigma(z . x / sqrt(d)) / sqrt(D). The paper's table 1 has

    ours  f 1/m,       h 1/sqrt(m),  mobility m:    mean field, w ~ N(0, I)
    NTK   f 1/sqrt(m), h 1/sqrt(m),  mobility 1:    NTK, w ~ N(0, I), in pairs so that f starts at zero
    MF    f 1/m,       h 1/m,        mobility m^2:  mean field, w ~ N(0, I/m)

In the last, w' of the paper is sqrt(m) w: so w has the variance 1/m and the mobility m^2 / m.
"""

from dataclasses import dataclass
from typing import cast

import torch

from particles import (
    NTK,
    Activation,
    Dataset,
    Embedding,
    GaussianLaw,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    RandomFeatures,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)
from particles.risk.scaling import Scaling
from particles.shapes import Hidden, Inputs, Scalar
from runs.figures.palette import COLOURS
from runs.studies.feature_learning.config import Config


@dataclass(frozen=True)
class Scaled:
    """One of the three scalings: its name, how it is called and drawn."""

    name: str
    label: str
    colour: str

    @property
    def scaling(self) -> Scaling:
        """Output factors and mobilities."""
        return NTK() if self.name == "ntk" else MeanField()

    def start(self, neuron: Perceptron, count: int, seed: int) -> ParticleCloud:
        """The particles at the start; the same numbers for all three but for pairs and variance."""
        if self.name == "ntk":
            half = masses.uniform(count)
            return SymmetricPairs(GaussianLaw(neuron)).sample(masses=half, seed=seed)
        variance = 1.0 / count if self.name == "mf" else 1.0
        return GaussianLaw(neuron, variance=variance).sample(masses=masses.uniform(count), seed=seed)


SCALINGS = (
    Scaled("ours", "ours", COLOURS[0]),
    Scaled("ntk", "NTK", COLOURS[2]),
    Scaled("mf", "MF", COLOURS[3]),
)


def frozen(activation: Activation, inputs: int, features: int, floors: int, seed: int) -> Embedding:
    """So many floors of random features on top of the inputs, x / sqrt(d) itself for none."""
    embedding: Embedding = Identity(inputs)
    for _ in range(floors):
        embedding = RandomFeatures(embedding, activation, features, seed)
    return embedding


def risk_of(activation: Activation, embedding: Embedding, scaling: Scaling, data: Dataset) -> Risk:
    """R = (1/2n) sum_i (f(x_i) - y_i)^2, hidden weights trained."""
    return Risk(Perceptron(activation, embedding), scaling, Squared(), data)


def perceptron(risk: Risk) -> Perceptron:
    """Its neuron."""
    return cast(Perceptron, risk.neuron)


def features(risk: Risk, cloud: ParticleCloud, inputs: Inputs) -> Hidden:
    """h_j(x_i) [particles, data]."""
    phi = risk.network.neuron.embed(inputs).to(cloud.positions)
    h: Hidden = cloud.positions[:, : phi.shape[1]] @ phi.T
    return h


def root_mean_square(values: Hidden) -> Scalar:
    """Over particles and data."""
    return values.double().square().mean().sqrt()


def wrong_signs(risk: Risk, cloud: ParticleCloud, data: Dataset) -> Scalar:
    """The fraction of data whose sign the network misses; an output of zero misses it."""
    found = risk.predictions(cloud, data.inputs.to(cloud.positions))
    missed: Scalar = (found * data.targets.to(found) <= 0.0).double().mean()
    return missed


def relative_movement(before: Hidden, after: Hidden) -> Scalar:
    """rms(h_t - h_0) / rms(h_0)."""
    return root_mean_square(after - before) / root_mean_square(before)


def placed(cloud: ParticleCloud, config: Config) -> ParticleCloud:
    """The cloud on the device and in the dtype that E1.2 and E1.3 are computed with."""
    return cloud.to(device=config.device, dtype=torch.float32 if config.dtype == "float32" else torch.float64)
