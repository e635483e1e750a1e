"""The exponential function inside Numba's kernels, and how their functions are compiled."""

from typing import Any, no_type_check

import numpy as np
from numba import njit, types
from numba.extending import overload

from particles.compute.cpu.coefficients import DOUBLE_EXP, SINGLE_EXP

#: All kernels may contract a product and a sum; `sums` may also reorder sums, and no code in them relies on rounding.
EXACT: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
#: Functions of one number are written out where they are called, or else loops over them have no vector instructions.
INNER: dict[str, Any] = {**EXACT, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
INLINE: dict[str, Any] = {**INNER, "forceinline": True}
exact, inline, sums = njit(**INNER), njit(**INLINE), njit(**{**INNER, "fastmath": {"contract", "nsz", "reassoc"}})

LOG2_E = 1.4426950408889634
#: Constants of `reduced` in each dtype: the lowest x, whose power of two is a normal number; 3/2 times the first number
#: that cannot have a fraction, plus the exponent's bias, whose sum with n holds n in its last bits and, shifted left,
#: 2^n; ln 2 as a number of few digits, whose products with whole numbers are exact, and the rest of it; 1 / k! down to
#: k = 2; the dtype, integers of its size, and the number of binary digits after its point.
SINGLE = (
    *(np.float32(-87.0), np.float32(12582912 + 127), (np.float32(0.693359375), np.float32(-2.12194440e-4))),
    *(SINGLE_EXP, np.float32, np.int32, np.int32(23)),
)
DOUBLE = (
    *(-708.0, 6755399441055744.0 + 1023.0, (0.6931471803691238, 1.9082149292705877e-10)),
    *(DOUBLE_EXP, np.float64, np.int64, np.int64(52)),
)


@no_type_check
def like(number, other):
    """A number in the dtype of another; for use inside kernels."""


@overload(like, jit_options=INLINE)
@no_type_check
def _like(number, other):
    if other == types.float32:
        return lambda number, other: np.float32(number)
    return lambda number, other: np.float64(number)


def by_dtype(single: Any, double: Any) -> Any:
    """A function of a number, for use inside kernels, that gives one constant for float32, another for float64."""

    @no_type_check
    def constant(x):
        """One of the two."""

    @overload(constant, jit_options=INLINE)
    @no_type_check
    def _constant(x):
        chosen = single if x == types.float32 else double
        return lambda x: chosen

    return constant


#: The least argument of `reduced`, below which its result does not fall.
lowest = by_dtype(SINGLE[0], DOUBLE[0])


@no_type_check
def reduced(x, less):
    """2^n and exp(r) - 1 for x - less = n ln 2 + r <= 0, |r| <= ln(2) / 2, with 0 <= less << 1; for use inside kernels.

    The series of exp to r^7 leaves 1.5e-8 of r in float32, to r^13 1e-17 in float64.
    """


@overload(reduced, jit_options=INLINE)
@no_type_check
def _reduced(x, less):
    least, magic, (high, low), coefficients, number, whole, digits = SINGLE if x == types.float32 else DOUBLE
    log2_e = number(LOG2_E)

    def reduce(x, less):
        x = max(x, least)
        shifted = x * log2_e + magic
        n = shifted - magic
        r = ((x - n * high) - n * low) - less
        power = whole(number(shifted).view(whole) << digits).view(number)
        return power, horner(coefficients, r) * (r * r) + r

    return reduce


@inline
@no_type_check
def horner(coefficients, x):
    """c_0 x^k + ... + c_k; the coefficients have the dtype of x."""
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total
