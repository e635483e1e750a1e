"""sigma and sigma' of every activation inside Numba's kernels, both from one exponential.

sigma errs by at most four units in its last place (GELU by eight), sigma' by four units of 1. Where the exponential
ends and sigma is near zero it errs by some of the least normal numbers, SiLU by as many as |z|, at most 708.

`kind` is the name of the activation's class, `leak` the slope of LeakyReLU. For activations in `FROM_VALUE` sigma'
follows from sigma, so that it need not be kept.
"""

from typing import no_type_check

import numpy as np
from numba import types
from numba.extending import overload

from particles.compute.cpu.coefficients import (
    DOUBLE_ERF,
    DOUBLE_FURTHEST,
    DOUBLE_HIGH,
    DOUBLE_LOG,
    DOUBLE_LOW,
    DOUBLE_MILLS,
    SINGLE_ERF,
    SINGLE_FURTHEST,
    SINGLE_LOG,
    SINGLE_MILLS,
    SINGLE_SERIES,
)
from particles.compute.cpu.exponential import EXACT, INLINE, by_dtype, horner, inline, like, lowest, reduced

ROOT_TWO, TWO_OVER_ROOT_PI, OVER_ROOT_TWO_PI = 1.4142135623730951, 1.1283791670955126, 0.3989422804014327
_furthest, _mills = by_dtype(SINGLE_FURTHEST, DOUBLE_FURTHEST), by_dtype(SINGLE_MILLS, DOUBLE_MILLS)
_log_terms, _erf_terms = by_dtype(SINGLE_LOG, DOUBLE_LOG), by_dtype(SINGLE_ERF, DOUBLE_ERF)


@inline
@no_type_check
def _linear(z, leak):
    return z, like(1.0, z)


@inline
@no_type_check
def _relu(z, leak):
    value = max(z, like(0.0, z))
    return value, _relu_slope(value)


@inline
@no_type_check
def _leaky_relu(z, leak):
    slope = like(1.0, z) if z > like(0.0, z) else like(leak, z)
    return slope * z, slope


@inline
@no_type_check
def _tanh(z, leak):
    """tanh(z) as -e / (2 + e) with e = exp(-2 |z|) - 1, which keeps all its digits near zero."""
    power, rest = reduced(like(-2.0, z) * abs(z), like(0.0, z))
    small = power * rest + (power - like(1.0, z))
    value = -small / (like(2.0, z) + small)
    value = -value if z < like(0.0, z) else value
    return value, _tanh_slope(value)


@inline
@no_type_check
def _sigmoid(z, leak):
    """1 / (1 + exp(-z)) from exp(-|z|), which cannot overflow."""
    power, rest = reduced(-abs(z), like(0.0, z))
    small = power * rest + power
    upper = like(1.0, z) / (like(1.0, z) + small)
    value = small * upper if z < like(0.0, z) else upper
    return value, _sigmoid_slope(value)


@inline
@no_type_check
def _softplus(z, leak):
    """max(z, 0) + log(1 + e) with e = exp(-|z|); log(1 + e) = 2 artanh(s), s = e / (2 + e) <= 1/3."""
    power, rest = reduced(-abs(z), like(0.0, z))
    small = power * rest + power
    above = like(1.0, z) + small
    ratio = small / (like(1.0, z) + above)
    upper = like(1.0, z) / above
    value = max(z, like(0.0, z)) + ratio * horner(_log_terms(z), ratio * ratio)
    return value, small * upper if z < like(0.0, z) else upper


@inline
@no_type_check
def _silu(z, leak):
    """z s and s + z s (1 - s), s = 1 / (1 + exp(-z)), where s (1 - s) is exp(-|z|) / (1 + exp(-|z|))^2."""
    power, rest = reduced(-abs(z), like(0.0, z))
    small = power * rest + power
    upper = like(1.0, z) / (like(1.0, z) + small)
    logistic = small * upper if z < like(0.0, z) else upper
    within = min(max(z, lowest(z)), -lowest(z))
    return max(z, lowest(z)) * logistic, logistic + within * (small * upper * upper)


@inline
@no_type_check
def _erf(z, leak):
    """erf(z) as z p(z^2) up to 1/2, beyond as 1 - exp(-z^2) times Mills' ratio at sqrt(2) |z|."""
    density, tail = _gaussian(z, like(ROOT_TWO, z), like(1.0, z))
    value = like(1.0, z) - like(2.0, z) * tail
    value = -value if z < like(0.0, z) else value
    near = z * horner(_erf_terms(z), z * z)
    return near if abs(z) < like(0.5, z) else value, like(TWO_OVER_ROOT_PI, z) * density


@inline
@no_type_check
def _gelu(z, leak):
    """z Phi(z) and Phi(z) + z phi(z)."""
    density, tail = _gaussian(z, like(1.0, z), like(0.5, z))
    inside = min(max(z, -_furthest(z)), _furthest(z))
    below = tail if z < like(0.0, z) else like(1.0, z) - tail
    return max(z, -_furthest(z)) * below, below + inside * (like(OVER_ROOT_TWO_PI, z) * density)


@inline
@no_type_check
def _gaussian(z, stretch, half):
    """exp(-half z^2), and the Gaussian probability above |z| `stretch`; exp(-y^2 / 2) must be the former.

    The square is that of z's leading digits, which is exact, and a small rest: so the exponential keeps its digits.
    """
    y = min(abs(z), _furthest(z) / stretch)
    lead = _leading(y)
    power, rest = reduced(-half * (lead * lead), half * ((y - lead) * (y + lead)))
    density = power * rest + power
    scale, shift, offset = _mills(z)
    t = like(1.0, z) / (y * stretch + offset)
    u = scale * t + shift
    return density, density * (t * _mills_series(u))


@no_type_check
def _mills_series(u):
    """The polynomial of Mills' ratio."""


@overload(_mills_series, jit_options=INLINE)
@no_type_check
def _of_mills_series(u):
    def split(u):  # loops over more coefficients are not unrolled, and hinder vector instructions
        cube = u * u * u
        return horner(DOUBLE_HIGH, u) * ((cube * cube) * (cube * cube)) + horner(DOUBLE_LOW, u)

    return (lambda u: horner(SINGLE_SERIES, u)) if u == types.float32 else split


@no_type_check
def _leading(y):
    """y with the last half of its digits set to zero."""


@overload(_leading, jit_options=INLINE)
@no_type_check
def _of_leading(y):
    number, whole, digits = (np.float32, np.int32, 12) if y == types.float32 else (np.float64, np.int64, 27)
    mask = whole(-(1 << digits))
    return lambda y: whole(number(y).view(whole) & mask).view(number)


@inline
@no_type_check
def _relu_slope(value):
    return like(1.0, value) if value > like(0.0, value) else like(0.0, value)


@inline
@no_type_check
def _tanh_slope(value):
    return like(1.0, value) - value * value


@inline
@no_type_check
def _sigmoid_slope(value):
    return value * (like(1.0, value) - value)


@inline
@no_type_check
def _linear_slope(value):
    return like(1.0, value)


#: (sigma, sigma') of z by the names of classes, and sigma' of sigma where that is possible.
FORMULAS = {
    "Linear": _linear,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "Tanh": _tanh,
    "Sigmoid": _sigmoid,
    "Softplus": _softplus,
    "SiLU": _silu,
    "Erf": _erf,
    "GELU": _gelu,
}
FROM_VALUE = {"Linear": _linear_slope, "ReLU": _relu_slope, "Tanh": _tanh_slope, "Sigmoid": _sigmoid_slope}


@no_type_check
def evaluate(kind, leak, z, value, slope, size):
    """Write sigma of the first `size` entries of z to `value`; sigma' to `slope` unless `kind` is in FROM_VALUE."""


@overload(evaluate, jit_options=EXACT, prefer_literal=True)
@no_type_check
def _evaluate(kind, leak, z, value, slope, size):
    if not isinstance(kind, types.StringLiteral):
        return None
    formula = FORMULAS[kind.literal_value]

    def write(kind, leak, z, value, slope, size):
        for j in range(size):
            value[j], slope[j] = formula(z[j], leak)

    def write_value(kind, leak, z, value, slope, size):
        for j in range(size):
            value[j] = formula(z[j], leak)[0]

    return write_value if kind.literal_value in FROM_VALUE else write


@no_type_check
def complete(kind, value, slope, size):
    """Write sigma' of the first `size` entries to `slope` where `kind` is in FROM_VALUE, from sigma in `value`."""


@overload(complete, jit_options=EXACT, prefer_literal=True)
@no_type_check
def _complete(kind, value, slope, size):
    if not isinstance(kind, types.StringLiteral):
        return None
    formula = FROM_VALUE.get(kind.literal_value)

    def write(kind, value, slope, size):
        for j in range(size):
            slope[j] = formula(value[j])

    return (lambda kind, value, slope, size: None) if formula is None else write
