"""Direct integration of nearly parallel pairs, down to angles that rounding cannot tell from zero."""

import math

import pytest
import torch
from scipy import integrate
from scipy.special import ndtr

from limits.kernels.near_parallel import integrals
from limits.kernels.smooth_pieces import Pieces, pieces
from particles import Tanh
from tests.limits.kernels.oracles import KINKED, Shifted, half_analytic
from tests.tolerances import QUADRATURE


def entries(*values: float) -> torch.Tensor:
    """One entry per value."""
    return torch.tensor(values, dtype=torch.float64)


def sine(rho: float) -> float:
    """sqrt(1 - rho^2)."""
    return math.sqrt((1.0 - rho) * (1.0 + rho))


@pytest.mark.parametrize("gap", [1e-1, 1e-3, 1e-6, 1e-9, 1e-12, 1e-14])
def test_orthant_probabilities_are_right_at_any_angle(gap: float) -> None:
    """Assert that P(u > 0.3, v > 0.3) at correlation 1 - gap is its one-dimensional integral over the angle."""
    rho = 1.0 - gap
    angle = 2.0 * math.asin(math.sqrt(0.5 * (1.0 - rho)))
    lost = integrate.quad(lambda t: math.exp(-0.09 / (1.0 + math.cos(t))) / (2.0 * math.pi), 0.0, angle, epsabs=1e-15)[
        0
    ]
    value, error = integrals(
        Shifted().derivative, Pieces((0.3,)), entries(1.0), entries(1.0), entries(rho), entries(sine(rho)), entries(1.0)
    )
    assert abs(float(value) - (float(ndtr(-0.3)) - lost)) < QUADRATURE / 1e2
    assert error < QUADRATURE


@pytest.mark.parametrize("activation", KINKED, ids=["hard", "shifted", "elu"])
def test_kinked_activations_are_integrated(activation: Shifted) -> None:
    """Assert that values and derivatives agree with integrals half by hand, at unequal variances and both signs."""
    cases = [(0.5, 3.0, -0.95), (2.0, 1.9, 0.9999), (1.0, 1.0, -0.999999)]
    smooth = pieces((activation.value, activation.derivative), 30.0)
    for function, conditional in (
        (activation.value, activation.smoothed_value),
        (activation.derivative, activation.smoothed_derivative),
    ):
        p, q, rho = zip(*cases, strict=True)
        columns = (entries(*each) for each in (p, q, rho, [sine(each) for each in rho], [1.0] * len(cases)))
        found, _ = integrals(function, smooth, *columns)

        def plain(z: float, function: object = function) -> float:
            return float(function(entries(z)))

        kinks = tuple(round(kink, 6) for kink in smooth.kinks)
        expected = [half_analytic(plain, conditional, kinks, *case) for case in cases]
        assert float((found - entries(*expected)).abs().max()) < QUADRATURE


def test_parallel_pairs_of_unequal_variances_are_one_integral() -> None:
    """Assert that at correlation -1 the mean is that of h(sqrt(p) x) h(-sqrt(q) x)."""
    x = torch.arange(-10.0, 10.0, 1e-3, dtype=torch.float64)
    weight = torch.exp(-0.5 * x * x) * (1e-3 / math.sqrt(2.0 * math.pi))
    expected = (torch.tanh(x) * torch.tanh(-math.sqrt(3.0) * x)) @ weight
    pair = (entries(each) for each in (1.0, 3.0, -1.0, 0.0, 1.0))
    value, _ = integrals(Tanh().value, pieces((torch.tanh,), 30.0), *pair)
    assert abs(float(value - expected)) < QUADRATURE / 1e2


def test_an_unresolved_kink_shows_in_the_reported_error() -> None:
    """Assert that integrating across a kink that was kept secret is reported, not hidden."""
    pair = [entries(each) for each in (1.0, 1.0, 0.99, sine(0.99), 1.0)]
    _, honest = integrals(Shifted().derivative, Pieces((0.3,)), *pair)
    _, secret = integrals(Shifted().derivative, Pieces(), *pair)
    assert honest < QUADRATURE < 1e3 * QUADRATURE < secret


def test_no_entries_are_no_work() -> None:
    """Assert that an empty list of pairs gives an empty result."""
    value, error = integrals(torch.tanh, Pieces(), *[entries()] * 5)
    assert (value.shape, error) == ((0,), 0.0)
