"""The series of levels: extrapolation, the bias that is left, and rates of decay, against exact expansions."""

import math

import numpy as np
import pytest
from scipy import stats

from limits.infinite_width.series import NO_DECAY, Rate, Series, combined, decay, freedom
from tests.tolerances import Z

LEVELS = 4
WIDTHS = 16.0 * 2.0 ** np.arange(LEVELS)
TOLERANCE = np.array([1e-3])


def of(sums: np.ndarray, error: float = 0.0, rate: float = 1.0) -> Series:
    """The series of given sums A_l [levels], whose terms have one standard error."""
    terms = np.diff(sums, prepend=0.0)[:, None]
    return Series(
        terms,
        np.full_like(terms, 100.0 * error**2),
        np.full(LEVELS, 100),
        np.full_like(terms, 99.0),
        rate,
    )


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_one_power_is_extrapolated_exactly(rate: float) -> None:
    """Assert that F is found from F + c m^(-r), that no bias is left, and that the decay is the rate."""
    series = of(3.0 + 2.0 * WIDTHS**-rate, rate=rate)
    assert series.value[0] == pytest.approx(3.0, rel=1e-13)
    assert series.bias(TOLERANCE)[0] < 1e-14
    assert series.rates(0.95)[0].value == pytest.approx(rate)


def test_the_bias_that_is_left_is_the_next_term() -> None:
    """Assert that for F + c / m + d / m^2 the estimated bias is the true one."""
    sums, truth = 3.0 + 2.0 / WIDTHS + 5.0 / WIDTHS**2, 2.0 * 5.0 / WIDTHS[-1] ** 2
    assert 3.0 - of(sums).value[0] == pytest.approx(truth, rel=1e-9)
    exact, measured = of(sums, error=1e-12), of(sums, error=3e-4)
    assert exact.bias(TOLERANCE)[0] >= truth
    assert measured.rates(0.999)[0].holds(1.0)
    noise = (2.0 + 1.0) * 3e-4 / 3.0
    assert truth - noise < measured.bias(TOLERANCE)[0] < truth


def test_another_rate_enlarges_the_bias() -> None:
    """Assert that where terms decay more slowly than said, the bias that is left is not underestimated."""
    for rate in (0.3, 0.5, 0.7):
        series = of(3.0 + 2.0 * WIDTHS**-rate, error=1e-9)
        assert series.bias(TOLERANCE)[0] >= 0.999 * abs(3.0 - series.value[0])


def test_no_decay_leaves_an_infinite_bias() -> None:
    """Assert that equal terms have an infinite bias, and rounding of a constant none."""
    assert of(np.arange(1.0, 5.0), error=1e-3).bias(TOLERANCE)[0] == math.inf
    rounding = of(1.0 + 1e-15 * np.array([0.0, 1.0, 3.0, 7.0]))
    assert rounding.bias(TOLERANCE)[0] < 1e-12
    constant = of(np.ones(LEVELS))
    assert (constant.bias(TOLERANCE)[0], constant.standard_error[0], constant.half(0.95, TOLERANCE)[0]) == (
        0,
        0,
        0,
    )


def test_noise_is_not_counted_twice() -> None:
    """Assert that terms within their noise leave on average less bias than a third of a standard error of the rest."""
    numbers = np.random.default_rng(0)
    biases = []
    for _ in range(200):
        terms = 0.01 * numbers.standard_normal((LEVELS, 1))
        series = Series(terms, np.full_like(terms, 1e-2), np.full(LEVELS, 100), np.full_like(terms, 99.0), 1.0)
        assert series.standard_error[0] == pytest.approx(0.01 * math.sqrt(7.0))
        biases.append(series.bias(TOLERANCE)[0])
    assert np.mean(biases) < 0.01 * math.sqrt(7.0) / 3.0


@pytest.mark.parametrize(("before", "after"), [(1.0, 0.5), (1.0, 0.05), (0.01, 0.001), (0.05, 1.0)])
def test_the_interval_of_a_rate_is_fiellers(before: float, after: float) -> None:
    """Assert that the ends separate ratios that a test of before - ratio * after accepts from those it refuses."""
    errors, quantile = (0.05, 0.03), 1.96
    found = decay(before, after, *errors, quantile)

    def accepted(rate: float) -> bool:
        ratio = 2.0**rate
        return abs(before - ratio * after) <= quantile * math.hypot(errors[0], ratio * errors[1])

    for end, inward in ((found.low, 1e-9), (found.high, -1e-9)):
        if math.isfinite(end):
            assert accepted(end + inward)
            assert not accepted(end - inward)
        else:
            assert accepted(math.copysign(40.0, end))
    assert found.value == pytest.approx(math.log2(before / after))


def test_a_rate_holds_what_is_inside() -> None:
    """Assert that an interval has its ends, and that one of no decay is below the least rate."""
    assert Rate(1.0, 0.9, 1.1).holds(1.1)
    assert not Rate(1.0, 0.9, 1.1).holds(1.2)
    assert decay(1.0, 1.0, 1e-3, 1e-3, 1.96).high < NO_DECAY
    assert math.isnan(decay(0.0, 0.0, 0.0, 0.0, 1.96).value)


def test_degrees_of_freedom() -> None:
    """Assert that normal samples have N - 1, exponential ones fewer by their kurtosis, and sums those of Welch."""
    numbers = np.random.default_rng(0)
    many = numbers.standard_normal((100_000, 1))
    assert freedom(many)[0] == pytest.approx(99_999, rel=0.05)
    count = 200
    squares = np.array([numbers.exponential(size=count).var(ddof=1) for _ in range(4000)])
    variance = 2.0 / np.mean([freedom(numbers.exponential(size=(20_000, 1)))[0] / 100.0 for _ in range(20)])
    error = squares.var(ddof=1) * math.sqrt((stats.kurtosis(squares) + 2.0) / 4000)
    assert abs(squares.var(ddof=1) - variance) < Z * error
    assert combined(np.array([[1.0], [1.0]]), np.array([[10.0], [10.0]]))[0] == pytest.approx(20.0)
    assert combined(np.zeros((2, 1)), np.ones((2, 1)))[0] == math.inf
