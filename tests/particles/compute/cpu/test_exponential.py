"""The exponential function of Numba's kernels, and constants and polynomials in the dtype of their argument."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from particles.compute.cpu.exponential import DOUBLE, EXACT, SINGLE, by_dtype, horner, like, lowest, reduced
from tests.particles.compute.cpu.elementwise import units

chosen = by_dtype((np.float32(1.5), np.float32(2.5)), (3.5, 4.5))


@njit(**EXACT)
def exponentials(x: Any, less: Any, out: Any) -> None:
    """exp(x - less)."""
    for j in range(len(x)):
        power, rest = reduced(x[j], less[j])
        out[j] = power * rest + power


@njit(**EXACT)
def others(x: Any) -> Any:
    """1 like x, the lowest argument, and a polynomial whose coefficients follow the dtype."""
    return like(1.0, x), lowest(x), horner(chosen(x), x)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exponentials_err_by_two_units(dtype: type[np.floating]) -> None:
    """Assert that exp(x - y), y small, errs by at most two units in its last place, down to the least normal number."""
    end = float(DOUBLE[0] if dtype == np.float64 else SINGLE[0])
    numbers = np.random.default_rng(0)
    sizes = np.concatenate([numbers.uniform(end, 0.0, 100_000), -(10.0 ** numbers.uniform(-9, 0, 100_000)), [0.0]])
    x, y = sizes.astype(dtype), (1e-4 * numbers.uniform(size=len(sizes))).astype(dtype)
    for less in (np.zeros_like(y), y):
        out = np.empty_like(x)
        exponentials(x, less, out)
        assert 0.5 < units(out, np.exp(x.astype(np.longdouble) - less)).max() < 2.0
        assert out[-1] == 1.0 or less.any()


def test_what_is_below_does_not_vanish_or_overflow() -> None:
    """Assert that arguments beyond the range give the least number of the range, and NaN gives NaN."""
    out = np.empty(3)
    exponentials(np.array([-np.inf, DOUBLE[0], np.nan]), np.zeros(3), out)
    assert out[0] == out[1] > 0.0 and np.isnan(out[2])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_constants_follow_the_dtype(dtype: type[np.floating]) -> None:
    """Assert that nothing is computed in float64 for float32, and that each dtype has its own constants."""
    one, least, polynomial = others(dtype(2.0))
    assert one == 1.0 and least == (DOUBLE if dtype == np.float64 else SINGLE)[0]
    assert polynomial == (11.5 if dtype == np.float64 else 5.5)
