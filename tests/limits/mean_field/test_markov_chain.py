"""The Markov chain of a potential: Gibbs is balanced, mass and sign are kept, and time is exact."""

import math

import numpy as np
import pytest
from scipy.linalg import expm

from limits.mean_field.grid import Atoms, Grid, Interval
from limits.mean_field.markov_chain import Array, Chain

PLANE = Grid((Interval(-1.0, 1.0, 5), Interval(-2.0, 2.0, 4)))
BOTH = range(2)


def potential(grid: Grid, seed: int = 0, size: float = 1.0) -> Array:
    """Rough numbers."""
    return size * np.random.default_rng(seed).standard_normal(grid.count)


def generator_matrix(g: Array, temperature: float, grid: Grid, axes: range) -> Array:
    """Q with rows from and columns to, written out cell by cell with the formula as it stands."""
    cells = np.indices(grid.shape).reshape(grid.dim, -1).T
    matrix = np.zeros((grid.count, grid.count))
    for i, here in enumerate(cells):
        for j, there in enumerate(cells):
            (differing,) = np.nonzero(here != there)
            if len(differing) == 1 and differing[0] in axes and abs(here - there).sum() == 1:
                rise = (g[j] - g[i]) / temperature
                matrix[i, j] = temperature / grid.axes[differing[0]].width ** 2 * rise / math.expm1(rise)
    return matrix - np.diag(matrix.sum(axis=1))


def start(grid: Grid) -> Array:
    """Everything in one cell."""
    masses = np.zeros(grid.count)
    masses[grid.count // 3] = 1.0
    return masses


@pytest.mark.parametrize("axes", [BOTH, range(1), range(1, 2)])
def test_chain_is_the_exponential_of_its_rates(axes: range) -> None:
    """Assert that masses move as the dense matrix exponential says, along the moving axes only."""
    g = potential(PLANE)
    moved = Chain.of(g, 0.3, PLANE, axes).carried(start(PLANE), 0.7)
    assert np.abs(moved - expm(0.7 * generator_matrix(g, 0.3, PLANE, axes)).T @ start(PLANE)).max() < 1e-13


@pytest.mark.parametrize("size", [1.0, 30.0])
def test_gibbs_weights_are_stationary(size: float) -> None:
    """Assert that exp(-g / T) stays to rounding over many waiting times, for rough and for very steep potentials."""
    g = potential(PLANE, size=size)
    weights = np.exp(-(g - g.min()) / 0.5)
    weights /= weights.sum()
    chain = Chain.of(g, 0.5, PLANE, BOTH)
    assert np.abs(chain.carried(weights, 50.0 / chain.fastest) - weights).max() < 1e-14


@pytest.mark.parametrize("temperature", [0.0, 0.01, 2.0])
@pytest.mark.parametrize("jumps", [0.3, 40.0, 5000.0])
def test_mass_and_sign_are_kept(temperature: float, jumps: float) -> None:
    """Assert that no step, short or long, makes a negative mass or loses any."""
    chain = Chain.of(potential(PLANE, 1), temperature, PLANE, BOTH)
    moved = chain.carried(start(PLANE), jumps / chain.fastest)
    assert moved.min() >= 0.0
    assert abs(moved.sum() - 1.0) < 1e-13


def test_pure_diffusion_spreads_as_it_should() -> None:
    """Assert that without a potential the variance grows by exactly 2 T t and the mean stays."""
    grid = Grid((Interval(-10.0, 10.0, 201),))
    masses, places = np.zeros(201), grid.centres[:, 0].numpy()
    masses[100] = 1.0
    moved = Chain.of(np.zeros(201), 0.4, grid, range(1)).carried(masses, 1.5)
    assert abs(moved @ places) < 1e-13
    assert abs(moved @ places**2 - 2.0 * 0.4 * 1.5) < 1e-12


def test_rates_at_temperature_zero_are_upwind_and_the_limit() -> None:
    """Assert that at zero mass only falls, at speed -dg/dtheta, and that a small temperature changes little."""
    grid = Grid((Interval(0.0, 1.0, 4),))
    g = np.array([0.0, 0.5, 0.2, 0.2])
    cold = Chain.of(g, 0.0, grid, range(1))
    assert np.abs(cold.up[0] - np.array([0.0, 0.3, 0.0]) * 16.0).max() < 1e-14
    assert np.abs(cold.down[0] - np.array([0.5, 0.0, 0.0]) * 16.0).max() < 1e-14
    cool = Chain.of(g, 1e-7, grid, range(1))
    assert max(np.abs(cool.up[0] - cold.up[0]).max(), np.abs(cool.down[0] - cold.down[0]).max()) < 1e-5


def test_nothing_moves_where_nothing_can() -> None:
    """Assert that a flat potential at temperature zero, or no time, leaves masses alone."""
    grid = Grid((Interval(0.0, 1.0, 4), Atoms((0.0, 1.0))))
    masses = np.arange(8.0) / 28.0
    for temperature, time in ((0.0, 3.0), (0.5, 0.0)):
        assert np.array_equal(Chain.of(np.zeros(8), temperature, grid, range(1)).carried(masses, time), masses)
