"""Fixed blocks of particles and the one order in which sums over them are taken, whoever holds them.

Blocks depend on the number of particles alone and are summed along a fixed binary tree. Ranks hold whole branches of
it, so what one rank or several add up is the same sum in the same order: the same bits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from particles.shapes import AnyFloat

#: There are at least so many blocks where there are particles enough, and none has more than so many particles.
FEWEST, LARGEST = 64, 2**14
#: Blocks begin at multiples of this, so that they lie alike in memory and vector instructions, whoever holds them.
ALIGNED = 64


@dataclass(frozen=True)
class Blocks:
    """`particles` particles in blocks of `size` of them, the last one shorter."""

    particles: int
    size: int

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % ALIGNED:
            raise ValueError(f"Blocks of {self.size!r} particles were given, but a multiple of {ALIGNED} is needed.")

    @classmethod
    def of(cls, particles: int) -> "Blocks":
        """The blocks of a cloud of so many particles."""
        even = min(-(-particles // FEWEST), LARGEST)
        return cls(particles, -(-even // ALIGNED) * ALIGNED)

    @property
    def number(self) -> int:
        """The number of blocks."""
        return -(-self.particles // self.size)

    def held(self, ranks: int) -> list[range]:
        """The numbers of the blocks that each rank holds: whole branches of the tree of `tree_sum`.

        Blocks are halved, the first half rounded up, until there is a part for every rank. Raises ValueError for a
        number of ranks that is no power of two, or larger than the number of blocks.
        """
        check_ranks(ranks)
        if ranks > self.number:
            raise ValueError(
                f"{ranks} ranks need as many blocks of {self.size} particles, but a cloud of {self.particles} has "
                f"{self.number}; start fewer, or take more particles."
            )
        branches = [range(self.number)]
        while len(branches) < ranks:
            branches = [half for branch in branches for half in _halves(branch)]
        return branches

    def span(self, blocks: range) -> slice:
        """The particles of consecutive blocks."""
        return slice(blocks.start * self.size, min(blocks.stop * self.size, self.particles))


def check_ranks(ranks: int) -> None:
    """Raise ValueError for a number of ranks that cannot hold branches of one tree."""
    if ranks < 1 or ranks & (ranks - 1):
        raise ValueError(
            f"There are {ranks} ranks, but a power of two is needed, so that any number of them takes sums in the same "
            "order; start 1, 2, 4, ... processes."
        )


def tree_sum(partials: Iterator[AnyFloat], number: int) -> AnyFloat:
    """The sum of the next `number` tensors: that of the first half of them, rounded up, plus that of the rest.

    Holds no more than log2(number) + 1 of them at a time; rounding grows with that logarithm too.
    """
    if number == 1:
        return next(partials)
    first = tree_sum(partials, -(-number // 2))
    return torch.add(first, tree_sum(partials, number // 2))


def _halves(branch: range) -> tuple[range, range]:
    middle = branch.start + -(-len(branch) // 2)
    return range(branch.start, middle), range(middle, branch.stop)
