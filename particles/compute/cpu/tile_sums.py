"""Sums over data or over the particles of a tile inside Numba's kernels, and how a tile is read.

A tile is LANES particles and ROWS data at a time. Every inner loop runs over the particles and so becomes vector
instructions. Matrices are flat.
"""

from typing import no_type_check

from particles.compute.cpu.exponential import exact, like, sums

LANES, ROWS = 256, 16
#: Data, features and outputs are padded with zeros to multiples of this, so that no loop has a remainder.
STEP = 4


@sums
@no_type_check
def products(x, first, width, y, out, rows):
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
def gathered(g, x, first, width, total, rows):
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
def summed(values, weights, c, rows, out, first):
    """out[first + i, c] += sum_j values[i, j] weights[c, j] over the LANES of a tile, in float64 from there on."""
    for i in range(rows):
        total = like(0.0, values[0])
        for j in range(LANES):
            total += values[i * LANES + j] * weights[c * LANES + j]
        out[first + i, c] += total


@exact
@no_type_check
def loaded(positions, first, end, features, w, a):
    """w[d, j] and a[c, j] are the hidden and output weights of particle first + j of a tile, zero from `end` on."""
    here, outputs = min(LANES, end - first), positions.shape[1] - features
    for d in range(features):
        for j in range(here):
            w[d * LANES + j] = positions[first + j, d]
        for j in range(here, LANES):
            w[d * LANES + j] = like(0.0, w[0])
    for c in range(outputs):
        for j in range(here):
            a[c * LANES + j] = positions[first + j, features + c]
        for j in range(here, LANES):
            a[c * LANES + j] = like(0.0, a[0])


@exact
@no_type_check
def cleared(out):
    """Fill with zeros."""
    for j in range(len(out)):
        out[j] = like(0.0, out[0])


@exact
@no_type_check
def chunk_of(unit, particles, chunk):
    """The member that a chunk belongs to, its first particle and its end, and the number of its first tile of all."""
    member, number = divmod(unit, -(-particles // chunk))
    first, tile = member * particles, member * -(-particles // LANES)
    start = number * chunk
    return member, first + start, first + min(start + chunk, particles), tile + start // LANES


@exact
@no_type_check
def held(kept, tile, i, size, spare):
    """What is kept of a tile from datum i on, if anything is kept, or else spare memory."""
    return kept[tile, i * LANES : i * LANES + size] if len(kept) else spare
