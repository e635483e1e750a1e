"""Where neurons are active, and how steep their activation is there."""

import math

import pytest
import torch

from limits.theorems.feature_learning.active_region import ActiveRegion, least_slope
from particles import LeakyReLU, Linear, ReLU, Softplus, Tanh


def test_steepness_is_the_least_slope() -> None:
    """Assert that K is that of closed forms, and zero where an activation is flat somewhere."""
    assert least_slope(LeakyReLU(0.3)) == pytest.approx(0.3, rel=2e-5) and least_slope(Linear()) < 1.0
    assert least_slope(LeakyReLU(-2.0)) == pytest.approx(1.0, rel=2e-5)
    assert least_slope(ReLU()) == least_slope(Tanh()) == least_slope(Softplus()) == 0.0
    assert ActiveRegion().steepness(ReLU()) == pytest.approx(1.0, rel=2e-5)
    assert ActiveRegion(-1.0, 2.0).steepness(Tanh()) == pytest.approx(1.0 / math.cosh(2.0) ** 2, rel=2e-5)
    assert ActiveRegion(-1.0, 2.0).steepness(Tanh()) <= 1.0 / math.cosh(2.0) ** 2


def test_probabilities_are_those_of_a_gaussian() -> None:
    """Assert that they are erf, and one half for a small gap of one border."""
    variances = torch.tensor([1.0, 4.0], dtype=torch.float64)
    found = ActiveRegion.thirds(-1.0, 1.0).probabilities(variances)
    assert found.tolist() == pytest.approx([math.erf(1.0 / (3.0 * s * 2.0**0.5)) for s in (1.0, 2.0)])
    assert found[0] == pytest.approx(0.261, abs=5e-4), "the middle third of (-1, 1) has .261"
    assert ActiveRegion(gap=1e-9).probabilities(variances).tolist() == pytest.approx([0.5, 0.5])


def test_fraction_is_the_mass_of_the_middle() -> None:
    """Assert that masses in I_0 are counted for the datum with the fewest."""
    h = torch.tensor([[0.1, 0.9], [0.3, 0.2], [2.0, -1.0]], dtype=torch.float64)
    masses = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    assert float(ActiveRegion(gap=0.25).fraction(h, masses)) == pytest.approx(0.5)
    assert float(ActiveRegion(-1.0, 1.0, 0.25).fraction(h, masses)) == pytest.approx(0.3)


def test_empty_regions_are_refused() -> None:
    """Assert that no middle, no gap and borders out of order are one sentence."""
    for wrong in ((0.0, 1.0, 0.5), (0.0, 1.0, 0.0), (1.0, 0.0, 0.1), (0.0, math.inf, math.inf)):
        with pytest.raises(ValueError, match="Nothing lies between .* give borders in order and a smaller gap"):
            ActiveRegion(*wrong)
