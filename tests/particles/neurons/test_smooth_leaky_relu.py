"""The smoothed leaky ReLU beside its definition; the contract of activations is kept in test_activations.py."""

import math

import mpmath
import pytest
import torch

from limits import deep_kernels
from limits.theorems.feature_learning.active_region import least_slope
from particles import LeakyReLU, SmoothLeakyReLU
from tests.draws import normals
from tests.tolerances import assert_identical

Z = torch.linspace(-6.0, 6.0, 25, dtype=torch.float64)


def test_it_is_the_mean_of_shifted_leaky_relus() -> None:
    """Assert that sigma(z) = E l(z + width g) - E l(width g) by numerical integration, for slopes of both signs."""
    for slope, width in ((0.2, 0.5), (-0.7, 2.0)):
        found = SmoothLeakyReLU(slope, width).value(Z)
        for z, value in zip(Z.tolist(), found.tolist(), strict=True):
            kinks = sorted({-12.0, max(-z / width, -12.0), 0.0, 12.0})

            def shifted(g: float, z: float = z, slope: float = slope, width: float = width) -> float:
                ends = [z + width * g, width * g]
                one, other = (end if end > 0 else slope * end for end in ends)
                return (one - other) * mpmath.npdf(g)

            assert value == pytest.approx(float(mpmath.quad(shifted, kinks)), abs=1e-11)


def test_slope_lies_between_its_ends() -> None:
    """Assert that sigma' rises from the slope to 1, halfway at zero, and that sigma'' is at most beta of the paper."""
    activation, beta = SmoothLeakyReLU(0.3, 0.7 / (math.sqrt(2.0 * math.pi) * 2.0)), 2.0
    slopes = activation.derivative(torch.linspace(-9.0, 9.0, 2001, dtype=torch.float64))
    assert bool((slopes.diff() >= 0.0).all()) and float(slopes[0]) == 0.3 and float(slopes[-1]) == 1.0
    assert float(slopes[1000]) == pytest.approx(0.65) and least_slope(activation) == pytest.approx(0.3, rel=1e-4)
    assert float(slopes.diff().max()) / 0.009 == pytest.approx(beta, rel=1e-3)


def test_small_arguments_keep_their_digits_and_narrow_ones_are_leaky() -> None:
    """Assert that sigma(z) = (1 + slope) z / 2 for z of 1e-9, and that a width of 1e-9 leaves the leaky ReLU."""
    tiny = torch.tensor([1e-9, -1e-9], dtype=torch.float64)
    assert_identical(SmoothLeakyReLU(0.2, 1.0).value(tiny), 0.6 * tiny, operations=1e7)
    assert float((SmoothLeakyReLU(0.2, 1e-9).value(Z) - LeakyReLU(0.2).value(Z)).abs().max()) < 1e-9


def test_kernels_at_infinite_width_are_those_of_the_leaky_relu_with_noise() -> None:
    """Assert that E sigma'(u) sigma'(v) at unit width is that of the leaky ReLU with one more in the variances."""
    x = normals(5, 3, seed=1)
    found = deep_kernels(x, activation=SmoothLeakyReLU(0.2), depth=1)
    slopes = (found.ntk - found.nngp) / (x @ x.T / 3.0)
    covariance = x @ x.T / 3.0
    sizes = covariance.diagonal() + 1.0
    cosines = covariance / (sizes[:, None] * sizes).sqrt()
    expected = 0.2 + 0.64 * (math.pi - torch.acos(cosines)) / (2.0 * math.pi)
    assert float((slopes - expected).abs().max()) < 1e-9


@pytest.mark.parametrize(
    ("slope", "width", "said"),
    [
        (1.0, 1.0, r"slope of SmoothLeakyReLU is 1; use Linear\(\)"),
        (math.inf, 1.0, "slope of SmoothLeakyReLU is inf, but a finite number is needed"),
        (0.1, 0.0, "width of SmoothLeakyReLU is 0.0, but a positive finite number is needed"),
    ],
)
def test_wrong_numbers_are_refused(slope: float, width: float, said: str) -> None:
    """Assert that a slope without bend and a width that is none are named."""
    with pytest.raises(ValueError, match=said):
        SmoothLeakyReLU(slope, width)
