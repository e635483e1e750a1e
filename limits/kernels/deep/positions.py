"""Positions of convolutional layers: which pairs of them a kernel needs, and their means over filters and blocks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

#: Positions along each axis, or sizes of blocks.
Sizes = tuple[int, ...]
#: Numbers for all positions of the last axis, or for pairs of positions as `Positions` lays them out.
Entries = Float[Tensor, "*rows columns"]
Flags = Bool[Tensor, "*rows columns"]


@dataclass(frozen=True)
class Window:
    """A filter that covers the positions k - before to k - before + size - 1 along each axis.

    Indices are modulo the number of positions, or else what lies outside of the grid is zero.
    """

    size: int
    before: int = 0
    circular: bool = True

    def places(self, count: int) -> Tensor:
        """The positions [count, size] that the filter covers at each position of one axis; `count` is outside."""
        places = torch.arange(count)[:, None] + (torch.arange(self.size) - self.before)
        return places % count if self.circular else torch.where((places >= 0) & (places < count), places, count)

    def matrix(self, count: int) -> Tensor:
        """The matrix [count, count] that takes means over the filter along one axis, with zeros from outside."""
        places = self.places(count)
        matrix = torch.zeros(count, count + 1, dtype=torch.float64)
        matrix.scatter_add_(1, places, torch.full(places.shape, 1.0 / self.size, dtype=torch.float64))
        return matrix[:, :count].contiguous()

    def patches(self, inputs: Float[Tensor, "data channels *grid"]) -> Float[Tensor, "data positions entries"]:
        """What the filter sees at every position: channels first, then places along each axis."""
        data, channels, *grid = inputs.shape
        seen = inputs
        for axis, count in enumerate(grid):
            places = self.places(count).to(inputs.device)
            seen = torch.cat([seen, torch.zeros_like(seen.narrow(2 + axis, 0, 1))], dim=2 + axis)
            seen = seen.index_select(2 + axis, places.flatten())
        seen = seen.reshape(data, channels, *(part for count in grid for part in (count, self.size)))
        places_of, sizes = range(2, 2 + 2 * len(grid), 2), range(3, 3 + 2 * len(grid), 2)
        return seen.permute(0, *places_of, 1, *sizes).reshape(data, math.prod(grid), -1)

    def along(self, values: Tensor, first: int, second: int) -> Tensor:
        """Means over the filter, moved by the same steps along two axes, with zeros from outside."""
        total = torch.zeros_like(values)
        count = values.shape[first]
        for step in range(-self.before, self.size - self.before):
            if self.circular:
                total += values.roll((-step, -step), (first, second))
            elif abs(step) < count:
                seen, place = values, total
                for axis in (first, second):
                    seen = seen.narrow(axis, max(step, 0), count - abs(step))
                    place = place.narrow(axis, max(-step, 0), count - abs(step))
                place += seen
        return total / self.size


@dataclass(frozen=True)
class Positions:
    """The positions of a layer on a grid of one or two axes; () is a dense layer, which has one position.

    Where they are `paired`, a tile holds each position k of its rows with each position k' of its columns, as a matrix
    [rows positions, columns positions]. Otherwise it holds pairs of equal positions, [rows, columns, positions], which
    is all that convolutions and a readout of all positions ask for.
    """

    grid: Sizes
    paired: bool

    @property
    def count(self) -> int:
        """The number of positions."""
        return math.prod(self.grid)

    @property
    def side(self) -> int:
        """The number of rows of one input in a matrix of a tile."""
        return self.count if self.paired else 1

    @property
    def pairs(self) -> int:
        """The number of pairs of positions of a pair of inputs."""
        return self.count**2 if self.paired else self.count

    def flat(self, values: Float[Tensor, "data ..."]) -> Float[Tensor, " rows"]:
        """Numbers for every input and position as rows: one input after the other where paired, else by position."""
        return values.flatten() if self.paired else values.T.flatten()

    def unflat(self, rows: Float[Tensor, " rows"]) -> Float[Tensor, "data ..."]:
        """The inverse of `flat`; a dense layer has no axis of positions."""
        if self.grid == ():
            return rows
        return rows.reshape(-1, self.count) if self.paired else rows.reshape(self.count, -1).T

    def parts(self, data: int, inputs: slice) -> list[slice]:
        """The rows of some of the inputs: those of one matrix where paired, else those of each position's matrix."""
        if self.paired:
            return [slice(inputs.start * self.count, inputs.stop * self.count)]
        return [slice(k * data + inputs.start, k * data + inputs.stop) for k in range(self.count)]

    def spread(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers [rows, *positions] and [columns, *positions] of single inputs, so that they meet on a tile."""
        if self.paired:
            return first.flatten()[:, None], second.flatten()[None, :]
        return first[:, None], second[None, :]

    def split(self, entries: Tensor) -> Sequence[Tensor]:
        """The matrices of a tile."""
        return (entries,) if self.paired else entries.unbind(dim=2)

    def joined(self, matrices: Sequence[Tensor]) -> Tensor:
        """The inverse of `split`."""
        return matrices[0] if self.paired else torch.stack(list(matrices), dim=2)

    def patches(self, inputs: Float[Tensor, "data inputs"], window: Window) -> list[Tensor]:
        """What the filter sees of inputs [data, channels * positions], as the rows of the matrices of a tile."""
        patches = window.patches(inputs.reshape(len(inputs), -1, *self.grid))
        return [patches.flatten(0, 1)] if self.paired else [each.contiguous() for each in patches.unbind(dim=1)]

    def after(self, sizes: Sizes) -> "Positions":
        """The positions that averages over blocks of these sizes leave."""
        return replace(self, grid=tuple(count // size for count, size in zip(self.grid, sizes, strict=True)))

    def pooled(self, entries: Tensor, sizes: Sizes) -> Tensor:
        """Means over all pairs of a position in one block and a position in another [rows blocks, columns blocks]."""
        blocks = self._blocks(entries, sizes)
        return _matrix(blocks.mean(dim=self._inner(blocks)))

    def pooled_flags(self, flags: Tensor, sizes: Sizes) -> Tensor:
        """Whether all pairs of corresponding positions of two blocks have the flag [rows blocks, columns blocks]."""
        blocks = self._blocks(flags, sizes)
        inner = self._inner(blocks)
        block = math.prod(sizes)
        outer = [axis for axis in range(blocks.ndim) if axis not in inner]
        blocks = blocks.permute(*outer, *inner)
        blocks = blocks.reshape(*blocks.shape[: len(outer)], block, block)
        return _matrix(blocks.diagonal(dim1=-2, dim2=-1).all(dim=-1))

    def all_pooled(self, entries: Tensor, pools: Sequence[Sizes]) -> tuple[Tensor, "Positions"]:
        """Means over blocks, one pool after the other, and the positions that are left."""
        at = self
        for sizes in pools:
            entries, at = at.pooled(entries, sizes), at.after(sizes)
        return entries, at

    def all_pooled_flags(self, flags: Tensor, pools: Sequence[Sizes]) -> tuple[Tensor, "Positions"]:
        """The same for flags."""
        at = self
        for sizes in pools:
            flags, at = at.pooled_flags(flags, sizes), at.after(sizes)
        return flags, at

    def matched(self, entries: Tensor) -> Tensor:
        """The pairs of equal positions [rows, columns, positions]."""
        if not self.paired:
            return entries
        count = self.count
        return entries.reshape(-1, count, entries.shape[1] // count, count).diagonal(dim1=1, dim2=3)

    def averaged(self, entries: Tensor) -> Tensor:
        """The mean over pairs of equal positions [rows, columns]."""
        return entries if self.grid == () else self.matched(entries).mean(dim=2)

    def averaged_flags(self, flags: Tensor) -> Tensor:
        """Whether all pairs of equal positions have the flag [rows, columns]."""
        return flags if self.grid == () else self.matched(flags).all(dim=2)

    def windowed(self, entries: Entries, window: Window) -> Entries:
        """Means over the filters at both positions of every pair, whose places move together."""
        if self.paired:
            axes = len(self.grid)
            split = entries.reshape(-1, *self.grid, entries.shape[1] // self.count, *self.grid)
            for axis in range(1, 1 + axes):
                split = window.along(split, axis, axis + axes + 1)
            return split.reshape(entries.shape)
        split = entries.reshape(*entries.shape[:-1], *self.grid) if len(self.grid) > 1 else entries
        matrices = [window.matrix(count).to(entries) for count in self.grid]
        if len(self.grid) > 1:
            split = matrices[0] @ split
        return torch.matmul(split, matrices[-1].T).reshape(entries.shape)

    def windowed_flags(self, flags: Flags, window: Window) -> Flags:
        """Whether all pairs of places that two filters cover have the flag; places outside of the grid have it."""
        share = 0.5 / math.prod([window.size] * len(self.grid))
        one = torch.ones(1, self.count, dtype=torch.float64, device=flags.device)
        inside = replace(self, paired=False).windowed(one, window)[0]
        if self.paired:
            rows, columns = (inside.repeat(count // self.count) for count in flags.shape)
            inside = torch.maximum(rows[:, None], columns[None, :])
        return self.windowed(flags.double(), window) > inside - share

    def _blocks(self, entries: Tensor, sizes: Sizes) -> Tensor:
        """Entries [rows, blocks, places in a block, ..., columns, blocks, places in a block, ...]."""
        axes = [part for count, size in zip(self.grid, sizes, strict=True) for part in (count // size, size)]
        return entries.reshape(-1, *axes, entries.shape[1] // self.count, *axes)

    def _inner(self, blocks: Tensor) -> list[int]:
        """The axes of places in a block."""
        half = blocks.ndim // 2
        return [start + 2 + 2 * axis for start in (0, half) for axis in range(len(self.grid))]


def _matrix(entries: Tensor) -> Tensor:
    """Entries [rows, ..., columns, ...] with as many axes on both sides as a matrix."""
    return entries.reshape(-1, math.prod(entries.shape[entries.ndim // 2 :]))
