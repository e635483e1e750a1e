"""Profiles of bumps are densities in every dimension, and their slopes are derivatives."""

import math

import pytest
import torch
from scipy.integrate import quad

from particles import CompactProfile, GaussianProfile, Profile
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import QUADRATURE, SLOPE, relative_error

PROFILES: list[Profile] = [GaussianProfile(), CompactProfile(), CompactProfile(2), CompactProfile(5)]


@pytest.mark.parametrize("dim", [1, 2, 3, 7])
@pytest.mark.parametrize("profile", PROFILES, ids=repr)
def test_integral_is_one(profile: Profile, dim: int) -> None:
    """Assert that the integral of k(r^2) over spheres of area 2 pi^(dim/2) / Gamma(dim/2) r^(dim-1) is one."""
    area: float = 2.0 * math.pi ** (0.5 * dim) / math.gamma(0.5 * dim)

    def shell(r: float) -> float:
        return float(profile.value(torch.tensor(r * r, dtype=torch.float64), dim)) * area * r ** (dim - 1)

    reach = 1.0 if isinstance(profile, CompactProfile) else 12.0
    total, _ = quad(shell, 0.0, reach, epsabs=1e-12)
    assert abs(total - 1.0) < QUADRATURE


@pytest.mark.parametrize("profile", PROFILES, ids=repr)
def test_slope_is_the_derivative(profile: Profile) -> None:
    """Assert that k' is the derivative of k, whether k is handed over or not."""
    squares = torch.tensor([0.05, 0.3, 0.6], dtype=torch.float64)
    expected = derivative(lambda step: profile.value(squares + step, 2))
    for value in (None, profile.value(squares, 2)):
        assert relative_error(profile.slope(squares, 2, value), expected) < SLOPE


def test_compact_profile_ends_where_it_says() -> None:
    """Assert that nothing is left at |u| = 1 and beyond, and that k' goes to zero there as the smoothness says."""
    outside = torch.tensor([1.0, 1.5, 40.0], dtype=torch.float64)
    near = torch.tensor([1.0 - 1e-3, 1.0 - 1e-4], dtype=torch.float64)
    for smoothness in (1, 2, 3):
        profile = CompactProfile(smoothness)
        assert not profile.value(outside, 3).any()
        assert not profile.slope(outside, 3).any()
        slopes = profile.slope(near, 3)
        assert abs(math.log10(float(slopes[0] / slopes[1])) - smoothness) < 1e-9


@pytest.mark.parametrize("smoothness", [0, -1, True])
def test_a_smoothness_that_gives_no_derivative_is_refused(smoothness: int) -> None:
    """Assert that anything but a positive integer is refused."""
    with pytest.raises(ValueError, match="The smoothness of CompactProfile is .*, but a positive integer is needed"):
        CompactProfile(smoothness)
