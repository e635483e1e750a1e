"""Second derivatives of activations."""

import math

import pytest
import torch

from limits.theorems.curvature import largest_curvature, second_derivative
from particles import GELU, Activation, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import SLOPE, assert_identical, relative_error

Z = torch.linspace(-6.0, 6.0, 501, dtype=torch.float64)
SMOOTH = [Erf(), Tanh(), Sigmoid(), Softplus(), GELU(), SiLU()]


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda activation: type(activation).__name__)
def test_second_derivative_is_the_slope_of_the_first(activation: Activation) -> None:
    """Assert that sigma'' agrees with extrapolated differences of sigma'."""
    slope = derivative(lambda step: activation.derivative(Z + step))
    assert relative_error(second_derivative(activation, Z), slope) < SLOPE


def test_second_derivative_of_tanh_is_known() -> None:
    """Assert that it is -2 tanh (1 - tanh^2), and zero for a straight line."""
    assert_identical(second_derivative(Tanh(), Z), -2.0 * Z.tanh() * (1.0 - Z.tanh() ** 2))
    assert torch.equal(second_derivative(Linear(), Z), torch.zeros_like(Z))


@pytest.mark.parametrize(
    ("activation", "exact"),
    [
        (Tanh(), 4.0 / (3.0 * math.sqrt(3.0))),
        (Sigmoid(), 1.0 / (6.0 * math.sqrt(3.0))),
        (Softplus(), 0.25),
        (Erf(), 2.0 * math.sqrt(2.0 / math.pi) * math.exp(-0.5)),
        (SiLU(), 0.5),
        (GELU(), math.sqrt(2.0 / math.pi)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_largest_curvature_is_rounded_up(activation: Activation, exact: float) -> None:
    """Assert that sup |sigma''| is at least the exact value, and at most 2e-5 of it above."""
    assert exact <= largest_curvature(activation) <= exact * (1.0 + 2e-5)


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU()])
def test_kinks_have_no_second_derivative(activation: Activation) -> None:
    """Assert that an activation with a kink is refused."""
    with pytest.raises(ValueError, match="has no second derivative at its kink; take a smooth activation"):
        second_derivative(activation, Z)
