"""Particles in tiles: a cloud of any size is streamed through its neurons, tile by tile.

Memory stays O(m dim + n k), because [particles, data] matrices exist for one tile at a time. For a small cloud they are
kept, so that the gradient uses what the prediction computed.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch

from particles.compute.backend_choice import Fused, fused_for
from particles.neurons.protocols import Neuron, Tangent
from particles.shapes import Features, Gram, Grams, ManyPerParticle, Outputs, PerParticle, Positions, StackedOutputs

#: A rate for each group of coordinates, in the order of the neuron's groups; None where all are one.
Rates = tuple[float, ...] | None
#: Number of entries of one [particles, data] matrix of a tile. Two of them fit into a processor's last cache, and the
#: calls for a tile cost little compared with its arithmetic.
TILE_ENTRIES = 2**19
#: Number of entries up to which the matrices of a whole cloud are kept between two passes.
KEPT_ENTRIES = 24 * 2**20
#: On the CPU also this many times the entries of the positions: for many features a product costs more than its memory.
KEPT_SHARE = 2
#: Number of entries from which a CPU uses the fused kernels by default; below it, loading them may cost more.
FUSED_ENTRIES = 2**18
SMALLEST_TILE = 16
#: Bytes of the [particles, data] matrices, of values and of slopes, up to which they are kept between many products.
KEPT_BYTES = 2**30


def kept_and_large(entries: int, coordinates: int, *, on_cpu: bool) -> tuple[bool, bool]:
    """Whether a [particles, data] matrix of so many entries is kept, and whether fused kernels are used by default."""
    keep = entries <= max(KEPT_ENTRIES, KEPT_SHARE * coordinates if on_cpu else 0)
    return keep, entries >= FUSED_ENTRIES if on_cpu else not keep


class CloudTangents(ABC):
    """The tangents of all particles of a cloud at fixed embedded inputs phi [data, features], and sums over them.

    Every kind of cloud has its own kind of these (`ParticleCloud.tangents`). `positions` are those that this process
    holds, and `whole` is the number of particles of the whole cloud. `fused` says whether predictions and pulls use
    fused kernels, as in `Risk`. A neuron that writes more for a particle and a datum than its outputs says how many
    numbers that are, `entries_per_datum`.
    """

    def __init__(
        self,
        neuron: Neuron,
        positions: Positions,
        phi: Features,
        *,
        whole: int | None = None,
        fused: bool | None = None,
    ) -> None:
        self._neuron = neuron
        self._positions = positions
        self._phi = phi
        self._wanted = fused
        self._data = max(phi.shape[0] * getattr(neuron, "entries_per_datum", neuron.outputs), 1)
        count = positions.shape[0] if whole is None else whole
        sizes = count * self._data, count * positions.shape[1]
        self._keep, self._large = kept_and_large(*sizes, on_cpu=positions.is_cpu)

    @property
    def members(self) -> int:
        """The number of clouds whose particles these are, stacked member by member."""
        return 1

    @cached_property
    def fused(self) -> Fused | None:
        """The particles as the fused kernels evaluate them, or None where plain torch is used."""
        wanted = False if self._wanted is None and not self._large else self._wanted
        return fused_for(self._neuron, self._positions, self._phi, wanted, self._keep, self.members)

    @abstractmethod
    def predict(self, factors: PerParticle) -> StackedOutputs:
        """sum_j factors_j g(theta_j, x_i) [data, outputs]."""

    @abstractmethod
    def pair(self, cotangents: StackedOutputs) -> PerParticle:
        """sum_i c_i . g(theta_j, x_i) [particles]."""

    @abstractmethod
    def push(self, factors: PerParticle, velocities: Positions) -> StackedOutputs:
        """sum_j factors_j grad g_j(x_i) . v_j [data, outputs]."""

    @abstractmethod
    def pull(self, factors: PerParticle, cotangents: StackedOutputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]."""

    @abstractmethod
    def gram(
        self,
        weights: PerParticle,
        phi: Features | None = None,
        *,
        dtype: torch.dtype | None = None,
        rates: Rates = None,
    ) -> Grams:
        """sum_j weights_j grad g_j(x) . grad g_j(x') [n k, n' k] with other embedded inputs x', or with x itself.

        With `rates` products of gradients are multiplied by the rate of each group of coordinates. With a `dtype` the
        products are computed in it; the result has the dtype of the positions. Where at most half of the weights of a
        cloud differ from zero, only those particles are computed.
        """

    def kept(self) -> "CloudTangents":
        """The same tangents, with all that many products need kept from the first one on, where memory allows."""
        return self

    @abstractmethod
    def elsewhere(self, positions: Positions) -> "CloudTangents":
        """The tangents of other particles, all of them held here, at these positions [places, dim]."""


class Tiles(CloudTangents):
    """The tangents of a cloud that one process holds, tile by tile.

    Iteration gives pairs (slice of particles, Tangent) in order. The ends of tiles depend only on n k. So a cloud that
    is distributed over processes at these ends gives the same bits tile by tile.
    """

    def __init__(
        self,
        neuron: Neuron,
        positions: Positions,
        phi: Features,
        *,
        entries: int = TILE_ENTRIES,
        whole: int | None = None,
        fused: bool | None = None,
    ) -> None:
        super().__init__(neuron, positions, phi, whole=whole, fused=fused)
        self._size = max(entries // self._data, SMALLEST_TILE)
        self._kept: list[tuple[slice, Tangent]] = []

    def __iter__(self) -> Iterator[tuple[slice, Tangent]]:
        if self._kept:
            yield from self._kept
            return
        made = []
        for first in range(0, self._positions.shape[0], self._size):
            part = slice(first, first + self._size)
            tangent = self._neuron.tangent(self._positions[part], self._phi)
            if self._keep:
                made.append((part, tangent))
            yield part, tangent
        self._kept = made

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j g(theta_j, x_i) [data, outputs]."""
        if self.fused is not None:
            return self.fused.predict(factors)
        total = self._zeros()
        for part, tangent in self:
            total += tangent.predict(factors[part])
        return total

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . g(theta_j, x_i) [particles]."""
        return torch.cat([tangent.pair(cotangents) for _, tangent in self])

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j grad g_j(x_i) . v_j [data, outputs]."""
        total = self._zeros()
        for part, tangent in self:
            total += tangent.push(factors[part], velocities[part])
        return total

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
        if self.fused is not None:
            return self.fused.pull(factors, cotangents)
        if self._positions.shape[0] <= self._size:
            [only] = [tangent.pull(factors, cotangents) for _, tangent in self]
            return only
        result = torch.empty_like(self._positions)
        for part, tangent in self:
            result[part] = tangent.pull(factors[part], cotangents)
        return result

    def gram(
        self,
        weights: PerParticle,
        phi: Features | None = None,
        *,
        dtype: torch.dtype | None = None,
        rates: Rates = None,
    ) -> Gram:
        """sum_j weights_j grad g_j(x) . grad g_j(x') [n k, n' k]; tiles are summed in the dtype of the positions."""
        heavy = weights.nonzero()[:, 0]
        if 0 < 2 * len(heavy) <= len(weights):
            few = Tiles(self._neuron, self._positions[heavy], self._phi)
            return few.gram(weights[heavy], phi, dtype=dtype, rates=rates)
        grams = (self._gram(part, tangent, Products(weights[part], dtype, rates), phi) for part, tangent in self)
        total = next(grams)
        for gram in grams:
            total += gram
        return total

    def _gram(self, part: slice, rows: Tangent, products: "Products", phi: Features | None) -> Gram:
        columns = rows if phi is None else self._neuron.tangent(self._positions[part], phi)
        return products.gram(rows, columns)

    def kept(self) -> Self:
        """The same tangents, with values and slopes kept up to `KEPT_BYTES`, and no fused kernels."""
        numbers = len(self._positions) * len(self._phi) * getattr(self._neuron, "entries_per_datum", 1)
        if 2 * numbers * self._phi.element_size() > KEPT_BYTES:
            return self
        same = type(self)(self._neuron, self._positions, self._phi, fused=False)
        same._size = self._size
        same._kept = [(part, tangent.to(self._phi.dtype)) for part, tangent in self]
        return same

    def elsewhere(self, positions: Positions) -> Self:
        """The tangents of particles at these positions."""
        return type(self)(self._neuron, positions, self._phi)

    def _zeros(self) -> Outputs:
        return self._phi.new_zeros(self._phi.shape[0], self._neuron.outputs)


@dataclass(frozen=True, eq=False)
class Products:
    """How the gradients of some particles are multiplied: with weights, in a dtype, and with a rate for each group."""

    weights: ManyPerParticle
    dtype: torch.dtype | None = None
    rates: Rates = None

    def gram(self, rows: Tangent, columns: Tangent) -> Grams:
        """sum_j weights_j grad g_j(x) . grad g_j(x') in the dtype of the weights, products computed in `dtype`."""
        if self.dtype is None:
            return self._gram(rows, self.weights, columns)
        rounded = rows.to(self.dtype)
        others = rounded if columns is rows else columns.to(self.dtype)
        return self._gram(rounded, self.weights.to(self.dtype), others).to(self.weights)

    def _gram(self, rows: Tangent, weights: ManyPerParticle, columns: Tangent) -> Grams:
        """The tangent's own; one that a user wrote need not know of rates where all are one."""
        return rows.gram(weights, columns) if self.rates is None else rows.gram(weights, columns, self.rates)
