"""Closed forms against integrals by other means, Price's theorem, and the edges where formulas break."""

import itertools
import math
from collections.abc import Callable
from functools import partial

import mpmath
import pytest
import torch
from torch import Tensor

from limits.kernels import closed_forms as closed
from particles import GELU, Activation, Erf, LeakyReLU, Linear, ReLU
from tests.limits.kernels.oracles import CASES, PRECISE, half_analytic, ramp, trapezoid
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import QUADRATURE, SLOPE, assert_identical, relative_error

Formula = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

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
mpmath.mp.dps = 90
ANGLES = [mpmath.mpf(each) for each in (1e-9, 1e-4, 0.3, 1.6, 2.9)]
ANGLES += [mpmath.pi - each for each in ANGLES[:2]]


PAIRS: dict[str, tuple[Formula, Formula]] = {
    "relu": RELU,
    "leaky": LEAKY,
    "linear": LINEAR,
    "erf": (closed.erf_value, closed.erf_derivative),
    "gelu": (closed.gelu_value, closed.gelu_derivative),
}


def scalars(p: float, q: float, rho: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """p, q, r and p q - r^2 as tensors."""
    values = (p, q, rho * math.sqrt(p * q), p * q * (1.0 - rho) * (1.0 + rho))
    return tuple(torch.tensor(value, dtype=torch.float64) for value in values)


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
    minor = lambda r: p * q - r * r
    assert relative_error(slope(p, q, r, minor(r)), derivative(lambda h: value(p, q, r + h, minor(r + h)))) < SLOPE


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
            assert_identical(formula(p, p, r, torch.zeros_like(p)), exact, operations=1e4)


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_is_nan_at_the_edges(name: str) -> None:
    """Assert that opposite, parallel and vanishing inputs give finite values."""
    p = torch.tensor([0.0, 1e-320, 1.0, 1e12, 3e20, 7e20], dtype=torch.float64)
    for sign in (-1.0, 0.0, 1.0):
        r = sign * p[:, None].sqrt() * p[None, :].sqrt()
        minor = torch.zeros_like(r) if sign else p[:, None] * p
        for formula in PAIRS[name]:
            assert bool(formula(p[:, None], p[None, :], r, minor).isfinite().all())


@pytest.mark.parametrize("name", PAIRS)
def test_formulas_keep_their_digits_at_any_norm_and_angle(name: str) -> None:
    """Assert that they agree with 90 digits to 1e-14 of sqrt(E h(u)^2 E h(v)^2), and where the kernel keeps one sign to
    1e-13 of itself: norms of 1e-6 to 1e8, angles of 1e-9 to pi - 1e-9."""
    for p, q, angle in itertools.product((1e-12, 1.0, 1e9, 1e16), (1e-11, 3.0, 1e15), ANGLES):
        args = [mpmath.mpf(p), mpmath.mpf(q), mpmath.sqrt(mpmath.mpf(p) * q) * mpmath.cos(angle)]
        given = [torch.tensor(float(value), dtype=torch.float64) for value in (*args, args[0] * q - args[2] ** 2)]
        for which, formula in enumerate(PAIRS[name]):
            exact = PRECISE[name](*args)[which]
            own = [PRECISE[name](each, each, each)[which] for each in args[:2]]
            found = mpmath.mpf(float(formula(*given)))
            assert abs(found - exact) < 1e-14 * mpmath.sqrt(own[0] * own[1]), (p, q, angle)
            if name in ("relu", "erf"):
                assert abs(found - exact) < 1e-13 * abs(exact), (p, q, angle)
