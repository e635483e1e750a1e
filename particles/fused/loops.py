"""Numba kernels of a perceptron cloud for CPUs, predictions and pulls, that keep z_ij = w_j . phi_i in the first cache.

A tile is LANES particles side by side, so that every inner loop runs over them and becomes vector instructions, and
ROWS data at a time. Sums over the particles of a tile are taken in the dtype of the cloud, those of tiles in float64
and in order, chunk by chunk, whatever the number of threads: results are the same bits every time on one machine.

sigma errs by at most four units in its last place (tanh by 2.5), SiLU by four of |z|; sigma' by four of 1, that of
SiLU by twenty. All kernels stand in one file because Numba's cache on disk looks at no other to see whether it is out
of date.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import no_type_check

import numpy as np
import torch
from numba import njit, types
from numba.extending import overload

from particles.activations import LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from particles.neurons import Perceptron
from particles.scratch import SCRATCH, Lease
from particles.shapes import AnyFloat, Features, Outputs, PerParticle, Positions

LANES, ROWS = 256, 16
#: Data, features and outputs are filled up with zeros to multiples of this: no loop has a remainder.
STEP = 4
#: Chunks have at least so many tiles and at most so many; in between there are so many chunks.
SHORTEST, LONGEST, CHUNKS = 4, 64, 64
CODES: dict[type, int] = {
    kind: code for code, kind in enumerate((Linear, ReLU, LeakyReLU, Tanh, Sigmoid, SiLU, Softplus))
}
LINEAR, RELU, LEAKY_RELU, TANH, SIGMOID, SILU, SOFTPLUS = range(len(CODES))

#: Contracting a product and a sum may be done everywhere; where sums may be reordered, no rounding is relied on.
EXACT = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
SUMS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "reassoc"}}

LOG2_E = 1.4426950408889634
#: ln 2 as a number of few digits, whose products with whole numbers are exact, and the rest of it.
LN2_32 = (np.float32(0.693359375), np.float32(-2.12194440e-4))
LN2_64 = (0.6931471803691238, 1.9082149292705877e-10)
#: 3/2 2^23 and 3/2 2^52 with the bias of the exponent: what is added to them becomes a rounded whole number in the last
#: bits, and shifted left its power of two.
MAGIC_32, MAGIC_64 = np.float32(12582912 + 127), 6755399441055744.0 + 1023.0
#: exp(x) for lower x is taken at these: powers of two that are normal numbers.
LOWEST_32, LOWEST_64 = np.float32(-87.0), -708.0


@no_type_check
def like(number, other):
    """A number in the dtype of another; inside kernels only."""


@overload(like, jit_options=EXACT)
@no_type_check
def _like(number, other):
    if other == types.float32:
        return lambda number, other: np.float32(number)
    return lambda number, other: np.float64(number)


@no_type_check
def reduced(x):
    """2^n and exp(r) - 1 for x = n ln 2 + r <= 0, |r| <= ln(2) / 2; inside kernels only.

    The series of exp to r^7 leaves 1.5e-8 of r in float32, to r^13 1e-17 in float64.
    """


@njit(**EXACT)
@no_type_check
def _reduced_32(x):
    x = max(x, LOWEST_32)
    shifted = x * np.float32(LOG2_E) + MAGIC_32
    n = shifted - MAGIC_32
    r = (x - n * LN2_32[0]) - n * LN2_32[1]
    s = r * np.float32(1.0 / 5040.0) + np.float32(1.0 / 720.0)
    s = s * r + np.float32(1.0 / 120.0)
    s = s * r + np.float32(1.0 / 24.0)
    s = s * r + np.float32(1.0 / 6.0)
    s = s * r + np.float32(0.5)
    power = np.int32(np.float32(shifted).view(np.int32) << np.int32(23)).view(np.float32)
    return power, s * (r * r) + r


@njit(**EXACT)
@no_type_check
def _reduced_64(x):
    x = max(x, LOWEST_64)
    shifted = x * LOG2_E + MAGIC_64
    n = shifted - MAGIC_64
    r = (x - n * LN2_64[0]) - n * LN2_64[1]
    s = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0
    s = s * r + 1.0 / 39916800.0
    s = s * r + 1.0 / 3628800.0
    s = s * r + 1.0 / 362880.0
    s = s * r + 1.0 / 40320.0
    s = s * r + 1.0 / 5040.0
    s = s * r + 1.0 / 720.0
    s = s * r + 1.0 / 120.0
    s = s * r + 1.0 / 24.0
    s = s * r + 1.0 / 6.0
    s = s * r + 0.5
    power = np.int64(np.float64(shifted).view(np.int64) << np.int64(52)).view(np.float64)
    return power, s * (r * r) + r


@overload(reduced, jit_options=EXACT)
@no_type_check
def _reduced(x):
    if x == types.float32:
        return lambda x: _reduced_32(x)
    return lambda x: _reduced_64(x)


@njit(**EXACT)
@no_type_check
def _tanh(z):
    """-e / (2 + e) with e = exp(-2 |z|) - 1, which keeps all its digits near zero."""
    power, rest = reduced(like(-2.0, z) * abs(z))
    small = power * rest + (power - like(1.0, z))
    value = -small / (like(2.0, z) + small)
    return -value if z < like(0.0, z) else value


@njit(**EXACT)
@no_type_check
def _exponential(x):
    """exp(x) for x <= 0."""
    power, rest = reduced(x)
    return power * rest + power


@njit(**EXACT)
@no_type_check
def _logistic(z):
    """1 / (1 + exp(-z)) from exp(-|z|), which cannot overflow."""
    small = _exponential(-abs(z))
    upper = like(1.0, z) / (like(1.0, z) + small)
    return small * upper if z < like(0.0, z) else upper


@njit(**EXACT)
@no_type_check
def _softplus(z):
    """max(z, 0) + log(1 + e) with e = exp(-|z|).

    log(1 + e) = 2 (s + s^3/3 + s^5/5 + ...) with s = e / (2 + e) <= 1/3: sixteen terms leave 2e-17 of it.
    """
    small = _exponential(-abs(z))
    ratio = small / (like(2.0, z) + small)
    square = ratio * ratio
    series = square * like(1.0 / 31.0, z) + like(1.0 / 29.0, z)
    series = series * square + like(1.0 / 27.0, z)
    series = series * square + like(1.0 / 25.0, z)
    series = series * square + like(1.0 / 23.0, z)
    series = series * square + like(1.0 / 21.0, z)
    series = series * square + like(1.0 / 19.0, z)
    series = series * square + like(1.0 / 17.0, z)
    series = series * square + like(1.0 / 15.0, z)
    series = series * square + like(1.0 / 13.0, z)
    series = series * square + like(1.0 / 11.0, z)
    series = series * square + like(1.0 / 9.0, z)
    series = series * square + like(1.0 / 7.0, z)
    series = series * square + like(1.0 / 5.0, z)
    series = series * square + like(1.0 / 3.0, z)
    series = series * square + like(1.0, z)
    return (max(z, like(0.0, z))) + like(2.0, z) * ratio * series


@njit(**EXACT)
@no_type_check
def _values(code, leak, z, out, size):
    """sigma of the first entries of z, into other memory."""
    if code == LINEAR:
        for j in range(size):
            out[j] = z[j]
    elif code == RELU:
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
    elif code == SILU:
        for j in range(size):
            out[j] = z[j] * _logistic(z[j])
    elif code == SOFTPLUS:
        for j in range(size):
            out[j] = _softplus(z[j])


@njit(**EXACT)
@no_type_check
def _slopes(code, leak, z, value, out, size):
    """sigma' of the first entries of z, of which `value` holds sigma; with the values at kinks of `activations`."""
    if code == LINEAR:
        for j in range(size):
            out[j] = like(1.0, z[j])
    elif code == RELU:
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
    elif code == SILU:
        for j in range(size):
            upper = _logistic(z[j])
            out[j] = upper * (like(1.0, z[j]) + z[j] * (like(1.0, z[j]) - upper))
    elif code == SOFTPLUS:
        for j in range(size):
            out[j] = _logistic(z[j])


@njit(**SUMS)
@no_type_check
def _products(x, first, width, y, out, rows):
    """out[i, j] = sum_d x[first + i, d] y[d, j] for `rows` data i and LANES particles j, all matrices flat.

    rows and width are multiples of STEP: two data and four features share what is loaded.
    """
    d = 0
    while d < width:
        i = 0
        while i < rows:
            at = (first + i) * width + d
            a0, a1, a2, a3 = x[at], x[at + 1], x[at + 2], x[at + 3]
            at += width
            b0, b1, b2, b3 = x[at], x[at + 1], x[at + 2], x[at + 3]
            if d == 0:
                for j in range(LANES):
                    y0, y1, y2, y3 = y[j], y[LANES + j], y[2 * LANES + j], y[3 * LANES + j]
                    out[i * LANES + j] = a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3
                    out[i * LANES + LANES + j] = b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3
            else:
                for j in range(LANES):
                    y0, y1 = y[d * LANES + j], y[d * LANES + LANES + j]
                    y2, y3 = y[d * LANES + 2 * LANES + j], y[d * LANES + 3 * LANES + j]
                    out[i * LANES + j] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3
                    out[i * LANES + LANES + j] += b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3
            i += 2
        d += STEP


@njit(**SUMS)
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


@njit(**SUMS)
@no_type_check
def _summed(values, weights, c, rows, out, first):
    """out[first + i, c] += sum_j values[i, j] weights[c, j] over the LANES of a tile, in float64 from there on."""
    for i in range(rows):
        total = like(0.0, values[0])
        for j in range(LANES):
            total += values[i * LANES + j] * weights[c * LANES + j]
        out[first + i, c] += total


@njit(**EXACT)
@no_type_check
def _loaded(positions, first, column, columns, out):
    """out[d, j] = positions[first + j, column + d] of a tile, flat; what is beyond the last particle is zero."""
    here = min(LANES, len(positions) - first)
    for d in range(columns):
        for j in range(here):
            out[d * LANES + j] = positions[first + j, column + d]
        for j in range(here, LANES):
            out[d * LANES + j] = like(0.0, out[0])


@njit(cache=True, **EXACT)
@no_type_check
def _predict(begin, end, chunk, positions, factors, phi, width, data, features, code, leak, kept, out):
    """out[j // chunk, i, c] += s_j a_jc sigma(z_ij) for particles j from begin to end, both multiples of the chunk.

    Where `kept` [tiles, data LANES] has rows, sigma is left there.
    """
    outputs = positions.shape[1] - features
    w = np.zeros(width * LANES, positions.dtype)
    z = np.empty(ROWS * LANES, positions.dtype)
    value = np.empty(ROWS * LANES, positions.dtype)
    speaking = np.empty(outputs * LANES, positions.dtype)
    for first in range(begin, end, LANES):
        _loaded(positions, first, 0, features, w)
        _loaded(positions, first, features, outputs, speaking)
        for c in range(outputs):
            for j in range(min(LANES, end - first)):
                speaking[c * LANES + j] *= factors[first + j]
        for i in range(0, data, ROWS):
            rows = min(ROWS, data - i)
            full = rows + (-rows) % STEP
            _products(phi, i, width, w, z, full)
            held = kept[first // LANES, i * LANES : (i + full) * LANES] if len(kept) else value
            _values(code, leak, z, held, full * LANES)
            for c in range(outputs):
                _summed(held, speaking, c, rows, out[first // chunk], i)


@njit(cache=True, **EXACT)
@no_type_check
def _pull(
    begin, end, positions, factors, phi, width, data, features, code, leak, kept, hidden, output, heard, cotangents, out
):
    """out[j] = s_j times, in w_j, sum_i (c_i . a_j) sigma'(z_ij) phi_i; in a_j, sum_i c_i sigma(z_ij).

    Of one output `heard` holds c_i phi_i in place of phi_i, of several it is phi_i; `cotangents` are filled up as phi.
    """
    outputs = positions.shape[1] - features
    narrow = len(cotangents) // (len(phi) // width)
    w = np.zeros(width * LANES, positions.dtype)
    a = np.zeros(narrow * LANES, positions.dtype)
    z = np.empty(ROWS * LANES, positions.dtype)
    value = np.empty(ROWS * LANES, positions.dtype)
    slope = np.empty(ROWS * LANES, positions.dtype)
    in_w = np.empty(width * LANES, positions.dtype)
    in_a = np.empty(narrow * LANES, positions.dtype)
    for first in range(begin, end, LANES):
        _loaded(positions, first, 0, features, w)
        _loaded(positions, first, features, outputs, a)
        in_w[:] = like(0.0, in_w[0])
        in_a[:] = like(0.0, in_a[0])
        for i in range(0, data, ROWS):
            rows = min(ROWS, data - i)
            full = rows + (-rows) % STEP
            held = value
            if len(kept):
                held = kept[first // LANES, i * LANES : (i + full) * LANES]
            else:
                _products(phi, i, width, w, z, full)
                _values(code, leak, z, held, full * LANES)
            if output:
                _gathered(held, cotangents, i, narrow, in_a, full)
            if hidden:
                _slopes(code, leak, z, held, slope, full * LANES)
                if outputs > 1:
                    _products(cotangents, i, narrow, a, z, full)
                    for j in range(full * LANES):
                        slope[j] *= z[j]
                _gathered(slope, heard, i, width, in_w, full)
        for j in range(min(LANES, end - first)):
            s = factors[first + j]
            speaking = s * a[j] if outputs == 1 else s
            for d in range(features):
                out[first + j, d] = speaking * in_w[d * LANES + j]
            for c in range(outputs):
                out[first + j, features + c] = s * in_a[c * LANES + j]


def predict(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None = None
) -> Outputs:
    """sum_j factors_j a_j sigma(w_j . phi_i) [data, outputs]; sigma is left in `kept`, if any, for `pull`."""
    chunk = _chunk(len(positions))
    out = np.zeros((-(-len(positions) // chunk), len(phi), neuron.outputs))
    common = _common(neuron, positions, factors, phi, kept)
    _shared_out(lambda begin, end: _predict(begin, end, chunk, *common, out), len(positions), chunk)
    return torch.from_numpy(out.sum(axis=0)).to(positions.dtype)


def pull(
    neuron: Perceptron,
    positions: Positions,
    factors: PerParticle,
    phi: Features,
    cotangents: Outputs,
    kept: Lease | None = None,
) -> Positions:
    """factors_j times, in w_j, sum_i (c_i . a_j) sigma'(w_j . phi_i) phi_i; in a_j, sum_i c_i sigma(w_j . phi_i).

    Zero in coordinates that are not trained [particles, dim]. kept: what `predict` left there for these positions.
    """
    result = torch.empty_like(positions, memory_format=torch.contiguous_format)
    trained = neuron.trained != "output", neuron.trained != "hidden"
    heard = _filled(cotangents * phi if neuron.outputs == 1 else phi)
    common = (*_common(neuron, positions, factors, phi, kept), *trained, heard, _filled(cotangents), result.numpy())
    _shared_out(lambda begin, end: _pull(begin, end, *common), len(positions), _chunk(len(positions)))
    return result


def memory(positions: Positions, phi: Features) -> Lease:
    """Room for sigma of all particles and data, in scratch memory."""
    return SCRATCH.lease(-(-len(positions) // LANES), _full(len(phi)) * LANES, positions)


def _common(
    neuron: Perceptron, positions: Positions, factors: PerParticle, phi: Features, kept: Lease | None
) -> tuple[object, ...]:
    code, leak = CODES[type(neuron.activation)], float(getattr(neuron.activation, "slope", 0.0))
    held = positions.new_empty(0, 0) if kept is None else kept.matrix
    arrays = positions.contiguous().numpy(), factors.contiguous().numpy(), _filled(phi)
    return *arrays, _full(neuron.hidden), len(phi), neuron.hidden, code, leak, held.numpy()


def _full(size: int) -> int:
    return size + -size % STEP


def _filled(matrix: AnyFloat) -> np.ndarray:
    """A matrix filled up with zeros, flat."""
    rows, columns = matrix.shape
    result = matrix.new_zeros(_full(rows), _full(columns))
    result[:rows, :columns] = matrix
    return result.numpy().ravel()


def _chunk(particles: int) -> int:
    """Particles of a chunk, from the number of all of them alone."""
    return LANES * max(SHORTEST, min(LONGEST, -(-particles // (CHUNKS * LANES))))


def _shared_out(act: Callable[[int, int], object], particles: int, chunk: int) -> None:
    """Act on all particles, whole chunks of them on each of torch's threads."""
    chunks = -(-particles // chunk)
    threads = min(torch.get_num_threads(), chunks)
    if threads == 1:
        act(0, particles)
        return
    ends = [min(chunk * (chunks * thread // threads), particles) for thread in range(threads + 1)]
    list(_threads(threads).map(act, ends[:-1], ends[1:]))


@cache
def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number, thread_name_prefix="particles")
