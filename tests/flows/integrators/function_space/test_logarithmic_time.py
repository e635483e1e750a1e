"""Logarithmic time: its lengths, their inverse, and that a decaying mode is followed by long steps."""

import math

import mpmath
import pytest

from flows.integrators.function_space.interpolation import weights
from flows.integrators.function_space.logarithmic_time import LogarithmicTime

#: Some roundings.
EXACT = 2e-15
SCALE = LogarithmicTime(began=3.0, unit=0.5)


def test_ways_are_differences_of_the_logarithm() -> None:
    """Assert that s(t) - s(now), in units at `now`, is that of 50 digits, however close both times are."""
    mpmath.mp.dps = 50
    for now in (3.25, 10.0, 1e9):
        since = mpmath.mpf(now) - 3 + mpmath.mpf("0.5")
        for time in (now - 1e-7, math.nextafter(now, 0.0), 2.75, now):
            right = since * mpmath.log((mpmath.mpf(time) - 3 + mpmath.mpf("0.5")) / since)
            assert SCALE.ways((time,), now)[0] == pytest.approx(float(right), rel=EXACT, abs=0.0)


def test_length_undoes_a_way() -> None:
    """Assert that the time that passes over a way from one time to another is their difference."""
    for now, later in ((3.0, 3.1), (4.0, 4000.0), (1e6, 1e6 + 1e-3)):
        [way] = SCALE.ways((later,), now)
        assert SCALE.length(way, now) == pytest.approx(later - now, rel=1e-12)


def test_infinite_unit_leaves_time_as_it_is() -> None:
    """Assert that without a unit ways are differences of times, and lengths are ways."""
    plain = LogarithmicTime(began=3.0)
    assert plain.ways((4.0, 9.0), 7.0) == (-3.0, 2.0)
    assert plain.length(2.5, 7.0) == 2.5


def test_no_way_is_too_long_for_a_number() -> None:
    """Assert that a way of any length takes a finite time."""
    assert math.isfinite(SCALE.length(1e6, 3.0))


@pytest.mark.parametrize("now", [30.0, 1e4])
def test_polynomial_in_it_fits_many_rates_over_long_steps(now: float) -> None:
    """Assert that decay at rates over six decades is extrapolated over a step of half the time gone by to 1/2 %.

    A polynomial in plain time through the same five points is nowhere near.
    """
    times = tuple(now * 1.5**-back for back in range(1, 6))
    errors = []
    for scale in (LogarithmicTime(0.0, 1e-3), LogarithmicTime(0.0)):
        shares = weights(scale.ways(times, now), 0.0)
        errors.append(abs(sum(share * decay(time) for share, time in zip(shares, times, strict=True)) - decay(now)))
    assert errors[0] < 0.006 and errors[1] > 100.0 * errors[0]


def decay(time: float) -> float:
    """A sum of modes whose rates are powers of the root of ten."""
    return sum(math.exp(-time * 10.0 ** (-k / 2)) for k in range(13))
