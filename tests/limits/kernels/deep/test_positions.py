"""Positions of convolutional layers: filters, blocks and flags against loops and torch, whatever is laid out how."""

import itertools
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from limits.kernels.deep.positions import Positions, Window
from tests.draws import normals, uniforms
from tests.limits.kernels.deep import plain_recursion
from tests.tolerances import assert_identical

GRIDS = [(5,), (2, 3)]
ROWS, COLUMNS = 2, 3


def entries(grid: tuple[int, ...], seed: int = 1) -> Tensor:
    """Numbers [rows positions, columns positions]."""
    count = math.prod(grid)
    return normals(ROWS * count, COLUMNS * count, seed=seed)


def by_pairs(matrix: Tensor, count: int) -> Tensor:
    """The same as [rows, positions, columns, positions]."""
    return matrix.reshape(ROWS, count, COLUMNS, count)


def test_circular_means_wrap_around() -> None:
    """Assert that neighbours are averaged for filters shorter and longer than the input."""
    values = torch.tensor([[1.0, 2.0, 6.0]], dtype=torch.float64)
    line = Positions((3,), paired=False)
    assert_identical(line.windowed(values, Window(2)), torch.tensor([[1.5, 4.0, 3.5]], dtype=torch.float64))
    assert_identical(line.windowed(values, Window(4)), torch.tensor([[2.5, 2.75, 3.75]], dtype=torch.float64))


def test_zeros_stand_outside() -> None:
    """Assert that a filter that leaves the grid takes zeros from outside, before and after."""
    values = torch.tensor([[1.0, 2.0, 6.0]], dtype=torch.float64)
    line = Positions((3,), paired=False)
    window = Window(3, 1, circular=False)
    assert_identical(line.windowed(values, window), torch.tensor([[1.0, 3.0, 8.0 / 3.0]], dtype=torch.float64))


@pytest.mark.parametrize("circular", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("grid", GRIDS)
def test_patches_are_what_torch_unfolds(grid: tuple[int, ...], size: int, circular: bool) -> None:
    """Assert that a filter over the patches is torch's convolution with padding="same", channels first."""
    channels, before = 2, (size - 1) // 2
    x = normals(4, channels * math.prod(grid), seed=size)
    weights = normals(1, channels, *(size,) * len(grid), seed=9)
    padded = functional.pad(
        x.reshape(4, channels, *grid),
        (before, size - 1 - before) * len(grid),
        mode="circular" if circular else "constant",
    )
    expected = (functional.conv1d if len(grid) == 1 else functional.conv2d)(padded, weights).flatten(1)
    window = Window(size, before, circular)
    (rows,) = Positions(grid, paired=True).patches(x, window)
    assert_identical((rows @ weights.flatten()).reshape(4, -1), expected)
    by_position = Positions(grid, paired=False).patches(x, window)
    assert_identical(torch.stack([rows @ weights.flatten() for rows in by_position], dim=1), expected)


@pytest.mark.parametrize("circular", [True, False])
@pytest.mark.parametrize("size", [2, 3, 7])
@pytest.mark.parametrize("grid", GRIDS)
def test_filters_move_together_over_pairs(grid: tuple[int, ...], size: int, circular: bool) -> None:
    """Assert that means over the places of two filters are the loops over them, for pairs and equal positions."""
    count = math.prod(grid)
    values = entries(grid)
    window = Window(size, (size - 1) // 2, circular)
    expected = plain_recursion.filtered(by_pairs(values, count), grid, size, circular=circular)
    paired, matched = Positions(grid, paired=True), Positions(grid, paired=False)
    assert_identical(by_pairs(paired.windowed(values, window), count), expected)
    assert_identical(matched.windowed(paired.matched(values), window), torch.einsum("ikjk->ijk", expected))


@pytest.mark.parametrize(("grid", "sizes"), [((6,), (2,)), ((6,), (6,)), ((2, 4), (1, 2)), ((4, 2), (2, 2))])
def test_blocks_are_averaged_over_all_their_pairs(grid: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    """Assert that a pooled entry is the mean over all pairs of two blocks, and a flag that of corresponding ones."""
    at = Positions(grid, paired=True)
    values = entries(grid)
    flags = values > -1.0
    found = at.pooled(values, sizes).reshape(ROWS, *at.after(sizes).grid, COLUMNS, *at.after(sizes).grid)
    marked = at.pooled_flags(flags, sizes).reshape(found.shape)
    split = values.reshape(ROWS, *grid, COLUMNS, *grid)
    blocks = list(itertools.product(*(range(length) for length in at.after(sizes).grid)))
    for i, l, one, other in itertools.product(range(ROWS), range(COLUMNS), blocks, blocks):
        parts = [tuple(slice(b * s, b * s + s) for b, s in zip(block, sizes, strict=True)) for block in (one, other)]
        block = split[(i, *parts[0], l, *parts[1])].reshape(math.prod(sizes), math.prod(sizes))
        assert_identical(found[(i, *one, l, *other)], block.mean())
        assert bool(marked[(i, *one, l, *other)]) == bool((block.diagonal() > -1.0).all())


@pytest.mark.parametrize("circular", [True, False])
@pytest.mark.parametrize("grid", [(5,), (3, 4)])
def test_two_filters_are_equal_where_all_their_places_are(grid: tuple[int, ...], circular: bool) -> None:
    """Assert that flags pass a filter where every place has one, outside only where both filters leave the grid."""
    count = math.prod(grid)
    flags = uniforms(ROWS * count, COLUMNS * count, seed=5) < 0.9
    window = Window(2, 0, circular)
    found = by_pairs(Positions(grid, paired=True).windowed_flags(flags, window), count)
    points = {point: place for place, point in enumerate(itertools.product(*map(range, grid)))}
    for (k, here), (l, there) in itertools.product(points.items(), repeat=2):
        expected = torch.ones(ROWS, COLUMNS, dtype=torch.bool)
        for steps in itertools.product(range(2), repeat=len(grid)):
            places = [tuple(map(sum, zip(point, steps, strict=True))) for point in (k, l)]
            if circular:
                places = [tuple(map(int.__mod__, place, grid)) for place in places]
            inside = [place in points for place in places]
            if all(inside):
                expected &= by_pairs(flags, count)[:, points[places[0]], :, points[places[1]]]
            elif any(inside):
                expected &= False
        assert torch.equal(found[:, here, :, there], expected)
    matched = Positions(grid, paired=False)
    diagonal = matched.windowed_flags(Positions(grid, paired=True).matched(flags), window)
    assert torch.equal(diagonal, torch.einsum("ikjk->ijk", found.int()).bool())


@pytest.mark.parametrize("at", [Positions((3,), True), Positions((3,), False), Positions((2, 2), True)])
def test_rows_of_inputs_are_found_again(at: Positions) -> None:
    """Assert that numbers of inputs and positions keep their places as rows, and meet where a tile has them."""
    values, others = normals(4, at.count, seed=1), normals(5, at.count, seed=2)
    assert torch.equal(at.unflat(at.flat(values)), values)
    part, other = slice(1, 3), slice(2, 5)
    p, q = at.spread(values[part], others[other])
    matrices = [
        at.flat(values)[i][:, None] + at.flat(others)[l]
        for i, l in zip(at.parts(4, part), at.parts(5, other), strict=True)
    ]
    assert torch.equal(at.joined(matrices), p + q)
    for one, again in zip(matrices, at.split(p + q), strict=True):
        assert torch.equal(one, again)


def test_means_over_equal_positions_are_a_readout() -> None:
    """Assert that a readout of all positions takes the mean over equal positions, and that a dense layer has one."""
    at = Positions((5,), paired=True)
    values = entries((5,))
    assert_identical(at.averaged(values), torch.einsum("ikjk->ij", by_pairs(values, 5)) / 5.0)
    assert not bool(at.averaged_flags(values > values.max() - 1e-9).any())
    assert bool(at.averaged_flags(values < values.max() + 1.0).all())
    dense = Positions((), paired=True)
    assert dense.averaged(values) is values
    assert torch.equal(dense.unflat(values[0]), values[0])
