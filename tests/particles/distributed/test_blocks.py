"""Blocks: where they begin, who holds them, and the order of sums that goes with it."""

import math

import pytest
import torch

from particles.distributed.blocks import ALIGNED, LARGEST, Blocks, tree_sum
from tests.problems import numbers


@pytest.mark.parametrize("particles", [1, 64, 65, 1000, 4096, 4097, 1_000_000, 100_000_000])
def test_blocks_cover_the_particles_once(particles: int) -> None:
    """Assert that blocks are aligned, none is too large, and ranks hold all of them one after the other."""
    blocks = Blocks.of(particles)
    assert blocks.size % ALIGNED == 0 and blocks.size <= LARGEST
    assert blocks.number == math.ceil(particles / blocks.size)
    for ranks in (1, 2, 4, 8):
        if ranks <= blocks.number:
            spans = [blocks.span(held) for held in blocks.held(ranks)]
            assert [span.start for span in spans[1:]] == [span.stop for span in spans[:-1]]
            assert (spans[0].start, spans[-1].stop) == (0, particles)


def test_ranks_hold_nearly_as_many_particles_each() -> None:
    """Assert that of a million particles no rank of up to eight has 2 % more than its even share."""
    blocks = Blocks.of(1_000_000)
    for ranks in (2, 4, 8):
        largest = max(span.stop - span.start for span in map(blocks.span, blocks.held(ranks)))
        assert largest * ranks / 1_000_000 < 1.02


@pytest.mark.parametrize("number", [1, 2, 5, 11, 64, 100])
def test_sum_of_the_ranks_is_the_sum_of_one(number: int) -> None:
    """Assert that the tree's sum, and those of the branches ranks hold summed again, have the same bits."""
    partials = [1e3 * row for row in numbers(number, number, 3)]
    whole = tree_sum(iter(partials), number)
    torch.testing.assert_close(whole, torch.stack(partials).sum(dim=0))
    for ranks in (rank for rank in (2, 4, 8) if rank <= number):
        held = Blocks(number * ALIGNED, ALIGNED).held(ranks)
        branches = [tree_sum((partials[block] for block in branch), len(branch)) for branch in held]
        assert torch.equal(tree_sum(iter(branches), ranks), whole)


def test_sum_in_the_order_of_blocks_has_other_bits() -> None:
    """Assert that these numbers tell orders apart: added one after the other they sum to other bits."""
    partials = [1e3 * row for row in numbers(64, 64, 3)]
    assert not torch.equal(torch.stack(partials).cumsum(dim=0)[-1], tree_sum(iter(partials), 64))


def test_sum_takes_partials_as_they_come() -> None:
    """Assert that each partial is asked for once, in order, and none beyond the number."""
    asked = iter([torch.tensor(float(part)) for part in range(6)])
    assert float(tree_sum(asked, 5)) == 10.0
    assert float(next(asked)) == 5.0


def test_impossible_shares_are_refused() -> None:
    """Assert that three ranks, more ranks than blocks, and blocks that do not lie alike are refused."""
    with pytest.raises(ValueError, match="There are 3 ranks, but a power of two is needed"):
        Blocks.of(1000).held(3)
    with pytest.raises(ValueError, match="4 ranks need as many blocks of 64 particles, but a cloud of 150 has 3"):
        Blocks.of(150).held(4)
    with pytest.raises(ValueError, match="Blocks of 100 particles were given, but a multiple of 64 is needed"):
        Blocks(1000, 100)
