"""Sums over the particles of a tile and over data, against products of matrices, and where chunks and tiles end."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from particles.compute.cpu import tile_sums
from particles.compute.cpu.exponential import EXACT
from particles.compute.cpu.tile_sums import LANES, chunk_of, cleared, gathered, held, loaded, products, summed

ROWS, WIDTH, FIRST = 8, 12, 4
NUMBERS = np.random.default_rng(0)
X = NUMBERS.standard_normal((FIRST + ROWS, WIDTH))


@njit(**EXACT)
def multiplied(x: Any, first: int, width: int, y: Any, out: Any, rows: int) -> None:
    """`products`, which has no wrapper of its own."""
    products(x, first, width, y, out, rows)


@njit(**EXACT)
def collected(g: Any, x: Any, first: int, width: int, total: Any, rows: int) -> None:
    """`gathered`, from zero."""
    cleared(total)
    gathered(g, x, first, width, total, rows)


@njit(**EXACT)
def added(values: Any, weights: Any, c: int, rows: int, out: Any, first: int) -> None:
    """`summed`."""
    summed(values, weights, c, rows, out, first)


@njit(**EXACT)
def read(positions: Any, first: int, end: int, features: int, w: Any, a: Any) -> None:
    """`loaded`."""
    loaded(positions, first, end, features, w, a)


@njit(**EXACT)
def chunk(unit: int, particles: int, size: int) -> Any:
    """`chunk_of`."""
    return chunk_of(unit, particles, size)


@njit(**EXACT)
def row(kept: Any, tile: int, i: int, size: int, spare: Any) -> Any:
    """`held`."""
    return held(kept, tile, i, size, spare)


def test_products_are_those_of_matrices() -> None:
    """Assert that inner products, sums over data and sums over particles are those of NumPy."""
    y, g = NUMBERS.standard_normal((WIDTH, LANES)), NUMBERS.standard_normal((ROWS, LANES))
    out, total = np.full(ROWS * LANES, np.nan), np.full(WIDTH * LANES, np.nan)
    multiplied(X.ravel(), FIRST, WIDTH, y.ravel(), out, ROWS)
    collected(g.ravel(), X.ravel(), FIRST, WIDTH, total, ROWS)
    np.testing.assert_allclose(out.reshape(ROWS, LANES), X[FIRST:] @ y, rtol=0.0, atol=1e-13)
    np.testing.assert_allclose(total.reshape(WIDTH, LANES), X[FIRST:].T @ g, rtol=0.0, atol=1e-13)
    weights, sums = NUMBERS.standard_normal((2, LANES)), np.ones((FIRST + ROWS, 2))
    added(g.ravel(), weights.ravel(), 1, ROWS, sums, FIRST)
    np.testing.assert_allclose(sums[FIRST:, 1], 1.0 + g @ weights[1], rtol=0.0, atol=1e-13)
    assert (sums[:, 0] == 1.0).all() and (sums[:FIRST] == 1.0).all()


@pytest.mark.parametrize("count", [LANES, 100])
def test_a_tile_that_is_not_full_ends_in_zeros(count: int) -> None:
    """Assert that coordinates come in rows, hidden weights before output weights, and that none of others is read."""
    positions = NUMBERS.standard_normal((LANES + 50, 5))
    w, a = np.full(4 * LANES, np.nan), np.full(2 * LANES, np.nan)
    read(positions, 50, 50 + count, 3, w, a)
    rows = np.vstack([w[: 3 * LANES].reshape(3, LANES), a.reshape(2, LANES)])
    assert np.array_equal(rows[:, :count], positions[50 : 50 + count].T)
    assert not rows[:, count:].any() and np.isnan(w[3 * LANES :]).all()


def test_chunks_of_members_follow_each_other() -> None:
    """Assert that the chunks of three members of 1000 particles are numbered over all, and tiles by member."""
    size = 2 * LANES
    assert chunk(0, 1000, size) == (0, 0, size, 0)
    assert chunk(1, 1000, size) == (0, size, 1000, 2)
    assert chunk(5, 1000, size) == (2, 2000 + size, 3000, 10)


def test_what_is_not_kept_has_spare_memory() -> None:
    """Assert that a part of a row of what is kept is written in place, and spare memory where nothing is kept."""
    kept, spare = np.zeros((3, 4 * LANES)), np.zeros(2 * LANES)
    row(kept, 1, 2, 2 * LANES, spare)[:] = 1.0
    assert kept[1, 2 * LANES :].all() and kept.sum() == 2 * LANES and not spare.any()
    row(np.zeros((0, 0)), 1, 2, 2 * LANES, spare)[:] = 2.0
    assert (spare == 2.0).all()
    assert tile_sums.ROWS % tile_sums.STEP == 0 and tile_sums.STEP % 2 == 0
