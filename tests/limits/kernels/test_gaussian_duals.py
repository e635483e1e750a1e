"""Which activation gets a closed form, which quadrature, and that both say the same."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from limits.kernels.gaussian_duals import (
    ClosedForm,
    Differentiable,
    Dual,
    dual_of_squared_derivative,
    dual_pair,
    quadrature,
)
from limits.kernels.quadrature import Quadrature
from particles import GELU, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from tests.limits.kernels.oracles import ELU, HardTanh, Shifted, pairs
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import QUADRATURE, relative_error

CLOSED = [Linear(), ReLU(), LeakyReLU(), LeakyReLU(-1.7), Erf(), GELU()]
OPEN = [Tanh(), Sigmoid(), Softplus(), SiLU(), HardTanh(), Shifted(), ELU()]
VARIANCES = torch.tensor([0.3, 1.0, 2.4], dtype=torch.float64)
RHO = torch.tensor([[1.0, 0.2, -0.9], [0.2, 1.0, 0.99], [-0.9, 0.99, -1.0]], dtype=torch.float64)


@dataclass(frozen=True)
class Absolute:
    """|z|, a user's activation that declares itself homogeneous."""

    homogeneous: bool = True

    def value(self, z: Tensor) -> Tensor:
        """|z|."""
        return z.abs()

    def derivative(self, z: Tensor) -> Tensor:
        """sign(z)."""
        return z.sign()


def gram(dual: Dual, r: Tensor | None = None) -> Tensor:
    """E h(u) h(v) of the variances at hand."""
    rows = dual.at(VARIANCES)
    rho = RHO if r is None else r / (VARIANCES[:, None] * VARIANCES).sqrt()
    return rows.gram(rows, pairs(VARIANCES, VARIANCES, rho))[0]


@pytest.mark.parametrize("activation", [*CLOSED, Absolute()])
def test_closed_forms_are_what_quadrature_finds(activation: Differentiable) -> None:
    """Assert that the closed forms of values, derivatives and squared derivatives agree with quadrature to 1e-10."""
    pair = dual_pair(activation)
    for closed, function in (
        (pair.value, activation.value),
        (pair.derivative, activation.derivative),
        (dual_of_squared_derivative(activation), lambda z: activation.derivative(z).square()),
    ):
        if not isinstance(activation, GELU):
            assert isinstance(closed, ClosedForm)
        assert float((gram(closed) - gram(quadrature(activation, function))).abs().max()) < QUADRATURE


@pytest.mark.parametrize("activation", OPEN)
def test_other_activations_are_integrated(activation: Differentiable) -> None:
    """Assert that whatever has no closed form is left to quadrature."""
    pair = dual_pair(activation)
    assert isinstance(pair.value, Quadrature)
    assert isinstance(pair.derivative, Quadrature)


@pytest.mark.parametrize("activation", OPEN)
def test_derivative_dual_is_the_slope_of_the_value_dual(activation: Differentiable) -> None:
    """Assert that Price's theorem holds for duals by quadrature: d/dr E s(u) s(v) = E s'(u) s'(v)."""
    pair = dual_pair(activation, accuracy=1e-12)
    r = torch.full((3, 3), 0.1, dtype=torch.float64)
    slope = derivative(lambda step: gram(pair.value, r + step))
    # Differences of values that are good to 1e-12, over steps of 1/256 and larger.
    assert relative_error(gram(pair.derivative, r), slope) < QUADRATURE / 1e-2


def test_a_homogeneous_activation_of_ones_own_is_closed() -> None:
    """Assert that |z| gives E |u| |v| = (2/pi) sqrt(p q) (sin + (pi/2 - theta) cos), theta = arccos rho."""
    theta = torch.acos(RHO.clamp(-1.0, 1.0))
    scale = (VARIANCES[:, None] * VARIANCES).sqrt()
    exact = 2.0 / math.pi * scale * (theta.sin() + (math.pi / 2.0 - theta) * theta.cos())
    assert float((gram(dual_pair(Absolute()).value) - exact).abs().max()) < QUADRATURE


def test_rows_are_cut_like_inputs() -> None:
    """Assert that a part of the rows is the rows of a part, for closed forms and quadrature."""
    for activation in (Erf(), Tanh()):
        rows = dual_pair(activation).value.at(VARIANCES)
        part = rows.part(slice(1, 3))
        assert torch.equal(part.variances, VARIANCES[1:])
        assert torch.equal(part.squares(), rows.squares()[1:])


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_activation_is_refused() -> None:
    """Assert that an object without value and derivative is refused with what is needed."""
    with pytest.raises(
        TypeError, match=r"function is not an activation; give an object with value\(z\) and derivative"
    ):
        dual_pair(lambda z: z)
