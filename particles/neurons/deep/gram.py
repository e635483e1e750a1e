"""The tangent Gram matrix of deep networks as a sum over layers, without the gradients of all layers at once.

Datum i's gradient in W of a layer is sum_p c_ip x_ip^T over positions p, with what the weights see, x_ip, and the
cotangents c_ip of h. The product of two is a sum over pairs of positions, sum_pq (c_ip . c_lq) (x_ip . x_lq): in a
dense layer, of one position, one Gram matrix times another, entry by entry. For convolutions with many positions the
gradients themselves, those of one layer and some data at a time, cost less.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from particles.neurons.deep.backward import backward
from particles.neurons.deep.forward import ForwardPass
from particles.neurons.deep.stages import Chain, Stage
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

    @cached_property
    def seen(self) -> Tensor:
        """What the weights see [particles or 1, data, positions, entries]."""
        return self.stage.map.seen(self.x)

    @cached_property
    def gradients(self) -> Tensor:
        """Those in the weights [particles, data outputs, units entries]."""
        above = self.above.unflatten(1, (self.x.shape[1], -1)).flatten(2, 3)
        return (above @ self.seen).reshape(*self.above.shape[:2], -1)

    @cached_property
    def cotangents(self) -> Tensor:
        """[particles, data outputs positions, units]."""
        return self.above.mT.flatten(1, 2)

    def part(self, rows: slice) -> "Block":
        """That of some data."""
        k = self.above.shape[1] // self.x.shape[1]
        return Block(self.stage, self.above[:, rows.start * k : rows.stop * k], self.x[:, rows])


def in_tiles(count: int, size: int) -> tuple[slice, ...]:
    """Slices of at most so many of `count` rows, as even as can be; one where there are no rows."""
    parts = max(math.ceil(count / max(size, 1)), 1)
    return tuple(slice(first, last) for first, last in pairwise(count * part // parts for part in range(parts + 1)))


def gram(rows: Linearised, columns: Linearised, weights: PerParticle, rates: tuple[float, ...] | None) -> Gram:
    """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l) [n k, n' k], products in each group multiplied by its rate.

    Streamed over pairs of tiles of data; in a matrix of inputs with themselves every pair is computed once.
    """
    products = _Products(rows.chain, rows.moving, weights, rates)
    k, itself = rows.chain.outputs, columns is rows
    result = rows.phi.new_empty(len(rows.phi) * k, len(columns.phi) * k)
    size = min(products.data, math.ceil(len(rows.phi) / TILES)) if itself else products.data
    left = _Blocks(rows)
    right = left if itself else _Blocks(columns)
    for here in in_tiles(len(rows.phi), size):
        mine = left.at(here)
        for there in in_tiles(len(columns.phi), size):
            if itself and there.start < here.start:
                continue
            part = products.summed(mine, mine if itself and there == here else right.at(there))
            above, across = (slice(each.start * k, each.stop * k) for each in (here, there))
            result[above, across] = part
            if itself and there.start > here.start:
                result[across, above] = part.T
    return result


@dataclass(frozen=True, eq=False)
class _Blocks:
    """The blocks of all stages that move; kept for all data where they are small."""

    tangent: Linearised

    def at(self, rows: slice) -> Sequence[Block]:
        """Those at some data, from the readout down."""
        return [block.part(rows) for block in self._all] if self._keeps else list(self._made(rows))

    @cached_property
    def _keeps(self) -> bool:
        chain = self.tangent.chain
        each = len(self.tangent.positions) * chain.outputs * chain.entries
        return len(self.tangent.phi) * each <= KEPT_ENTRIES

    @cached_property
    def _all(self) -> Sequence[Block]:
        return list(self._made(slice(0, len(self.tangent.phi))))

    def _made(self, rows: slice) -> Iterator[Block]:
        tangent, chain = self.tangent, self.tangent.chain
        run = tangent.run(rows)
        units = torch.eye(chain.outputs).to(tangent.positions).repeat(rows.stop - rows.start, 1)
        units = units.expand(len(tangent.positions), *units.shape)
        for number, above in backward(chain.stages, tangent.positions, run, units, tangent.lowest):
            stage = chain.stages[number]
            if any(group.name in tangent.moving for group in stage.groups):
                yield Block(stage, above.reshape(*above.shape[:3], -1), run.seen[number])


@dataclass(frozen=True, eq=False)
class _Products:
    """Products of gradients, summed over particles and stages."""

    chain: Chain
    moving: frozenset[str]
    weights: PerParticle
    rates: tuple[float, ...] | None

    @cached_property
    def data(self) -> int:
        """How many data make a tile, so that gradients, cotangents and what a stage sees are of a bounded size."""
        each = 1
        for stage in self.chain.stages:
            units, *positions = stage.map.above
            entries, k = math.prod(stage.map.weights[1:]), self.chain.outputs
            each = max(each, k * math.prod(stage.map.above), entries * math.prod(positions))
            if not self._by_positions(stage):
                each = max(each, k * units * entries)
        return max(GRAM_ENTRIES // (each * len(self.weights)), 1)

    def _by_positions(self, stage: Stage) -> bool:
        """Whether products of pairs of positions take fewer operations than those of gradients."""
        units, *positions = stage.map.above
        entries, squared = math.prod(stage.map.weights[1:]), self.chain.outputs**2
        return math.prod(positions) ** 2 * (squared * units + entries) <= squared * units * entries or not positions

    def _factor(self, name: str) -> float:
        """The squared multiplier of a group times its rate; zero where it does not move."""
        number = next(number for number, group in enumerate(self.chain.groups) if group.name == name)
        rate = 1.0 if self.rates is None else self.rates[number]
        return rate * self.chain.groups[number].scales.multiplier ** 2 if name in self.moving else 0.0

    def summed(self, mine: Sequence[Block], its: Sequence[Block]) -> Gram:
        """The sum over stages of products at two tiles of data [data outputs, others outputs]."""
        total = mine[0].above.new_zeros(mine[0].above.shape[1], its[0].above.shape[1])
        for one, other in zip(mine, its, strict=True):
            bias = 0.0 if one.stage.bias is None else self._factor(one.stage.bias.name)
            add = self._add_by_positions if self._by_positions(one.stage) else self._add_gradients
            add(one, other, self._factor(one.stage.weights.name), bias, total)
        return total

    def _add_gradients(self, one: Block, other: Block, factor: float, bias: float, total: Gram) -> None:
        """Particle by particle, as there are few that are large."""
        for j, weight in enumerate(self.weights):
            if factor:
                total += factor * weight * (one.gradients[j] @ other.gradients[j].T)
            if bias:
                total += bias * weight * (one.above[j].sum(dim=2) @ other.above[j].sum(dim=2).T)

    def _add_by_positions(self, one: Block, other: Block, factor: float, bias: float, total: Gram) -> None:
        """sum_j weights_j sum_pq (c_jip . c_jlq) (factor x_jip . x_jlq + bias), some data and particles at a time."""
        k, others, places = self.chain.outputs, other.seen.shape[1], other.seen.shape[2]
        row = k * places * other.cotangents.shape[1]
        size = max(GRAM_ENTRIES // row, 1)
        for rows in in_tiles(one.seen.shape[1], size):
            mine = one.part(rows)
            for some in in_tiles(len(self.weights), GRAM_ENTRIES // (row * (rows.stop - rows.start))):
                weighted = mine.cotangents[some] * self.weights[some, None, None]
                products = weighted @ other.cotangents[some].mT
                overlap = _overlap(mine.seen, other.seen, some).mul_(factor).add_(bias)
                products = products.reshape(len(weighted), -1, k, places, others, k, places)
                products.mul_(overlap.reshape(len(overlap), -1, 1, places, others, 1, places))
                total[rows.start * k : rows.stop * k] += products.sum(dim=(0, 3, 6)).flatten(2).flatten(0, 1)


def _overlap(seen: Tensor, others: Tensor, some: slice) -> Tensor:
    """x_jip . x_jlq [particles or 1, data positions, others positions] of some particles."""
    left, right = (x.flatten(1, 2) if len(x) == 1 else x[some].flatten(1, 2) for x in (seen, others))
    return left @ right.mT
