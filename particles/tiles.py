"""Particles in tiles: how a cloud of any size is streamed through its neurons.

Memory stays O(m dim + n k): the [particles, data] matrices exist for one tile at a time. A cloud small enough is kept
linearised, so that what prediction computed serves the gradient as well.
"""

from collections.abc import Iterator

from particles.neurons import Neuron, Tangent
from particles.shapes import Features, Positions

#: Entries of one [particles, data] matrix of a tile: a few of them fit into a core's cache.
TILE_ENTRIES = 2**18
#: Entries up to which a whole cloud is kept linearised between two passes.
KEPT_ENTRIES = 2**23
SMALLEST_TILE = 16


class Tiles:
    """The tangents of a cloud's particles at fixed inputs: iterate for (slice of particles, Tangent) in order."""

    def __init__(self, neuron: Neuron, positions: Positions, phi: Features, *, entries: int = TILE_ENTRIES) -> None:
        self._neuron, self._positions, self._phi = neuron, positions, phi
        data = max(phi.shape[0] * neuron.outputs, 1)
        self._size = max(entries // data, SMALLEST_TILE)
        self._keep = positions.shape[0] * data <= KEPT_ENTRIES
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
