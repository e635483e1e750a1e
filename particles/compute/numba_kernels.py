"""Numba kernels for predictions and pulls of a perceptron cloud on CPUs; z_ij = w_j . phi_i stays in the first cache.

A tile is LANES particles and ROWS data at a time. Every inner loop runs over the particles and so becomes vector
instructions. Sums over the particles of a tile are taken in the dtype of the cloud, sums over tiles in float64, in
order and chunk by chunk, whatever the number of threads. So results have the same bits every time on one machine.

sigma errs by at most four units in its last place (tanh by 2.5), sigma' by four units of 1. All kernels are in one file
because Numba's cache on disk compares only the time of this file.
"""

from math import factorial
from typing import Any, no_type_check

import numpy as np
from numba import njit, types
from numba.extending import overload

from particles.neurons.activations import LeakyReLU, ReLU, Sigmoid, Tanh

LANES, ROWS = 256, 16
#: Data, features and outputs are padded with zeros to multiples of this, so that no loop has a remainder.
STEP = 4
CODES: dict[type, int] = {kind: code for code, kind in enumerate((ReLU, LeakyReLU, Tanh, Sigmoid))}
RELU, LEAKY_RELU, TANH, SIGMOID = range(len(CODES))

#: All kernels may contract a product and a sum; `sums` may also reorder sums, and no code in them relies on rounding.
EXACT: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
exact, sums = njit(**EXACT), njit(**{**EXACT, "fastmath": {"contract", "nsz", "reassoc"}})

LOG2_E = 1.4426950408889634
#: Constants of `reduced` in each dtype: the lowest x, whose power of two is a normal number; 3/2 times the first number
#: that cannot have a fraction, plus the exponent's bias, whose sum with n holds n in its last bits and, shifted left,
#: 2^n; ln 2 as a number of few digits, whose products with whole numbers are exact, and the rest of it; 1 / k! down to
#: k = 2; the dtype, integers of its size, and the number of binary digits after its point.
SINGLE = (
    *(np.float32(-87.0), np.float32(12582912 + 127), (np.float32(0.693359375), np.float32(-2.12194440e-4))),
    *(tuple(np.float32(1.0 / factorial(k)) for k in range(7, 1, -1)), np.float32, np.int32, np.int32(23)),
)
DOUBLE = (
    *(-708.0, 6755399441055744.0 + 1023.0, (0.6931471803691238, 1.9082149292705877e-10)),
    *(tuple(1.0 / factorial(k) for k in range(13, 1, -1)), np.float64, np.int64, np.int64(52)),
)


@no_type_check
def like(number, other):
    """A number in the dtype of another; for use inside kernels."""


@overload(like, jit_options=EXACT)
@no_type_check
def _like(number, other):
    if other == types.float32:
        return lambda number, other: np.float32(number)
    return lambda number, other: np.float64(number)


@no_type_check
def reduced(x):
    """2^n and exp(r) - 1 for x = n ln 2 + r <= 0, |r| <= ln(2) / 2; for use inside kernels.

    The series of exp to r^7 leaves 1.5e-8 of r in float32, to r^13 1e-17 in float64.
    """


@overload(reduced, jit_options=EXACT)
@no_type_check
def _reduced(x):
    lowest, magic, (high, low), series, number, whole, digits = SINGLE if x == types.float32 else DOUBLE
    log2_e = number(LOG2_E)

    def reduce(x):
        x = max(x, lowest)
        shifted = x * log2_e + magic
        n = shifted - magic
        r = (x - n * high) - n * low
        s = series[0]
        for term in series[1:]:
            s = s * r + term
        power = whole(number(shifted).view(whole) << digits).view(number)
        return power, s * (r * r) + r

    return reduce


@exact
@no_type_check
def _tanh(z):
    """tanh(z) as -e / (2 + e) with e = exp(-2 |z|) - 1, which keeps all its digits near zero."""
    power, rest = reduced(like(-2.0, z) * abs(z))
    small = power * rest + (power - like(1.0, z))
    value = -small / (like(2.0, z) + small)
    return -value if z < like(0.0, z) else value


@exact
@no_type_check
def _logistic(z):
    """1 / (1 + exp(-z)) from exp(-|z|), which cannot overflow."""
    power, rest = reduced(-abs(z))
    small = power * rest + power
    upper = like(1.0, z) / (like(1.0, z) + small)
    return small * upper if z < like(0.0, z) else upper


@exact
@no_type_check
def values(code, leak, z, out, size):
    """Write sigma of the first `size` entries of z to `out`."""
    if code == RELU:
        for j in range(size):
            out[j] = max(z[j], like(0.0, z[j]))
    elif code == LEAKY_RELU:
        for j in range(size):
            out[j] = z[j] if z[j] > like(0.0, z[j]) else like(leak, z[j]) * z[j]
    elif code == TANH:
        for j in range(size):
            out[j] = _tanh(z[j])
    elif code == SIGMOID:
        for j in range(size):
            out[j] = _logistic(z[j])


@exact
@no_type_check
def slopes(code, leak, z, value, out, size):
    """Write sigma' of the first entries of z to `out`; `value` holds sigma(z), and kinks are as in `activations`."""
    if code == RELU:
        for j in range(size):
            out[j] = like(1.0, z[j]) if value[j] > like(0.0, z[j]) else like(0.0, z[j])
    elif code == LEAKY_RELU:
        for j in range(size):
            out[j] = like(1.0, z[j]) if z[j] > like(0.0, z[j]) else like(leak, z[j])
    elif code == TANH:
        for j in range(size):
            out[j] = like(1.0, z[j]) - value[j] * value[j]
    elif code == SIGMOID:
        for j in range(size):
            out[j] = value[j] * (like(1.0, z[j]) - value[j])


@sums
@no_type_check
def _products(x, first, width, y, out, rows):
    """out[i, j] = sum_d x[first + i, d] y[d, j] for `rows` data i and LANES particles j; flat, rows and width full."""
    for j in range(rows * LANES):
        out[j] = like(0.0, out[0])
    d = 0
    while d < width:
        i = 0
        while i < rows:
            at = (first + i) * width + d
            a0, a1, a2, a3 = x[at], x[at + 1], x[at + 2], x[at + 3]
            at += width
            b0, b1, b2, b3 = x[at], x[at + 1], x[at + 2], x[at + 3]
            for j in range(LANES):
                y0, y1 = y[d * LANES + j], y[d * LANES + LANES + j]
                y2, y3 = y[d * LANES + 2 * LANES + j], y[d * LANES + 3 * LANES + j]
                out[i * LANES + j] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3
                out[i * LANES + LANES + j] += b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3
            i += 2
        d += STEP


@sums
@no_type_check
def _gathered(g, x, first, width, total, rows):
    """total[d, j] += sum_i x[first + i, d] g[i, j] over `rows` data, a multiple of STEP; all matrices flat."""
    d = 0
    while d < width:
        i = 0
        while i < rows:
            at = (first + i) * width + d
            a0, a1, a2, a3 = x[at], x[at + width], x[at + 2 * width], x[at + 3 * width]
            at += 1
            b0, b1, b2, b3 = x[at], x[at + width], x[at + 2 * width], x[at + 3 * width]
            for j in range(LANES):
                g0, g1 = g[i * LANES + j], g[i * LANES + LANES + j]
                g2, g3 = g[i * LANES + 2 * LANES + j], g[i * LANES + 3 * LANES + j]
                total[d * LANES + j] += a0 * g0 + a1 * g1 + a2 * g2 + a3 * g3
                total[d * LANES + LANES + j] += b0 * g0 + b1 * g1 + b2 * g2 + b3 * g3
            i += STEP
        d += 2


@sums
@no_type_check
def _summed(values, weights, c, rows, out, first):
    """out[first + i, c] += sum_j values[i, j] weights[c, j] over the LANES of a tile, in float64 from there on."""
    for i in range(rows):
        total = like(0.0, values[0])
        for j in range(LANES):
            total += values[i * LANES + j] * weights[c * LANES + j]
        out[first + i, c] += total


@exact
@no_type_check
def _loaded(positions, first, end, column, columns, out):
    """out[d, j] = positions[first + j, column + d] of a tile, flat, with zeros beyond the last particle."""
    here = min(LANES, end - first)
    for d in range(columns):
        for j in range(here):
            out[d * LANES + j] = positions[first + j, column + d]
        for j in range(here, LANES):
            out[d * LANES + j] = like(0.0, out[0])


@exact
@no_type_check
def _chunk(unit, particles, chunk):
    """The member that a chunk belongs to, its first particle and its end, and the number of its first tile of all."""
    member, number = divmod(unit, -(-particles // chunk))
    first, tile = member * particles, member * -(-particles // LANES)
    start = number * chunk
    return member, first + start, first + min(start + chunk, particles), tile + start // LANES


@njit(cache=True, **EXACT)
@no_type_check
def predict(begin, end, chunk, particles, positions, factors, phi, width, data, features, code, leak, kept, out):
    """out[unit, i, c] += s_j a_jc sigma(z_ij) for the particles j of the chunks from begin to end, of any members.

    The members of an ensemble follow each other, with `particles` each, and chunks are numbered over all members.
    If `kept` [tiles, data LANES] has rows, sigma is written there.
    """
    outputs = positions.shape[1] - features
    w = np.zeros(width * LANES, positions.dtype)
    z = np.empty(ROWS * LANES, positions.dtype)
    value = np.empty(ROWS * LANES, positions.dtype)
    weighted = np.empty(outputs * LANES, positions.dtype)
    for unit in range(begin, end):
        _, start, stop, tile = _chunk(unit, particles, chunk)
        for first in range(start, stop, LANES):
            _loaded(positions, first, stop, 0, features, w)
            _loaded(positions, first, stop, features, outputs, weighted)
            for c in range(outputs):
                for j in range(min(LANES, stop - first)):
                    weighted[c * LANES + j] *= factors[first + j]
            for i in range(0, data, ROWS):
                rows = min(ROWS, data - i)
                full = rows + (-rows) % STEP
                _products(phi, i, width, w, z, full)
                held = kept[tile + (first - start) // LANES, i * LANES : (i + full) * LANES] if len(kept) else value
                values(code, leak, z, held, full * LANES)
                for c in range(outputs):
                    _summed(held, weighted, c, rows, out[unit], i)


@njit(cache=True, **EXACT)
@no_type_check
def pull(
    begin, end, chunk, particles, positions, factors, phi, width, data, features, code, leak, kept, hidden, output,
    gathered, cotangents, out,
):  # fmt: skip
    """out[j] = s_j times, in w_j, sum_i (c_i . a_j) sigma'(z_ij) phi_i; in a_j, sum_i c_i sigma(z_ij).

    For one output `gathered` [members, ...] holds c_i phi_i, for several outputs it is phi_i [1, ...]. `cotangents`
    [members, ...] are padded like phi.
    """
    outputs = positions.shape[1] - features
    narrow = cotangents.shape[1] // (len(phi) // width)
    w = np.zeros(width * LANES, positions.dtype)
    a = np.zeros(narrow * LANES, positions.dtype)
    z = np.empty(ROWS * LANES, positions.dtype)
    value = np.empty(ROWS * LANES, positions.dtype)
    slope = np.empty(ROWS * LANES, positions.dtype)
    in_w = np.empty(width * LANES, positions.dtype)
    in_a = np.empty(narrow * LANES, positions.dtype)
    for unit in range(begin, end):
        member, start, stop, tile = _chunk(unit, particles, chunk)
        c, x = cotangents[member], gathered[min(member, len(gathered) - 1)]
        for first in range(start, stop, LANES):
            _loaded(positions, first, stop, 0, features, w)
            _loaded(positions, first, stop, features, outputs, a)
            in_w[:] = like(0.0, in_w[0])
            in_a[:] = like(0.0, in_a[0])
            for i in range(0, data, ROWS):
                rows = min(ROWS, data - i)
                full = rows + (-rows) % STEP
                held = kept[tile + (first - start) // LANES, i * LANES : (i + full) * LANES] if len(kept) else value
                if not len(kept):
                    _products(phi, i, width, w, z, full)
                    values(code, leak, z, held, full * LANES)
                if output:
                    _gathered(held, c, i, narrow, in_a, full)
                if hidden:
                    slopes(code, leak, z, held, slope, full * LANES)
                    if outputs > 1:
                        _products(c, i, narrow, a, z, full)
                        for j in range(full * LANES):
                            slope[j] *= z[j]
                    _gathered(slope, x, i, width, in_w, full)
            for j in range(min(LANES, stop - first)):
                s = factors[first + j]
                weighted = s * a[j] if outputs == 1 else s
                for d in range(features):
                    out[first + j, d] = weighted * in_w[d * LANES + j]
                for d in range(outputs):
                    out[first + j, features + d] = s * in_a[d * LANES + j]
