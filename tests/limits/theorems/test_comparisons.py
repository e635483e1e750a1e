"""Orders, slopes and published numbers: which verdict each has, and that each can be violated."""

import math

import numpy as np
import pytest

from limits import Slope, deviation, slope
from limits.theorems import Statement, Verdict, as_published, as_slope, in_order, slope_within
from limits.theorems.comparisons import as_frequency
from particles import ShapeError, generator

PROVEN = Statement("so it is", "theorem 1")
SEEN = Statement("so it is", "figure 1", proven=False)
NAN, INFINITE = math.nan, math.inf


@pytest.mark.parametrize(
    ("failures", "probability", "bound", "verdict"),
    [
        (0, 0.0, 0.0, Verdict.HOLDS),
        (1, 0.0, 0.0, Verdict.VIOLATED),
        (13, 0.1, 0.28, Verdict.HOLDS),
        (28, 0.1, 0.28, Verdict.HOLDS),
        (29, 0.1, 0.28, Verdict.VIOLATED),
        (100, 1.0, 1.0, Verdict.VACUOUS),
        (100, 3.0, 1.0, Verdict.VACUOUS),
    ],
)
def test_frequency_allows_what_chance_adds(failures: int, probability: float, bound: float, verdict: Verdict) -> None:
    """Assert that a hundred starts may fail so often that chance gives more once in ten million times, and no more."""
    failed = [number < failures for number in range(100)]
    result = as_frequency(PROVEN, (), failed, probability)
    assert (result.verdict, result.bound, result.measured) == (verdict, bound, failures / 100)


@pytest.mark.parametrize(
    ("values", "errors", "verdict"),
    [
        ([1.0, 2.0, 3.0], None, Verdict.HOLDS),
        ([1.0, 3.0, 2.0], None, Verdict.VIOLATED),
        ([1.0, 1.0], None, Verdict.VIOLATED),
        ([0.0, 0.0], None, Verdict.VIOLATED),
        ([-1.0, 0.0, 1.0], None, Verdict.HOLDS),
        ([1.0, 2.0, 3.0], [0.1, 0.1, 0.1], Verdict.HOLDS),
        ([1.0, 1.2, 3.0], [0.1, 0.1, 0.1], Verdict.UNDECIDED),
        ([1.0, 0.8, 3.0], [0.1, 0.1, 0.1], Verdict.UNDECIDED),
        ([1.0, 0.5, 3.0], [0.1, 0.1, 0.1], Verdict.VIOLATED),
        ([1.0, 1.1, 0.5], [0.1, 0.1, 0.1], Verdict.VIOLATED),
        ([1.0, 2.0], [0.1, NAN], Verdict.UNDECIDED),
        ([1.0, NAN, 3.0], None, Verdict.UNDECIDED),
        ([1.0, 1.0], [0.1, 0.1], Verdict.UNDECIDED),
    ],
)
def test_order_is_that_of_neighbours(values: list[float], errors: list[float] | None, verdict: Verdict) -> None:
    """Assert that an order holds where each step is beyond its errors, in either direction, and says so otherwise."""
    assert in_order(SEEN, (), values, errors).verdict is verdict
    assert in_order(SEEN, (), [-value for value in values], errors, increasing=False).verdict is verdict


def test_order_reports_the_two_that_decide() -> None:
    """Assert that bound and measurement are the neighbours that break it, with the error of their difference."""
    result = in_order(SEEN, (), [1.0, 4.0, 2.0], [0.1, 0.3, 0.4])
    assert (result.bound, result.measured, result.margin) == (4.0, 2.0, -0.5)
    assert result.error == pytest.approx(0.5) and result.verdict is Verdict.VIOLATED and not result.proven


def test_order_of_a_theorem_takes_five_errors() -> None:
    """Assert that a step of three standard errors decides what is empirical and not what is proven."""
    values, errors = [1.0, 1.3], [0.1, 0.0]
    assert in_order(SEEN, (), values, errors).verdict is Verdict.HOLDS
    assert in_order(PROVEN, (), values, errors).verdict is Verdict.UNDECIDED
    assert in_order(PROVEN, (), values, errors, increasing=False).verdict is Verdict.UNDECIDED


def test_orders_that_are_none_are_refused() -> None:
    """Assert that one value, or errors of another number, are turned away in a sentence."""
    with pytest.raises(ValueError, match="one of two values or more, but 1 were given"):
        in_order(SEEN, (), [1.0])
    with pytest.raises(ShapeError, match="There are 1 standard errors of 2 values; give one for each"):
        in_order(SEEN, (), [1.0, 2.0], [0.1])


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (Slope(-0.52, -0.6, -0.45), Verdict.HOLDS),
        (Slope(-0.8, -0.9, -0.7), Verdict.VIOLATED),
        (Slope(-0.2, -0.45, -0.1), Verdict.VIOLATED),
        (Slope(-0.3, -0.7, 0.1), Verdict.UNDECIDED),
        (Slope(-0.5, -0.5, -0.5), Verdict.HOLDS),
        (Slope(-0.4, -0.4, -0.4), Verdict.VIOLATED),
        (Slope(-0.5, -INFINITE, INFINITE), Verdict.UNDECIDED),
        (Slope(NAN, NAN, NAN), Verdict.UNDECIDED),
    ],
)
def test_slope_is_the_stated_one_and_not_its_rival(measured: Slope, verdict: Verdict) -> None:
    """Assert that a slope holds where its interval has -1/2 and not zero, and is undecided where it has both."""
    assert as_slope(SEEN, (), -0.5, measured).verdict is verdict


def test_slope_has_a_margin_and_an_error() -> None:
    """Assert that the margin is one in the middle of the interval and zero at its end; its quarter is the error."""
    middle, end = (as_slope(SEEN, (), stated, Slope(-0.5, -0.7, -0.4)) for stated in (-0.5, -0.4))
    assert middle.margin == 1.0 and end.margin == pytest.approx(0.0, abs=1e-12)
    assert middle.error == pytest.approx(0.075) and end.verdict is Verdict.HOLDS
    assert as_slope(SEEN, (), -0.39, Slope(-0.5, -0.7, -0.4)).margin == pytest.approx(-0.1)
    assert as_slope(PROVEN, (), -0.39, Slope(-0.5, -0.7, -0.4)).verdict is Verdict.HOLDS


def test_rival_of_a_slope_can_be_named() -> None:
    """Assert that no dependence is a statement too, beside a rival of its own, and that both cannot be the same."""
    flat = Slope(0.01, -0.1, 0.1)
    assert as_slope(SEEN, (), 0.0, flat, rival=-0.5).verdict is Verdict.HOLDS
    assert as_slope(SEEN, (), 0.0, Slope(0.0, -0.6, 0.6), rival=-0.5).verdict is Verdict.UNDECIDED
    with pytest.raises(ValueError, match="stated and its rival are both 0; give the rival"):
        as_slope(SEEN, (), 0.0, flat)


@pytest.mark.parametrize(
    ("measured", "least", "most", "verdict"),
    [
        (Slope(-0.8, -0.9, -0.7), -INFINITE, -0.5, Verdict.HOLDS),
        (Slope(-0.8, -0.9, -0.4), -INFINITE, -0.5, Verdict.UNDECIDED),
        (Slope(-0.2, -0.4, 0.1), -INFINITE, -0.5, Verdict.VIOLATED),
        (Slope(-0.8, -0.9, -0.7), -0.5, INFINITE, Verdict.VIOLATED),
        (Slope(-0.5, -0.6, -0.4), -0.75, -0.25, Verdict.HOLDS),
        (Slope(-0.5, -0.8, -0.4), -0.75, -0.25, Verdict.UNDECIDED),
        (Slope(-0.5, -0.9, -0.1), -0.75, -0.25, Verdict.UNDECIDED),
        (Slope(-0.5, -0.9, NAN), -0.75, -0.25, Verdict.UNDECIDED),
    ],
)
def test_slope_lies_within_a_range(measured: Slope, least: float, most: float, verdict: Verdict) -> None:
    """Assert that the whole interval must lie between the ends, and none of it for a violation."""
    assert slope_within(SEEN, (), measured, least=least, most=most).verdict is verdict


def test_range_of_slopes_has_an_end() -> None:
    """Assert that a range in which every slope lies, or none, is refused, and the nearer end is reported."""
    measured = Slope(-0.5, -0.6, -0.4)
    for ends in ({}, {"least": 1.0, "most": 0.0}, {"least": NAN}):
        with pytest.raises(ValueError, match="says nothing; give two numbers in order, or one"):
            slope_within(SEEN, (), measured, **ends)
    assert slope_within(SEEN, (), measured, least=-0.7, most=0.0).bound == -0.7
    assert slope_within(PROVEN, (), measured, least=-0.7, most=0.0).verdict is Verdict.UNDECIDED


def test_slope_of_samples_is_judged() -> None:
    """Assert that deviations of means of m normals fall like m^(-1/2), and not like 1/m, by the interval of the fit."""
    counts = [8, 16, 32, 64, 128]
    draws = generator(3, "slope")
    samples = np.array([draws.normal(size=(40, count)).mean(axis=1) for count in counts])
    fitted = slope(counts, samples, deviation)
    assert as_slope(SEEN, (), -0.5, fitted).verdict is Verdict.HOLDS
    assert as_slope(SEEN, (), -1.0, fitted).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("measured", "error", "verdict"),
    [
        (1.04, None, Verdict.HOLDS),
        (0.94, None, Verdict.VIOLATED),
        (1.02, 0.01, Verdict.HOLDS),
        (1.04, 0.01, Verdict.UNDECIDED),
        (1.06, 0.01, Verdict.UNDECIDED),
        (1.08, 0.01, Verdict.VIOLATED),
        (1.0, 0.5, Verdict.UNDECIDED),
        (1.0, NAN, Verdict.UNDECIDED),
        (NAN, None, Verdict.UNDECIDED),
    ],
)
def test_number_agrees_to_its_reading_error(measured: float, error: float | None, verdict: Verdict) -> None:
    """Assert that 1 +- 0.05 holds where the interval lies within, is violated outside, undecided on its border."""
    result = as_published(SEEN, (), 1.0, 0.05, measured, error)
    assert result.verdict is verdict
    if not math.isnan(measured):
        assert result.margin == pytest.approx(0.05 - abs(measured - 1.0)) and result.bound == 1.0


@pytest.mark.parametrize("reading", [0.0, -0.1, NAN, INFINITE])
def test_number_without_a_reading_error_is_refused(reading: float) -> None:
    """Assert that an exact number is sent to another comparison."""
    with pytest.raises(ValueError, match="must be positive; an exact number has as_value"):
        as_published(SEEN, (), 1.0, reading, 1.0)
