"""The functions sigma and sigma' of every activation inside a Triton kernel, entry by entry, in float32 or float64.

They use only exp, erf, products and quotients, so Triton's interpreter runs what the GPU runs. Errors are a few units
in the last place; for GELU's value and derivative they are relative to |z| and to 1. `SIGMA` is the name of the
activation's class, and `SLOPE` is that of LeakyReLU.
"""

from typing import no_type_check

import triton
import triton.language as tl


@triton.jit
@no_type_check
def sigma(z, SIGMA: tl.constexpr, SLOPE: tl.constexpr):
    """sigma(z), entry by entry."""
    zero = tl.zeros(z.shape, z.dtype)
    if SIGMA == "Linear":
        result = z
    elif SIGMA == "ReLU":
        result = tl.where(z < 0.0, zero, z)
    elif SIGMA == "LeakyReLU":
        result = tl.where(z > 0.0, z, SLOPE * z)
    elif SIGMA == "Erf":
        result = tl.erf(z)
    elif SIGMA == "Tanh":
        result = _tanh(z)
    elif SIGMA == "Sigmoid":
        result = _logistic(z)
    elif SIGMA == "Softplus":
        result = _softplus(z)
    elif SIGMA == "GELU":
        result = z * _gaussian(z)
    elif SIGMA == "SiLU":
        result = z * _logistic(z)
    else:
        tl.static_assert(False, "no such activation")
    return result


@triton.jit
@no_type_check
def slope(z, SIGMA: tl.constexpr, SLOPE: tl.constexpr):
    """sigma'(z), with the values at kinks of `particles.neurons.activations`."""
    one = tl.full(z.shape, 1.0, z.dtype)
    if SIGMA == "Linear":
        result = one
    elif SIGMA == "ReLU":
        result = tl.where(z > 0.0, one, tl.zeros(z.shape, z.dtype))
    elif SIGMA == "LeakyReLU":
        result = tl.where(z > 0.0, one, SLOPE * one)
    elif SIGMA == "Erf":
        result = 1.1283791670955126 * tl.exp(-z * z)
    elif SIGMA == "Tanh":
        small = tl.exp(-2.0 * tl.abs(z))
        result = 4.0 * small / ((1.0 + small) * (1.0 + small))
    elif SIGMA == "Sigmoid":
        result = _logistic(z) * _logistic(-z)
    elif SIGMA == "Softplus":
        result = _logistic(z)
    elif SIGMA == "GELU":
        result = _gaussian(z) + z * tl.exp(-0.5 * z * z) * 0.3989422804014327
    elif SIGMA == "SiLU":
        value = _logistic(z)
        result = value * (1.0 + z * (1.0 - value))
    else:
        tl.static_assert(False, "no such activation")
    return result


@triton.jit
@no_type_check
def _logistic(z):
    """1 / (1 + exp(-z)) from exp(-|z|), which cannot overflow."""
    small = tl.exp(-tl.abs(z))
    upper = 1.0 / (1.0 + small)
    return tl.where(z < 0.0, small * upper, upper)


@triton.jit
@no_type_check
def _gaussian(z):
    """Phi(z), the Gaussian distribution function."""
    return 0.5 + 0.5 * tl.erf(z * 0.7071067811865476)


@triton.jit
@no_type_check
def _tanh(z):
    """tanh(z) as (1 - e) / (1 + e) with e = exp(-2 |z|); below 1/8, where that loses digits, as a series.

    The series is z - z^3/3 + 2 z^5/15 - ... Relative to tanh, terms to z^7 leave 1.3e-9 in float32 and terms to z^15
    leave 2e-18 in float64.
    """
    small = tl.exp(-2.0 * tl.abs(z))
    large = (1.0 - small) / (1.0 + small)
    square = z * z
    if z.dtype == tl.float64:
        rest = square * (-929569.0 / 638512875.0) + 21844.0 / 6081075.0
        rest = square * rest - 1382.0 / 155925.0
        rest = square * rest + 62.0 / 2835.0
        rest = square * rest - 17.0 / 315.0
    else:
        rest = square * 0.0 - 17.0 / 315.0
    rest = square * rest + 2.0 / 15.0
    rest = square * rest - 1.0 / 3.0
    near = z + z * (square * rest)
    return tl.where(tl.abs(z) < 0.125, near, tl.where(z < 0.0, -large, large))


@triton.jit
@no_type_check
def _softplus(z):
    """log(1 + exp(z)) as max(z, 0) + log(1 + e) with e = exp(-|z|).

    log(1 + e) = 2 (s + s^3/3 + s^5/5 + ...) with s = e / (2 + e) <= 1/3: eight terms leave 1.4e-9 relative to it,
    sixteen leave 2e-17. The GPU's own logarithm in float32 is exact to 2e-7 only near 1.
    """
    small = tl.exp(-tl.abs(z))
    ratio = small / (2.0 + small)
    square = ratio * ratio
    TERMS: tl.constexpr = 16 if z.dtype == tl.float64 else 8
    series = 0.0 * square + 1.0 / (2.0 * TERMS - 1.0)
    for term in tl.static_range(1, TERMS):
        series = square * series + 1.0 / (2.0 * (TERMS - term) - 1.0)
    return tl.where(z > 0.0, z, tl.zeros(z.shape, z.dtype)) + 2.0 * ratio * series
