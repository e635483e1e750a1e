"""Small runs whose inputs are points in the plane, for the tests of feature maps."""

from pathlib import Path

import torch

from flows import GradientFlow, LinearisedFlow
from particles import (
    Biased,
    Dataset,
    Embedding,
    Identity,
    Network,
    ParticleCloud,
    Perceptron,
    Power,
    ReLU,
    Risk,
    Squared,
    Trajectory,
)
from tests.draws import normals

#: Masses are far from equal, and none of the usual powers of them gives the factors.
MASSES = torch.tensor([0.6, 0.3, 0.08, 0.02], dtype=torch.float64)
SCALING = Power(0.8)
TIMES = (0.0, 1.0, 5.0)


def frame(number: int, dim: int) -> ParticleCloud:
    """The cloud [4, dim] of a frame, unlike that of any other."""
    return ParticleCloud(normals(4, dim, seed=20 + number), MASSES)


def plane_run(
    path: Path, embedding: Embedding | None = None, *, outputs: int = 1, count: int = 6
) -> tuple[Path, Network, Dataset]:
    """A file with a frame per time, its network and its data [count, 2]."""
    neuron = Perceptron(ReLU(), embedding or Biased(Identity(2)), outputs=outputs, trained="both")
    inputs = normals(count, neuron.embedding.inputs, seed=1)
    data = Dataset(inputs, normals(count, outputs, seed=2))
    risk = Risk(neuron=neuron, scaling=SCALING, loss=Squared(), data=data)
    with Trajectory.create(path, flow=GradientFlow(risk), seed=0) as writer:
        for number, time in enumerate(TIMES):
            writer(number, time, frame(number, neuron.dim))
    return path, risk.network, data


def linearised_run(path: Path) -> Path:
    """The start of a linearised flow."""
    neuron = Perceptron(ReLU(), Identity(2))
    data = Dataset(normals(6, 2, seed=1), normals(6, seed=2))
    risk, start = Risk(neuron=neuron, scaling=SCALING, loss=Squared(), data=data), frame(0, neuron.dim)
    with Trajectory.create(path, flow=LinearisedFlow(risk, start), seed=0) as writer:
        writer(0, 0.0, start)
        writer(1, 2.0, start)
    return path
