"""Particles in tiles: a cloud of any size is streamed through its neurons, tile by tile.

Memory stays O(m dim + n k), because [particles, data] matrices exist for one tile at a time. For a small cloud they are
kept, so that the gradient uses what the prediction computed.
"""

from collections.abc import Iterator
from functools import cached_property

import torch

from particles.compute.backend_choice import Fused, fused_for
from particles.neurons.protocols import Neuron, Tangent
from particles.shapes import Features, Gram, Outputs, PerParticle, Positions

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


def kept_and_large(entries: int, coordinates: int, *, on_cpu: bool) -> tuple[bool, bool]:
    """Whether a [particles, data] matrix of so many entries is kept, and whether fused kernels are used by default."""
    keep = entries <= max(KEPT_ENTRIES, KEPT_SHARE * coordinates if on_cpu else 0)
    return keep, entries >= FUSED_ENTRIES if on_cpu else not keep


class Tiles:
    """The tangents of a cloud's particles at fixed embedded inputs, and sums over them.

    Iteration gives pairs (slice of particles, Tangent) in order. The ends of tiles depend only on n k. So a cloud that
    is distributed over processes at these ends gives the same bits tile by tile; `whole` is then the number of
    particles of the whole cloud. `fused` says whether predictions and pulls use fused kernels, as in `Risk`.
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
        self._neuron, self._positions, self._phi, self._wanted = neuron, positions, phi, fused
        data = max(phi.shape[0] * neuron.outputs, 1)
        self._size = max(entries // data, SMALLEST_TILE)
        count = positions.shape[0] if whole is None else whole
        self._keep, self._large = kept_and_large(count * data, count * positions.shape[1], on_cpu=positions.is_cpu)
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
        if self._fused is not None:
            return self._fused.predict(factors)
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
        if self._fused is not None:
            return self._fused.pull(factors, cotangents)
        if self._positions.shape[0] <= self._size:
            [only] = [tangent.pull(factors, cotangents) for _, tangent in self]
            return only
        result = torch.empty_like(self._positions)
        for part, tangent in self:
            result[part] = tangent.pull(factors[part], cotangents)
        return result

    def gram(self, weights: PerParticle, phi: Features | None = None, *, dtype: torch.dtype | None = None) -> Gram:
        """sum_j weights_j grad g_j(x) . grad g_j(x') [n k, n' k] with other embedded inputs x', or with x itself.

        With a `dtype` the products of each tile are computed in it, but the sum of the tiles is not. Where at most half
        of the weights differ from zero, only those particles are computed.
        """
        heavy = weights.nonzero()[:, 0]
        if 0 < 2 * len(heavy) <= len(weights):
            return Tiles(self._neuron, self._positions[heavy], self._phi).gram(weights[heavy], phi, dtype=dtype)
        grams = (self._gram(part, tangent, weights[part], phi, dtype) for part, tangent in self)
        total = next(grams)
        for gram in grams:
            total += gram
        return total

    def _gram(
        self, part: slice, rows: Tangent, weights: PerParticle, phi: Features | None, dtype: torch.dtype | None
    ) -> Gram:
        columns = rows if phi is None else self._neuron.tangent(self._positions[part], phi)
        if dtype is None:
            return rows.gram(weights, columns)
        rounded = rows.to(dtype)
        others = rounded if phi is None else columns.to(dtype)
        return rounded.gram(weights.to(dtype), others).to(self._phi)

    @cached_property
    def _fused(self) -> Fused | None:
        wanted = False if self._wanted is None and not self._large else self._wanted
        return fused_for(self._neuron, self._positions, self._phi, wanted, self._keep)

    def _zeros(self) -> Outputs:
        return self._phi.new_zeros(self._phi.shape[0], self._neuron.outputs)
