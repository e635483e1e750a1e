"""Mehler's expansion: its coefficients, the bound on what it leaves out, and the terms it may skip."""

import math

import pytest
import torch

from limits.kernels.expansion import MOST_TERMS, mehler, spectrum, terms_needed
from limits.kernels.smooth_pieces import Function, Pieces, pieces
from particles import Erf, ReLU, Softplus, Tanh
from tests.limits.kernels.oracles import HardTanh, Shifted, trapezoid
from tests.tolerances import QUADRATURE, assert_identical

VARIANCES = torch.tensor([0.2, 1.0, 2.5], dtype=torch.float64)


def test_coefficients_of_a_ramp_are_the_known_ones() -> None:
    """Assert that those of ReLU are sqrt(p) times 1/sqrt(2 pi), 1/2, 1/(2 sqrt(pi)), 0, -1/(4 sqrt(3 pi)), 0, ..."""
    result = spectrum(ReLU().value, Pieces((0.0,)), VARIANCES, QUADRATURE)
    known = [1.0 / math.sqrt(2.0 * math.pi), 0.5, 0.5 / math.sqrt(math.pi), 0.0, -0.25 / math.sqrt(3.0 * math.pi), 0.0]
    expected = torch.tensor(known, dtype=torch.float64)[:, None] * VARIANCES.sqrt()
    assert_identical(result.coefficients[: len(known)], expected)
    assert result.last == MOST_TERMS


def test_kinks_away_from_zero_give_the_same_coefficients() -> None:
    """Assert that rules that move with a kink agree with integrals of the kinked function by hand: P(u > 0.3)."""
    result = spectrum(Shifted().derivative, Pieces((0.3,)), VARIANCES, QUADRATURE)
    a = 0.3 / VARIANCES.sqrt()
    density = torch.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    # E 1{x > a} he_k = phi(a) He_{k-1}(a) / sqrt(k!).
    expected = [torch.special.ndtr(-a), density, density * a / math.sqrt(2.0), density * (a * a - 1.0) / math.sqrt(6.0)]
    assert_identical(result.coefficients[:4], torch.stack(expected))


@pytest.mark.parametrize("activation", [Tanh(), Softplus(), HardTanh()])
def test_squares_and_tails_are_parseval(activation: Tanh) -> None:
    """Assert that E h^2 is the sum of all squares, and the tail what is left of it, falling from term to term."""
    smooth = pieces((activation.value, activation.derivative), 30.0)
    result = spectrum(activation.value, smooth, VARIANCES, QUADRATURE)
    left = result.squares - result.coefficients.square().cumsum(dim=0)
    assert_identical(result.tails.square(), left, operations=1e2)
    assert bool((result.tails.diff(dim=0) <= 0.0).all())


@pytest.mark.parametrize("largest", [0.3, 0.6, 0.9])
def test_what_is_left_out_is_below_the_bound_and_close_to_it(largest: float) -> None:
    """Assert that the error bound of a short expansion holds, and overestimates by less than a hundredfold."""
    result = spectrum(Softplus().value, Pieces(), VARIANCES, QUADRATURE)
    rho = torch.full((3, 3), largest, dtype=torch.float64)
    for accuracy in (1e-3, 1e-6):
        last, bound = terms_needed(result, result, largest, accuracy)
        full, short = mehler(result, result, rho, result.last), mehler(result, result, rho, last)
        error = float(((full - short).abs() / (result.units[:, None] * result.units)).max())
        assert error <= bound <= accuracy
        assert bound < 100.0 * error


def test_odd_functions_skip_even_terms() -> None:
    """Assert that the expansion of an odd function knows that it is, and sums to the closed form all the same."""
    result = spectrum(Erf().value, Pieces(), VARIANCES, 1e-14)
    assert (result.parity, spectrum(Erf().derivative, Pieces(), VARIANCES, 1e-14).parity) == (1, 0)
    assert spectrum(Softplus().value, Pieces(), VARIANCES, 1e-14).parity is None
    rho = torch.linspace(-1.0, 1.0, 9, dtype=torch.float64).reshape(3, 3)
    p, q = VARIANCES[:, None], VARIANCES[None, :]
    exact = 2.0 / math.pi * torch.asin(2.0 * rho * (p * q).sqrt() / ((1.0 + 2.0 * p) * (1.0 + 2.0 * q)).sqrt())
    assert float((mehler(result, result, rho, result.last) - exact).abs().max()) < QUADRATURE


def test_zero_variance_is_the_value_at_zero() -> None:
    """Assert that an input of norm zero has h(0) as its only coefficient, and ranges of variances include it."""
    result = spectrum(Softplus().value, Pieces(), torch.tensor([0.0, 1.0], dtype=torch.float64), QUADRATURE)
    expected = torch.zeros(result.last + 1, dtype=torch.float64)
    expected[0] = math.log(2.0)
    assert_identical(result.coefficients[:, 0], expected)


def test_a_large_variance_is_resolved() -> None:
    """Assert that tanh at standard deviation 30, a step to any plain rule, has the right kernel at low correlation."""
    result = spectrum(Tanh().value, Pieces(), torch.tensor([900.0], dtype=torch.float64), QUADRATURE)
    rho = torch.tensor([[0.4]], dtype=torch.float64)
    # Poles of tanh(30 x) lie at distance 0.05: steps of 0.01 converge like exp(-2 pi 0.05 / 0.01).
    exact = trapezoid(torch.tanh, 900.0, 900.0, 0.4, step=0.01)
    assert abs(float(mehler(result, result, rho, result.last)) - exact) < QUADRATURE


@pytest.mark.parametrize(
    ("function", "variances"),
    [(Erf().derivative, [1e6]), (lambda z: torch.tanh(5.0 * (z - 5.0)), [16.0, 1e4])],
    ids=["narrow peak", "steep far step"],
)
def test_one_rule_serves_all_variances_at_once(function: Function, variances: list[float]) -> None:
    """Assert that means at standard deviation 1000, and 4 and 100 together, are right, whatever is narrow at either."""
    result = spectrum(function, Pieces(), torch.tensor(variances, dtype=torch.float64), QUADRATURE)
    x = torch.arange(-10.0, 10.0, 1e-5, dtype=torch.float64)
    weight = torch.exp(-0.5 * x * x) * (1e-5 / math.sqrt(2.0 * math.pi))
    exact = torch.stack([function(math.sqrt(p) * x) @ weight for p in variances])
    assert float((result.coefficients[0] - exact).abs().max()) < QUADRATURE


def test_trapezoid_agrees_at_moderate_variances() -> None:
    """Assert that expansion and trapezoidal rule agree for unequal variances, so that the oracle is one."""
    result = spectrum(Tanh().value, Pieces(), VARIANCES, QUADRATURE)
    rho = torch.full((3, 3), -0.7, dtype=torch.float64)
    values = mehler(result, result, rho, result.last)
    assert abs(float(values[0, 2]) - trapezoid(torch.tanh, 0.2, 2.5, -0.7)) < QUADRATURE
