"""The tangent Gram matrix of deep networks as a sum over layers, without the gradients of all layers at once.

Datum i's gradient in W of a layer is sum_p c_ip x_ip^T over positions p, with what the weights see, x_ip, and the
cotangents c_ip of h. The product of two is a sum over pairs of positions, sum_pq (c_ip . c_lq) (x_ip . x_lq): in a
dense layer, of one position, one Gram matrix times another, entry by entry. For convolutions with many positions the
gradients themselves, those of one layer and some data at a time, cost less.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from particles.neurons.deep.backward import backward
from particles.neurons.deep.forward import ForwardPass
from particles.neurons.deep.stages import Chain, Group, Stage
from particles.shapes import Features, Gram, PerParticle, Positions

#: Number of entries of the gradients of one layer at one tile of data, and of products of two tiles.
GRAM_ENTRIES = 2**24
#: Number of entries of all cotangents up to which they are kept.
KEPT_ENTRIES = 24 * 2**20
#: Number of tiles of a symmetric matrix at the least, of which only one half is computed.
TILES = 4


@runtime_checkable
class Linearised(Protocol):
    """What a Gram matrix asks of a tangent."""

    @property
    def chain(self) -> Chain:
        """The stages."""
        ...

    @property
    def moving(self) -> frozenset[str]:
        """The names of the groups that move."""
        ...

    @property
    def positions(self) -> Positions:
        """The particles."""
        ...

    @property
    def phi(self) -> Features:
        """The embedded inputs."""
        ...

    @property
    def lowest(self) -> int:
        """The number of the lowest stage that moves."""
        ...

    def run(self, rows: slice) -> ForwardPass:
        """The forward pass at some data."""
        ...


@dataclass(frozen=True, eq=False)
class Block:
    """A stage at some data: cotangents of every output [particles, data outputs, units, positions], what it sees."""

    stage: Stage
    above: Tensor
    x: Tensor

    @property
    def data(self) -> int:
        """Number of data."""
        return self.x.shape[1]

    @property
    def positions(self) -> int:
        """Number of positions."""
        return self.above.shape[3]

    @property
    def _outputs(self) -> int:
        return self.above.shape[1] // max(self.data, 1)

    @cached_property
    def gradients(self) -> Tensor:
        """Those in the weights [particles, data outputs, units entries]."""
        above = self.above.reshape(len(self.above), self.data, self._outputs * self.above.shape[2], self.positions)
        return (above @ self.stage.map.seen(self.x)).reshape(*self.above.shape[:2], -1)

    def pairs(self, other: "Block", some: slice) -> tuple[Tensor, Tensor]:
        """Products c_jip . c_jlq and x_jip . x_jlq with another block, of some particles.

        The first are [particles, data outputs positions, ...], the second [particles or 1, data positions, ...].
        """
        mine, its = (block.above[some].mT.flatten(1, 2) for block in (self, other))
        seen = [block.stage.map.seen(block.x if len(block.x) == 1 else block.x[some]) for block in (self, other)]
        return mine @ its.mT, seen[0].flatten(1, 2) @ seen[1].flatten(1, 2).mT

    def part(self, rows: slice) -> "Block":
        """That of some data."""
        k = self._outputs
        return Block(self.stage, self.above[:, rows.start * k : rows.stop * k], self.x[:, rows])


def in_tiles(count: int, size: int) -> tuple[slice, ...]:
    """Slices of at most so many of `count` rows, as even as can be; one where there are no rows."""
    parts = max(math.ceil(count / max(size, 1)), 1)
    return tuple(slice(first, last) for first, last in pairwise(count * part // parts for part in range(parts + 1)))


def gram(rows: Linearised, columns: Linearised, weights: PerParticle, rates: tuple[float, ...] | None) -> Gram:
    """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l) [n k, n' k], products in each group multiplied by its rate.

    Stage by stage, for pairs of tiles of data so large that cotangents of all stages are kept. In a matrix of inputs
    with themselves one half is computed.
    """
    products = _Products(rows.chain, rows.moving, weights, rates)
    k, itself = rows.chain.outputs, columns is rows
    result = rows.phi.new_zeros(len(rows.phi) * k, len(columns.phi) * k)
    size = KEPT_ENTRIES // (len(weights) * k * rows.chain.entries)
    for here in in_tiles(len(rows.phi), size):
        mine = _blocks(rows, here)
        for there in in_tiles(len(columns.phi), size):
            if itself and there.start < here.start:
                continue
            its = mine if itself and there == here else _blocks(columns, there)
            part = result[here.start * k : here.stop * k, there.start * k : there.stop * k]
            products.add(mine, its, part)
            if itself and there.start > here.start:
                result[there.start * k : there.stop * k, here.start * k : here.stop * k] = part.T
    return result


def _blocks(tangent: Linearised, rows: slice) -> Sequence[Block]:
    """The blocks of all stages that move, from the readout down."""
    run, chain = tangent.run(rows), tangent.chain
    units = torch.eye(chain.outputs).to(tangent.positions).repeat(rows.stop - rows.start, 1)
    units = units.expand(len(tangent.positions), *units.shape)
    return [
        Block(chain.stages[number], above.flatten(3) if above.ndim > 3 else above[..., None], run.seen[number])
        for number, above in backward(chain.stages, tangent.positions, run, units, tangent.lowest)
        if any(group.name in tangent.moving for group in chain.stages[number].groups)
    ]


@dataclass(frozen=True, eq=False)
class _Products:
    """Products of gradients, summed over particles and stages."""

    chain: Chain
    moving: frozenset[str]
    weights: PerParticle
    rates: tuple[float, ...] | None

    def add(self, mine: Sequence[Block], its: Sequence[Block], total: Gram) -> None:
        """Add those of all stages at two tiles of data to a matrix [data outputs, others outputs]."""
        for one, other in zip(mine, its, strict=True):
            bias = 0.0 if one.stage.bias is None else self._factor(one.stage.bias)
            add = self._add_by_positions if self._by_positions(one.stage) else self._add_gradients
            add(one, other, self._factor(one.stage.weights), bias, total)

    def _factor(self, group: Group) -> float:
        """The squared multiplier of a group times its rate; zero where it does not move."""
        if group.name not in self.moving:
            return 0.0
        rate = 1.0 if self.rates is None else self.rates[self.chain.groups.index(group)]
        return rate * group.scales.multiplier**2

    def _by_positions(self, stage: Stage) -> bool:
        """Whether products of pairs of positions take fewer operations than those of gradients."""
        units, *positions = stage.map.above
        entries, squared = math.prod(stage.map.weights[1:]), self.chain.outputs**2
        return math.prod(positions) ** 2 * (squared * units + entries) <= squared * units * entries or not positions

    def _add_gradients(self, one: Block, other: Block, factor: float, bias: float, total: Gram) -> None:
        """Tile by tile of data, and particle by particle, as gradients of a convolution are large."""
        each = self.chain.outputs * len(self.weights) * math.prod(one.stage.map.weights)
        size = _rows(GRAM_ENTRIES // each, one, other)
        kept = [other.part(columns) for columns in in_tiles(other.data, size) if other.data * each <= GRAM_ENTRIES]
        for row, rows in enumerate(in_tiles(one.data, size)):
            mine = kept[row] if kept and one is other else one.part(rows)
            for column, columns in enumerate(in_tiles(other.data, size)):
                if one is other and column < row:
                    continue
                its = mine if one is other and column == row else kept[column] if kept else other.part(columns)
                part = total.new_zeros(mine.above.shape[1], its.above.shape[1])
                for j, weight in enumerate(self.weights):
                    part += factor * weight * (mine.gradients[j] @ its.gradients[j].T)
                    if bias:
                        part += bias * weight * (mine.above[j].sum(dim=2) @ its.above[j].sum(dim=2).T)
                _add(part, rows, columns, one is other, total)

    def _add_by_positions(self, one: Block, other: Block, factor: float, bias: float, total: Gram) -> None:
        """sum_j weights_j sum_pq (c_jip . c_jlq) (factor x_jip . x_jlq + bias), some data and particles at a time."""
        k, places = self.chain.outputs, one.positions
        row = k * places * other.data * k * places
        for rows in in_tiles(one.data, _rows(GRAM_ENTRIES // max(row, 1), one, other)):
            columns = slice(rows.start if one is other else 0, other.data)
            mine, its = one.part(rows), other.part(columns)
            shape = (-1, mine.data, k, places, its.data, k, places)
            part = total.new_zeros(mine.above.shape[1], its.above.shape[1])
            for some in in_tiles(len(self.weights), GRAM_ENTRIES // max(row * mine.data, 1)):
                products, overlap = mine.pairs(its, some)
                products = products.mul_(self.weights[some, None, None]).reshape(shape)
                overlap = (
                    overlap.mul_(factor).add_(bias).reshape(len(overlap), mine.data, 1, places, its.data, 1, places)
                )
                part += products.mul_(overlap).sum(dim=(0, 3, 6)).flatten(2).flatten(0, 1)
            _add(part, rows, columns, one is other, total)


def _rows(most: int, one: Block, other: Block) -> int:
    """How many data make a tile: some of a matrix of data with themselves, so that one half is left out."""
    return max(min(most, math.ceil(one.data / TILES) if one is other else most), 1)


def _add(part: Gram, rows: slice, columns: slice, itself: bool, total: Tensor) -> None:
    """Add a part of some data, and in a symmetric matrix its mirror image right of the diagonal tile."""
    k = part.shape[0] // max(rows.stop - rows.start, 1)
    here = slice(rows.start * k, rows.stop * k)
    total[here, columns.start * k : columns.stop * k] += part
    beyond = max(rows.stop, columns.start)
    if itself and beyond < columns.stop:
        total[beyond * k : columns.stop * k, here] += part[:, (beyond - columns.start) * k :].T
