"""The law of a random limit: coverage of its intervals."""

import math

import numpy as np
import pytest
from scipy import stats

from limits import LimitLaw
from limits.infinite_width.law import spread
from particles import ShapeError
from tests.tolerances import Z

REPETITIONS = 400


def laws(count: int) -> list[LimitLaw]:
    """Laws of exponential numbers, of mean and variance one."""
    numbers = np.random.default_rng(0)
    return [LimitLaw(64, np.sort(numbers.exponential(size=count)), 0.9) for _ in range(REPETITIONS)]


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_intervals_of_quantiles_cover(level: float) -> None:
    """Assert that intervals of level 0.9 hold the quantile at least so often, and not much more."""
    truth = -math.log(1.0 - level)
    held = np.mean([found.low <= truth <= found.high for law in laws(60) for found in [law.quantile(level)]])
    assert 0.9 - Z * math.sqrt(0.09 / REPETITIONS) < held < 0.98


def test_the_ranks_of_a_quantile_are_binomial() -> None:
    """Assert that the probability of the ranks chosen is the level, and not without either end."""
    law = LimitLaw(64, np.arange(1.0, 61.0), 0.9)
    found = law.quantile(0.3)
    inside = stats.binom.cdf(found.high - 1, 60, 0.3) - stats.binom.cdf(found.low - 1, 60, 0.3)
    assert inside >= 0.9
    assert stats.binom.cdf(found.high - 2, 60, 0.3) - stats.binom.cdf(found.low - 1, 60, 0.3) < 0.95
    assert law.quantile(0.01).low == -math.inf


def test_mean_and_variance() -> None:
    """Assert that the mean has Student's interval, and that the interval of a variance holds one."""
    samples = np.sort(np.random.default_rng(1).standard_normal(40))
    law = LimitLaw(64, samples, 0.9)
    low, high = stats.t.interval(0.9, 39, samples.mean(), samples.std(ddof=1) / math.sqrt(40.0))
    assert (law.mean.low, law.mean.high) == pytest.approx((low, high))
    assert law.variance.value == pytest.approx(samples.var(ddof=1))
    assert law.variance.low < 1.0 < law.variance.high
    assert spread(np.ones(10), 0.9).high == 0.0


def test_levels_outside_are_refused() -> None:
    """Assert that a quantile at one is refused, and a confidence of one, and samples that are none."""
    with pytest.raises(ValueError, match=r"The confidence is 1.0, but a number between 0 and 1"):
        LimitLaw(64, np.arange(3.0), 1.0)
    with pytest.raises(ShapeError, match=r"Samples have shape \(1,\), but \[samples\], two or more"):
        LimitLaw(64, np.ones(1), 0.9)
    with pytest.raises(ValueError, match=r"level of a quantile is 1.0, but a number between 0 and 1"):
        laws(5)[0].quantile(1.0)
