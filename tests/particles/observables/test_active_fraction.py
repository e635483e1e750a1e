"""The active fraction: how much of the mass can learn."""

import math

import pytest
import torch
from torch import Tensor

from particles import ActiveFraction, Dataset, Identity, Linear, MeanField, ParticleCloud, Perceptron, Risk, Squared
from tests.particles.risk.contracts.members import WrittenPerceptron
from tests.particles.risk.contracts.plain import example
from tests.tolerances import assert_identical


def number(value: float) -> Tensor:
    """A float64 scalar."""
    return torch.tensor(value, dtype=torch.float64)


def test_active_fraction_is_the_mass_between_the_borders() -> None:
    """Assert that masses are counted strictly between the borders, on the datum where they are fewest."""
    positions = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    cloud = ParticleCloud(positions, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64))
    inputs = torch.tensor([[2.0], [-3.0]], dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1)), MeanField(), Squared(), Dataset(inputs, inputs))
    for least, most, fraction in ((0.0, math.inf, 0.3), (-math.inf, 2.0, 0.5), (-2.5, 2.5, 0.2), (-3.5, 3.5, 1.0)):
        assert_identical(ActiveFraction(risk, inputs, least, most)(cloud), number(fraction))
    assert_identical(ActiveFraction(risk, inputs)(cloud), number(0.3))


def test_active_fraction_of_what_has_none_is_refused() -> None:
    """Assert that other neurons and borders out of order are turned down."""
    risk, _ = example()
    with pytest.raises(ValueError, match="Nothing lies between 1 and 1"):
        ActiveFraction(risk, risk.data.inputs, 1.0, 1.0)
    other = Risk(WrittenPerceptron(3, risk.data.outputs, torch.tanh), MeanField(), Squared(), risk.data)
    with pytest.raises(TypeError, match="Active are preactivations of a Perceptron, but the neuron is a Written"):
        ActiveFraction(other, risk.data.inputs)
