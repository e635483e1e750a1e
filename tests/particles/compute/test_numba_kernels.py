"""The activations inside Numba's kernels are as accurate as is said, and hide no NaN."""

import numpy as np
import pytest
from scipy.special import expit

from particles.compute import numba_kernels


def sampled(dtype: type[np.floating]) -> np.ndarray:
    """Numbers of both signs and every size: each thousandth of float32 below 80, as many of float64."""
    if dtype == np.float32:
        last = int(np.float32(80.0).view(np.int32))
        sizes = np.arange(0, last, 997, dtype=np.int64).astype(np.int32).view(np.float32)
    else:
        generator = np.random.default_rng(0)
        sizes = np.concatenate([10.0 ** generator.uniform(-30, 2.8, 500_000), generator.uniform(0, 40, 500_000)])
    return np.concatenate([sizes, -sizes, np.array([0.0, 800.0, -800.0], dtype)]).astype(dtype)


def evaluated(code: int, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sigma and sigma' as the kernels have them."""
    value, slope = np.empty_like(z), np.empty_like(z)
    numba_kernels.values(code, 0.0, z, value, len(z))
    numba_kernels.slopes(code, 0.0, z, value, slope, len(z))
    return value, slope


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_errors_of_the_activations_are_those_stated(dtype: type[np.floating]) -> None:
    """Assert that tanh and the logistic function err by at most four units in their own last place.

    And their derivatives by four of 1. Measured: tanh 2.5.
    """
    z = sampled(dtype)
    exact = z.astype(np.longdouble)
    tanh, logistic = np.tanh(exact), expit(exact)
    truths = {
        numba_kernels.TANH: (tanh, 1.0 - tanh * tanh),
        numba_kernels.SIGMOID: (logistic, logistic * (1.0 - logistic)),
    }
    eps, smallest = np.finfo(dtype).eps, 4.0 * np.finfo(dtype).tiny
    for code, (value, slope) in truths.items():
        found = evaluated(code, z)
        normal = np.abs(value) > smallest
        units = np.spacing(np.abs(value[normal]).astype(dtype)).astype(np.longdouble)
        assert 0.5 < (np.abs(found[0] - value)[normal] / units).max() < 4.0
        assert np.abs(found[0] - value)[~normal].max(initial=0.0) <= smallest
        assert np.abs(found[1] - slope).max() < 4.0 * eps


@pytest.mark.parametrize("code", range(len(numba_kernels.CODES)))
def test_what_is_no_number_stays_none(code: int) -> None:
    """Assert that a NaN is not hidden by any activation, so that a run that diverged is seen."""
    z = np.full(40, np.nan)
    assert np.isnan(evaluated(code, z)[0]).all()
