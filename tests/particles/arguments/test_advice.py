"""Advice is the nearest right form."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
import torch

from flows import Flow, GradientFlow, Integrator, Observer
from particles import (
    L2,
    Activation,
    Dataset,
    Ensemble,
    GaussianLaw,
    Identity,
    Loss,
    MeanField,
    Network,
    Neuron,
    ParticleCloud,
    Perceptron,
    Power,
    Risk,
    Scaling,
    Squared,
    Tanh,
    UserNeuron,
)
from particles.arguments.advice import advice, shown
from particles.arguments.annotations import wanted
from particles.shapes import Inputs, Masses

NEURON = Perceptron(activation=Tanh(), embedding=Identity(dim=1))
CLOUD = ParticleCloud(torch.ones(2, 2, dtype=torch.float64))
RISK = Risk(NEURON, MeanField(), Squared(), Dataset(torch.ones(1, 1), torch.ones(1)))


class Still:
    """A flow whose author forgot the time."""

    def velocity(self, cloud: ParticleCloud) -> torch.Tensor:
        """None at all."""
        return torch.zeros_like(cloud.positions)


class Half:
    """Half a neuron."""

    dim = 3


@pytest.mark.parametrize(
    ("value", "annotation", "said"),
    [
        ("tanh", Activation, "write Tanh()"),
        ("relu", Activation, "write ReLU()"),
        ("squared", Loss, "write Squared()"),
        ("cross_entropy", Loss, "write CrossEntropy()"),
        ("xyz", Loss, "give Squared()"),
        (MeanField, Scaling, "write MeanField()"),
        (Power, Scaling, "write Power(0.5)"),
        (GradientFlow, Flow, "write GradientFlow(risk=...)"),
        (RISK, Flow, "write GradientFlow(x)"),
        (GradientFlow(RISK), Risk, "write x.risk"),
        (RISK, Network, "write x.network"),
        (RISK, Observer, "write Trace(risk=risk)"),
        (CLOUD.positions, ParticleCloud, "write ParticleCloud(x)"),
        (GaussianLaw(NEURON), ParticleCloud, "write law.sample(masses=masses.uniform(500), seed=0)"),
        (Ensemble.of([CLOUD]), ParticleCloud, "write x[0] for its first member"),
        (CLOUD, Ensemble, "write Ensemble.of([x])"),
        (500, Masses, "write masses.uniform(500)"),
        (0.1, L2 | None, "write L2(0.1)"),
        (np.ones((2, 3)), Inputs, "write torch.from_numpy(x)"),
        (np.ones((2, 3), dtype=int), Inputs, "write torch.from_numpy(x).double()"),
        ([[1.0]], Inputs, "write torch.tensor(x, dtype=torch.float64)"),
        (torch.ones(2, 3, dtype=torch.int64), Inputs, "write x.double()"),
        (torch.ones(3), Inputs | None, "write x[None] for one row"),
        (torch.tensor(1.0), float, "write float(x)"),
        (print, Sequence[Observer], "write [x]"),
        (3, Integrator, "give Adaptive() or Euler(step=0.1)"),
        (Still(), Flow, "give it velocity(cloud, time)"),
        (Half(), Neuron | UserNeuron, "give it embed(inputs)"),
        (None, float, "give one"),
        (3, Callable[[int], int], "give one"),
    ],
)
def test_nearest_right_form_is_advised(value: object, annotation: object, said: str) -> None:
    """Assert that each kind of slip has its own advice."""
    assert advice("x", value, wanted(annotation)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Tanh, "the class Tanh"),
        (torch.ones(2, 3), "a float32 tensor [2, 3]"),
        (np.ones(2), "a NumPy array [2] of float64"),
        (len, "the function len"),
        (None, "None"),
        ("tanh", "'tanh'"),
        (2.5, "2.5"),
        ([1] * 50, "a list"),
        (RISK, "a Risk"),
        (partial(print), "a partial"),
    ],
)
def test_values_are_told_shortly(value: object, said: str) -> None:
    """Assert that small values are written out and large ones are named."""
    assert shown(value) == said
