"""The mean root of the masses between its bounds."""

import math

import pytest

from limits.theorems import Verdict, mean_root
from particles import ReLU, masses
from tests.limits.theorems.networks import PARTICLES, SETTINGS, problem


@pytest.mark.parametrize(("gamma", "alpha"), SETTINGS)
def test_mean_root_is_between_its_bounds(gamma: float, alpha: float | None) -> None:
    """Assert that sqrt(gamma/m) <= (1/m) sum sqrt(lambda_j) <= 1/sqrt(m) for the four settings."""
    above, below = mean_root(problem(ReLU(), gamma, alpha))
    assert above.verdict is Verdict.HOLDS
    assert above.bound == pytest.approx(1.0 / math.sqrt(PARTICLES), rel=1e-5)
    assert below.verdict is (Verdict.HOLDS if gamma else Verdict.VACUOUS)
    assert below.bound == pytest.approx(math.sqrt(gamma / PARTICLES), rel=1e-5)
    exact = float(masses.asymmetrical(PARTICLES, gamma, alpha).sqrt().mean())
    assert above.measured == below.measured == pytest.approx(exact, rel=1e-12)
    assert gamma == 1.0 or above.margin > 0.01
