"""The law at width m: fluctuations and corrections of functionals whose laws are known."""

import math

import numpy as np
import pytest

from limits import InfiniteWidth, infinite_width
from particles import Unresolved
from tests.limits.infinite_width.toys import CORRECTIONS, FLUCTUATIONS, LIMITS, NAMES, Known, never, normal

SHARP = Known(3, 16, counts=(2**16, 2**16))


def found(samples: Known, tolerance: float, pilot: int = 64, **changed: float) -> InfiniteWidth:
    """An estimate from known samples."""
    return infinite_width(never, normal, quantities=NAMES, tolerance=tolerance, samples=samples, pilot=pilot, **changed)


LAW = found(SHARP, 0.02, pilot=2**15, confidence=0.999).finite_width


def test_corrections_and_fluctuations_are_the_known_ones() -> None:
    """Assert that c and Sigma are inside for three functionals in narrow intervals of level 0.999."""
    for name, correction, fluctuation in zip(NAMES, CORRECTIONS, FLUCTUATIONS, strict=True):
        c, sigma = LAW.correction(name), LAW.fluctuation(name)
        assert c.low < correction < c.high
        assert sigma.low < fluctuation < sigma.high
        assert (c.high - c.low) / c.value < 0.3
        assert (sigma.high - sigma.low) / sigma.value < 0.6


def test_covariances_between_quantities() -> None:
    """Assert that Sigma is right between x^2 and exp(x), F'G' = sqrt(e) at x = 1/2, in either order."""
    between = LAW.fluctuation("square", "exponential")
    assert between.low < math.exp(0.5) < between.high
    assert (between.high - between.low) / between.value < 0.2
    assert LAW.fluctuation("exponential", "square") == between


def test_the_width_for_an_error_solves_its_equation() -> None:
    """Assert that c^2 / m^2 + Sigma / m is the square of the error, and that the true width is in the interval."""
    for name, c, sigma, limit in zip(NAMES, CORRECTIONS, FLUCTUATIONS, LIMITS, strict=True):
        for relative, error in ((False, 0.3), (False, 0.01), (True, 0.05)):
            unit = error * (abs(limit) if relative else 1.0)
            width = LAW.width_for(name, error, relative=relative)
            truth = (sigma + math.sqrt(sigma**2 + 4.0 * unit**2 * c**2)) / (2.0 * unit**2)
            assert c**2 / truth**2 + sigma / truth == pytest.approx(unit**2)
            assert width.low < truth < width.high
            mine = LAW.correction(name).value ** 2 / width.value**2 + LAW.fluctuation(name).value / width.value
            if not relative:
                assert mine == pytest.approx(unit**2)


def test_the_size_of_a_quantity_that_may_be_zero_gives_no_upper_end() -> None:
    """Assert that an error relative to a value whose interval holds zero needs an unknown width."""
    around = Known(0, of=lambda means: np.stack([means - 0.5] * 3, axis=-1))
    width = found(around, 0.05).finite_width.width_for("cube", 0.01, relative=True)
    assert (width.low > 0.0, width.high) == (True, math.inf)


def test_a_constant_needs_no_width() -> None:
    """Assert that a quantity without variance has neither fluctuations nor a correction."""
    law = found(Known(0, of=lambda means: np.stack([0.1 + 0.0 * means] * 3, axis=-1)), 0.05).finite_width
    assert (law.fluctuation("cube").high, law.width_for("cube", 0.01).value) == (0.0, 0.0)
    assert law.falls("cube")


def test_a_random_limit_has_no_width() -> None:
    """Assert that a variance which stays is refused, with the quantity and the widths seen."""

    def stays(means: np.ndarray) -> np.ndarray:
        return np.stack([np.sin(1e4 * means)] * 3, axis=-1)

    law = found(Known(0, of=stays, counts=(2**14, 2**14)), 0.1).finite_width
    assert not law.falls("square")
    for ask in (lambda: law.fluctuation("square"), lambda: law.width_for("square", 0.1)):
        with pytest.raises(Unresolved, match=r'The variance of "square" does not fall with width from 16 to'):
            ask()


@pytest.mark.validation
def test_intervals_cover() -> None:
    """Assert that over 300 estimates the intervals of c and Sigma hold the truth in 92 to 99 of 100 cases."""
    held = []
    for seed in range(300):
        law = found(Known(seed), 0.05).finite_width
        held.append(
            [
                [c.low <= truth <= c.high for c, truth in zip(map(law.correction, NAMES), CORRECTIONS, strict=True)],
                [s.low <= truth <= s.high for s, truth in zip(map(law.fluctuation, NAMES), FLUCTUATIONS, strict=True)],
            ]
        )
    covered = np.mean(held, axis=0)
    assert covered.min() > 0.92
    assert covered.max() < 0.99


def test_errors_that_are_not_positive_are_refused() -> None:
    """Assert that a width for an error of zero is refused."""
    with pytest.raises(ValueError, match=r"The error is 0.0, but a positive finite number"):
        LAW.width_for("cube", 0.0)
