"""Slopes and ratios of means over seeds."""

import math

import numpy as np
import pytest

from runs.studies.vignettes.over_seeds import ratios_of_means, slope_of_means
from runs.study.table import Curve

COUNTS = np.array([10.0, 20.0, 40.0, 80.0])


def curve(values: np.ndarray) -> Curve:
    """Of these values [x, seeds]."""
    return Curve(COUNTS, values, np.full_like(values, math.nan), tuple(range(values.shape[1])))


def test_slopes_are_those_of_means() -> None:
    """Assert that seeds of which one is zero have the slope of their mean, and that no mean is below the least."""
    values = np.outer(COUNTS**-0.7, [0.0, 2.0])
    assert slope_of_means(curve(values)).value == pytest.approx(-0.7, abs=1e-12)
    assert math.isfinite(slope_of_means(curve(0.0 * values)).value)


def test_ratios_have_the_error_of_what_seeds_share() -> None:
    """Assert that the error is zero for proportional seeds and that of the mean where the other does not vary."""
    draws = 1.0 + 0.3 * np.random.default_rng(0).standard_normal((4, 8))
    ratios, errors = ratios_of_means(curve(0.2 * draws), curve(draws))
    assert ratios == pytest.approx(0.2) and errors == pytest.approx(0.0, abs=1e-15)
    plain, level = curve(draws), curve(np.full_like(draws, 4.0))
    ratios, errors = ratios_of_means(plain, level)
    assert ratios == pytest.approx(plain.mean / 4.0) and errors == pytest.approx(plain.uncertain / 4.0)
    assert np.isnan(ratios_of_means(curve(draws[:, :1]), curve(draws[:, :1]))[1]).all()
