"""Numba kernels for predictions and pulls of a perceptron cloud on CPUs; z_ij = w_j . phi_i stays in the first cache.

Sums over the particles of a tile are taken in the dtype of the cloud, sums over tiles in float64, in order and chunk by
chunk, whatever the number of threads. So results have the same bits every time on one machine. Kernels are compiled for
one activation each, which takes less time than all of them.
"""

from functools import cache
from typing import Any, no_type_check

import numpy as np
from numba import njit

from particles.compute.cpu.activations import complete, evaluate
from particles.compute.cpu.exponential import EXACT
from particles.compute.cpu.tile_sums import (
    LANES,
    ROWS,
    STEP,
    chunk_of,
    cleared,
    gathered,
    held,
    loaded,
    products,
    summed,
)
from particles.compute.sources import fingerprint

#: Of all that is compiled here; in the closures of the kernels, hence in the key of Numba's cache.
SOURCES = fingerprint(__file__)


@cache
def predicting(kind: str) -> Any:
    """The kernel of predictions for the activation of this name."""
    sources = SOURCES

    @njit(cache=True, **EXACT)
    @no_type_check
    def predict(
        begin, end, chunk, particles, positions, factors, phi, width, data, features, leak, values, slopes, out
    ):  # fmt: skip
        """out[unit, i, c] += s_j a_jc sigma(z_ij) for the particles j of the chunks from begin to end, of any members.

        The members of an ensemble follow each other, with `particles` each, and chunks are numbered over all members.
        If `values` and `slopes` [tiles, data LANES] have rows, sigma and sigma' are written there.
        """
        _ = sources
        outputs = positions.shape[1] - features
        w = np.empty(width * LANES, positions.dtype)
        z = np.empty(ROWS * LANES, positions.dtype)
        spare = np.empty(ROWS * LANES, positions.dtype)
        other = np.empty(ROWS * LANES, positions.dtype)
        weighted = np.empty(outputs * LANES, positions.dtype)
        cleared(w)
        for unit in range(begin, end):
            _, start, stop, tile = chunk_of(unit, particles, chunk)
            for first in range(start, stop, LANES):
                here = tile + (first - start) // LANES
                loaded(positions, first, stop, features, w, weighted)
                for c in range(outputs):
                    for j in range(min(LANES, stop - first)):
                        weighted[c * LANES + j] *= factors[first + j]
                for i in range(0, data, ROWS):
                    rows = min(ROWS, data - i)
                    full = rows + (-rows) % STEP
                    size = full * LANES
                    products(phi, i, width, w, z, full)
                    value, slope = held(values, here, i, size, spare), held(slopes, here, i, size, other)
                    evaluate(kind, leak, z, value, slope, size)
                    for c in range(outputs):
                        summed(value, weighted, c, rows, out[unit], i)

    return predict


@cache
def pulling(kind: str) -> Any:
    """The kernel of pulls for the activation of this name."""
    sources = SOURCES

    @njit(cache=True, **EXACT)
    @no_type_check
    def pull(
        begin, end, chunk, particles, positions, factors, phi, width, data, features, leak, values, slopes,
        hidden, output, x, cotangents, out,
    ):  # fmt: skip
        """out[j] = s_j times, in w_j, sum_i (c_i . a_j) sigma'(z_ij) phi_i; in a_j, sum_i c_i sigma(z_ij).

        For one output x [members, ...] holds c_i phi_i, for several it is phi_i [1, ...]. `cotangents` [members, ...]
        are padded like phi. `values` and `slopes` hold what `predict` wrote, if anything.
        """
        _ = sources
        outputs = positions.shape[1] - features
        narrow = cotangents.shape[1] // (len(phi) // width)
        w = np.empty(width * LANES, positions.dtype)
        a = np.empty(narrow * LANES, positions.dtype)
        z = np.empty(ROWS * LANES, positions.dtype)
        spare = np.empty(ROWS * LANES, positions.dtype)
        other = np.empty(ROWS * LANES, positions.dtype)
        in_w = np.empty(width * LANES, positions.dtype)
        in_a = np.empty(narrow * LANES, positions.dtype)
        cleared(w)
        cleared(a)
        for unit in range(begin, end):
            member, start, stop, tile = chunk_of(unit, particles, chunk)
            c, mine = cotangents[member], x[min(member, len(x) - 1)]
            for first in range(start, stop, LANES):
                here = tile + (first - start) // LANES
                loaded(positions, first, stop, features, w, a)
                cleared(in_w)
                cleared(in_a)
                for i in range(0, data, ROWS):
                    rows = min(ROWS, data - i)
                    full = rows + (-rows) % STEP
                    size = full * LANES
                    value, slope = held(values, here, i, size, spare), held(slopes, here, i, size, other)
                    if len(values) == 0 and len(slopes) == 0:
                        products(phi, i, width, w, z, full)
                        evaluate(kind, leak, z, value, slope, size)
                    if output:
                        gathered(value, c, i, narrow, in_a, full)
                    if hidden:
                        complete(kind, value, slope, size)
                        if outputs > 1:
                            products(c, i, narrow, a, z, full)
                            for j in range(size):
                                z[j] *= slope[j]
                        gathered(z if outputs > 1 else slope, mine, i, width, in_w, full)
                for j in range(min(LANES, stop - first)):
                    s = factors[first + j]
                    weighted = s * a[j] if outputs == 1 else s
                    for d in range(features):
                        out[first + j, d] = weighted * in_w[d * LANES + j]
                    for d in range(outputs):
                        out[first + j, features + d] = s * in_a[d * LANES + j]

    return pull
