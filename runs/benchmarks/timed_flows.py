"""The flows on which integrators are compared: a stiff and a mild one, drawn from fixed seeds at any size.

The loss has the factor 1/n as everywhere in this project; times for the loss without it are multiplied by n.
"""

import math
from dataclasses import dataclass

import torch

from flows import GradientFlow
from particles import (
    NTK,
    Activation,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    RademacherOutputs,
    Risk,
    Softplus,
    Squared,
    Tanh,
    masses,
)
from particles.numerics.randomness import generator
from particles.shapes import Inputs

#: Times of the two problems for the loss without 1/n.
STIFF_TIME, MILD_TIME = 2000.0, 100.0
#: Parameters of the asymmetrical masses gamma/m + (1 - gamma) zipf of both problems.
GAMMA, ALPHA = 0.5, 0.7


@dataclass(frozen=True, eq=False)
class TimedFlow:
    """A flow with its name, its start and the end time of its run."""

    name: str
    flow: GradientFlow
    cloud: ParticleCloud
    until: float


def stiff_flow(
    count: int = 1000, data: int = 60, dim: int = 20, *, activation: Activation | None = None, seed: int = 0
) -> TimedFlow:
    """A flow on inputs whose coordinates decay as 1/k, so the eigenvalues of its kernel spread over many decades.

    x_i is proportional to (z_i1, z_i2 / 2, ..., z_id / d) with z normal and |x_i| = sqrt(d), and y_i = sin(u . x_i) for
    a random unit vector u. The activation is softplus, with NTK scaling of asymmetrical masses. The largest eigenvalue
    of K P times the end time is about 10^4.
    """
    decay = 1.0 / torch.arange(1, dim + 1, dtype=torch.float64)
    return _problem("stiff", activation or Softplus(), count, decay, data, STIFF_TIME * data, seed)


def mild_flow(
    count: int = 2000, data: int = 100, dim: int = 50, *, activation: Activation | None = None, seed: int = 0
) -> TimedFlow:
    """A flow on inputs that are uniform on the sphere of radius sqrt(d), so eigenvalues are of like size; tanh."""
    return _problem("mild", activation or Tanh(), count, torch.ones(dim).double(), data, MILD_TIME * data, seed)


def _problem(
    name: str, activation: Activation, count: int, decay: torch.Tensor, data: int, until: float, seed: int
) -> TimedFlow:
    inputs = _inputs(data, decay, seed)
    direction = _inputs(1, torch.ones_like(decay), seed + 1)[0]
    targets = torch.sin(inputs @ direction / math.sqrt(len(decay)))
    neuron = Perceptron(activation, Identity(len(decay)))
    risk = Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=Dataset(inputs, targets))
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    cloud = law.sample(masses=masses.asymmetrical(count, gamma=GAMMA, alpha=ALPHA), seed=seed)
    return TimedFlow(name, GradientFlow(risk), cloud, until)


def _inputs(data: int, decay: torch.Tensor, seed: int) -> Inputs:
    """Rows of length sqrt(d) whose coordinates are normal numbers times a decay."""
    rows = torch.from_numpy(generator(seed, "data").standard_normal((data, len(decay)))) * decay
    return rows * (math.sqrt(len(decay)) / rows.square().sum(dim=1, keepdim=True).sqrt())
