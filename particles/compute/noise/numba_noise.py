"""Numba's loops for addressed normal numbers of version 2 on CPUs: Philox and Box-Muller, in tiles that stay in cache.

Every operation is rounded once, as in `normals.py` beside, so that the numbers have the bits of plain
torch on any number of threads. No loop may contract a product and a sum.
"""

import math
from typing import Any, no_type_check

import numpy as np
from numba import njit

from particles.compute.noise.normals import ARTANH, COS, LN_2, ROOT, SIN, TURN
from particles.compute.noise.philox import KEY_STEPS, MASK, MULTIPLIERS, ROUNDS
from particles.compute.sources import fingerprint
from particles.compute.threads import shared_out
from particles.shapes import Positions

#: Counters of a tile, of four numbers each.
TILE = 2048
(M0, M1), (S0, S1) = map(np.uint64, MULTIPLIERS), map(np.uint64, KEY_STEPS)
LOW, HALF, LEAST = np.uint64(MASK), np.uint64(32), np.int64(ROOT)
#: Every operation stands for itself: no fast mathematics.
ROUNDED: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
rounded = njit(**ROUNDED)


@rounded
@no_type_check
def fill(begin, end, blocks, counter, key, radial, angular):
    """Write words 0 and 2 of each counter to `radial`, 1 and 3 to `angular`, both [2, counters].

    Counter b (end - begin) + j is block b of particle begin + j; `counter` holds the words of the step, `key` those of
    the seed.
    """
    size = end - begin
    for b in range(blocks):
        for j in range(size):
            c0, c1, c2, c3 = np.uint64(b), np.uint64(begin + j), np.uint64(counter[0]), np.uint64(counter[1])
            k0, k1 = np.uint64(key[0]), np.uint64(key[1])
            for _ in range(ROUNDS):
                p0, p1 = M0 * c0, M1 * c2
                c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
                k0, k1 = (k0 + S0) & LOW, (k1 + S1) & LOW
            radial[0, b * size + j], angular[0, b * size + j] = c0, c1
            radial[1, b * size + j], angular[1, b * size + j] = c2, c3


@rounded
@no_type_check
def turn(radial, angular, size, cosines, sines):
    """Write the two normal numbers of each of the first `size` pairs of words, as `portable_box_muller`."""
    for i in range(size):
        bits = np.float64(2 * radial[i] + 1).view(np.int64)
        exponent = (bits - LEAST) >> 52
        m = np.int64(bits - (exponent << 52)).view(np.float64)
        s, n = (m - 1.0) / (m + 1.0), np.float64(exponent - 33)
        z = s * s
        total = ARTANH[0]
        for coefficient in ARTANH[1:]:
            total = total * z + coefficient
        radius = math.sqrt(-2.0 * (n * LN_2[0] + (n * LN_2[1] + s * (2.0 + z * total))))
        quarter = (angular[i] + (1 << 29)) >> 30
        t = np.float64(angular[i] - (quarter << 30)) * TURN
        z = t * t
        total = SIN[0]
        for coefficient in SIN[1:]:
            total = total * z + coefficient
        sine = t + t * (z * total)
        total = COS[0]
        for coefficient in COS[1:]:
            total = total * z + coefficient
        cosine = 1.0 + z * total
        odd = (quarter & 1) == 1
        cosine, sine = sine if odd else cosine, cosine if odd else sine
        cosines[i] = radius * (-cosine if ((quarter + 1) & 2) == 2 else cosine)
        sines[i] = radius * (-sine if (quarter & 2) == 2 else sine)


@rounded
@no_type_check
def arrange(cosines, sines, out):
    """out[j, 4 b + 2 p] = cosines[p, b, j] and out[j, 4 b + 2 p + 1] = sines[p, b, j] for the pairs p = 0, 1."""
    count, dim = out.shape
    for d in range(dim):
        pair, first = (d % 4) // 2, d // 4 * count
        numbers = cosines if d % 2 == 0 else sines
        for j in range(count):
            out[j, d] = numbers[pair, first + j]


def _compiled(sources: str) -> Any:
    """The loop over tiles; the fingerprint of all sources is in its closure, hence in the key of Numba's cache."""

    @njit(cache=True, **ROUNDED)
    @no_type_check
    def write_tiles(begin, end, tile, first, counter, key, out):
        """Write the numbers of the tiles from begin to end, of `tile` particles; the first has that number."""
        _ = sources
        count, dim = out.shape
        blocks = -(-dim // 4)
        integers, numbers = np.empty(4 * blocks * tile, np.int64), np.empty(4 * blocks * tile)
        for start in range(begin * tile, min(end * tile, count), tile):
            stop = min(start + tile, count)
            size = blocks * (stop - start)
            radial, angular = integers[: 2 * size], integers[2 * size : 4 * size]
            cosines, sines = numbers[: 2 * size], numbers[2 * size : 4 * size]
            fill(first + start, first + stop, blocks, counter, key, radial.reshape(2, size), angular.reshape(2, size))
            spared = stop - start if 1 <= dim % 4 <= 2 else 0
            turn(radial, angular, 2 * size - spared, cosines, sines)
            arrange(cosines.reshape(2, size), sines.reshape(2, size), out[start:stop])

    return write_tiles


write_tiles = _compiled(fingerprint(__file__))


def write_normals(out: Positions, first: int, counter: tuple[int, int], key: tuple[int, int]) -> None:
    """Write the numbers of the particles first, first + 1, ... to `out` [particles, dim], contiguous on the CPU.

    `counter` are the two words of the step and stream, `key` those of the seed. float32 gets the numbers rounded.
    """
    count, dim = out.shape
    tile = max(1, TILE // -(-dim // 4))
    rows = out.numpy()
    shared_out(lambda begin, end: write_tiles(begin, end, tile, first, counter, key, rows), -(-count // tile))
