"""Closed forms against integrals by other means, Price's theorem, and the edges where formulas break."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from limits.kernels import closed_forms as closed
from particles import GELU, Activation, Erf, LeakyReLU, Linear, ReLU
from tests.limits.oracles import CASES, half_analytic, ramp, trapezoid
from tests.particles.romberg import derivative
from tests.tolerances import QUADRATURE, SLOPE, assert_identical, relative_error

Formula = Callable[[Tensor, Tensor, Tensor], Tensor]

RELU = (
    partial(closed.homogeneous_value, right=1.0, left=0.0),
    partial(closed.homogeneous_derivative, right=1.0, left=0.0),
)
LEAKY = (
    partial(closed.homogeneous_value, right=1.0, left=-1.7),
    partial(closed.homogeneous_derivative, right=1.0, left=-1.7),
)
LINEAR = (
    partial(closed.homogeneous_value, right=1.0, left=1.0),
    partial(closed.homogeneous_derivative, right=1.0, left=1.0),
)
PAIRS: dict[str, tuple[Formula, Formula]] = {
    "relu": RELU,
    "leaky": LEAKY,
    "linear": LINEAR,
    "erf": (closed.erf_value, closed.erf_derivative),
    "gelu": (closed.gelu_value, closed.gelu_derivative),
}


def scalars(p: float, q: float, rho: float) -> tuple[Tensor, Tensor, Tensor]:
    """p, q and r as tensors."""
    return tuple(torch.tensor(value, dtype=torch.float64) for value in (p, q, rho * math.sqrt(p * q)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("formula", "function"),
    [
        (closed.erf_value, Erf().value),
        (closed.erf_derivative, Erf().derivative),
        (closed.erf_derivative_square, lambda z: Erf().derivative(z) ** 2),
        (closed.gelu_value, GELU().value),
        (closed.gelu_derivative, GELU().derivative),
        (LINEAR[0], Linear().value),
    ],
    ids=["erf", "erf'", "erf'^2", "gelu", "gelu'", "linear"],
)
def test_smooth_closed_forms_are_the_integrals(
    formula: Formula, function: Callable[[Tensor], Tensor], case: tuple[float, float, float]
) -> None:
    """Assert that closed forms of smooth activations agree with the trapezoidal rule to 1e-10."""
    assert abs(float(formula(*scalars(*case))) - trapezoid(function, *case)) < QUADRATURE


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("pair", "left"), [(RELU, 0.0), (LEAKY, -1.7)], ids=["relu", "leaky"])
def test_homogeneous_closed_forms_are_the_integrals(
    pair: tuple[Formula, Formula], left: float, case: tuple[float, float, float]
) -> None:
    """Assert that arc-cosine kernels agree with integrals that are half by hand and half by scipy, to 1e-10."""
    value = lambda z: z if z > 0 else left * z
    slope = lambda z: 1.0 if z > 0 else left
    smoothed = lambda m, s: ramp(m, s) - left * ramp(-m, s)
    above = lambda m, s: left + (1.0 - left) * 0.5 * math.erfc(-m / s / math.sqrt(2.0))
    for formula, plain, conditional in ((pair[0], value, smoothed), (pair[1], slope, above)):
        assert abs(float(formula(*scalars(*case))) - half_analytic(plain, conditional, (0.0,), *case)) < QUADRATURE


@pytest.mark.parametrize("name", PAIRS)
def test_derivative_kernel_is_the_slope_in_the_covariance(name: str) -> None:
    """Assert that Price's theorem holds: d/dr E s(u) s(v) = E s'(u) s'(v), by extrapolated differences."""
    value, slope = PAIRS[name]
    p, q = torch.tensor(1.3, dtype=torch.float64), torch.tensor(0.6, dtype=torch.float64)
    r = torch.linspace(-0.6, 0.6, 7, dtype=torch.float64)
    assert relative_error(slope(p, q, r), derivative(lambda step: value(p, q, r + step))) < SLOPE


@pytest.mark.parametrize(
    ("name", "activation"),
    [("relu", ReLU()), ("leaky", LeakyReLU(-1.7)), ("linear", Linear()), ("erf", Erf()), ("gelu", GELU())],
)
def test_parallel_inputs_give_the_exact_mean_square(name: str, activation: Activation) -> None:
    """Assert that at correlation one, and one rounding error beyond, the formulas are E s(u)^2 and E s'(u)^2."""
    p = torch.tensor(0.7, dtype=torch.float64)
    x = torch.arange(-10.0, 10.0, 1e-3, dtype=torch.float64)
    weight = torch.exp(-0.5 * x * x) * (1e-3 / math.sqrt(2.0 * math.pi))
    for formula, function in zip(PAIRS[name], (activation.value, activation.derivative), strict=True):
        # Both sides of the kink: with their mean the trapezoidal rule is exact for a jump at zero.
        both = [function(p.sqrt() * x + side).square() for side in (1e-13, -1e-13)]
        exact = 0.5 * (both[0] + both[1]) @ weight
        for r in (p, p * (1.0 + 3e-16), p * (1.0 - 3e-16)):
            assert_identical(formula(p, p, r), exact, operations=1e4)


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_is_nan_at_the_edges(name: str) -> None:
    """Assert that opposite, parallel and vanishing inputs give finite values."""
    p = torch.tensor([0.0, 1e-320, 1.0, 1e12, 3e20, 7e20], dtype=torch.float64)
    for sign in (-1.0, 0.0, 1.0):
        for formula in PAIRS[name]:
            assert bool(formula(p[:, None], p[None, :], sign * p[:, None].sqrt() * p[None, :].sqrt()).isfinite().all())


def test_correlations_are_clipped_at_rounding_only() -> None:
    """Assert that what rounding moved off one is one, and a correlation of 1 - 1e-12 is kept."""
    one = torch.ones(3, dtype=torch.float64)
    r = torch.tensor([1.0 + 4e-16, 1.0 - 4e-16, 1.0 - 1e-12], dtype=torch.float64)
    rho = closed.correlation(one, one, r)
    assert rho[:2].tolist() == [1.0, 1.0]
    assert float(rho[2]) == float(r[2])
