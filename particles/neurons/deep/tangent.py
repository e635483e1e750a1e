"""Deep networks linearised at given positions and inputs, layer by layer: one pass forward, one backward, one tangent.

Data are streamed in tiles. Where the passes of all tiles are small they are kept, so that `pull` uses what `predict`
computed; else memory is that of one tile, of a few numbers for each datum and unit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from particles.neurons.deep.backward import backward
from particles.neurons.deep.forward import ForwardPass, biased, weights_of
from particles.neurons.deep.gram import Grams
from particles.numerics.scratch import reusable
from particles.shapes import Features, Gram, Outputs, ParticleFeatures, PerParticle, Positions

if TYPE_CHECKING:
    from particles.neurons.deep.neuron import Deep

#: Number of entries of all layers of one tile of data, and up to which the passes of all tiles are kept.
TILE_ENTRIES = 2**22
KEPT_ENTRIES = 24 * 2**20


@dataclass(frozen=True, eq=False)
class DeepTangent:
    """The networks of one cloud at fixed positions [particles, dim] and embedded inputs phi [data, features]."""

    neuron: "Deep"
    positions: Positions
    phi: Features

    @cached_property
    def tiles(self) -> tuple[slice, ...]:
        """Rows of data that are passed through the layers together."""
        each = max(self.positions.shape[0] * self.neuron.entries, 1)
        count = self.phi.shape[0]
        size = count if count * each <= KEPT_ENTRIES else max(TILE_ENTRIES // each, 1)
        return tuple(slice(first, min(first + size, count)) for first in range(0, count, max(size, 1)))

    @cached_property
    def _kept(self) -> dict[int, ForwardPass]:
        return {}

    @cached_property
    def _overwrites(self) -> bool:
        return reusable(self.positions, self.phi)

    def run(self, tile: slice) -> ForwardPass:
        """The forward pass at one tile of data; that of the only tile is kept."""
        if len(self.tiles) > 1:
            return self._passed(tile)
        if tile.start not in self._kept:
            self._kept[tile.start] = self._passed(tile)
        return self._kept[tile.start]

    def _passed(self, tile: slice) -> ForwardPass:
        return ForwardPass.of(self.neuron.stages, self.positions, self.phi[tile], overwrite=self._overwrites)

    def features(self) -> ParticleFeatures:
        """g_j(x_i) [particles, data, outputs]."""
        outputs = [self.run(tile).outputs for tile in self.tiles]
        return torch.cat(outputs, dim=1) if outputs else self.phi.new_empty(len(self.positions), 0, self.neuron.outputs)

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j g_j(x_i) [data, outputs]; two opposite networks of equal factors give zero exactly."""
        return self._over_data(lambda tile: (factors[:, None, None] * self.run(tile).outputs).sum(dim=0))

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . g_j(x_i) [particles]."""
        return torch.einsum("jic,ic->j", self.features(), cotangents)

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]: one backward pass."""
        parts: dict[str, Tensor] = {}
        for tile in self.tiles:
            for name, gradient in self._gradients(tile, factors[:, None, None] * cotangents[tile]):
                parts[name] = parts[name] + gradient if name in parts else gradient
        zero = self.positions.new_zeros(())
        columns = {part.name: part.columns.stop - part.columns.start for part in self.neuron.parts}
        given = [
            parts[name] if name in parts else zero.expand(len(self.positions), count) for name, count in columns.items()
        ]
        return torch.cat(given, dim=1)

    def _gradients(self, tile: slice, cotangents: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The gradients of groups [particles, coordinates] for cotangents of the outputs [particles, data, outputs]."""
        run = self.run(tile)
        for number, above in backward(self.neuron, self.positions, run, cotangents):
            stage = self.neuron.stages[number]
            if stage.weights.name in self.neuron.moving:
                scale = stage.weights.scales.multiplier
                yield stage.weights.name, stage.map.gradient(above, run.seen[number], scale).flatten(1)
            if stage.bias is not None and stage.bias.name in self.neuron.moving:
                yield stage.bias.name, stage.bias.scales.multiplier * above.sum(dim=(1, *range(3, above.ndim)))

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j grad g_j(x_i) . v_j [data, outputs]: one pass of forward differentiation."""
        return self._over_data(lambda tile: (factors[:, None, None] * self._pushed(tile, velocities)).sum(dim=0))

    def _pushed(self, tile: slice, velocities: Positions) -> Tensor:
        run = self.run(tile)
        moved: Tensor | None = None
        for number, stage in enumerate(self.neuron.stages):
            scale, parts = stage.weights.scales.multiplier, []
            if moved is not None:
                moved = moved.reshape(*moved.shape[:2], *stage.map.below)
                parts.append(stage.map.forward(moved, weights_of(stage, self.positions), scale))
            if stage.weights.name in self.neuron.moving:
                parts.append(stage.map.forward(run.seen[number], weights_of(stage, velocities), scale))
            if stage.bias is not None and stage.bias.name in self.neuron.moving:
                parts.append(biased(stage.bias, velocities, 2 + len(stage.map.above)))
            if not parts:
                continue
            shape = (len(self.positions), tile.stop - tile.start, *stage.map.above)
            moved = sum(parts[1:], parts[0]).expand(shape)
            sigma = run.activated[number]
            moved = moved if sigma is None else moved * sigma.slope
            for pool in stage.pools:
                moved = pool.forward(moved)
        if moved is None:
            raise RuntimeError("No group of coordinates is trained.")
        return moved.flatten(2)

    def gram(self, weights: PerParticle, other: "DeepTangent", rates: tuple[float, ...] | None = None) -> Gram:
        """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l) [n k, n' k], a sum over layers; `other` has the same particles.

        With `rates`, one for each group in order, the part of a group is multiplied by its rate.
        """
        return Grams(self.neuron, weights, rates).between(self, other)

    def to(self, dtype: torch.dtype) -> "DeepTangent":
        """The same with what the layers see rounded to a dtype."""
        return _RoundedTangent(self.neuron, self.positions.to(dtype), self.phi.to(dtype), self)

    def _over_data(self, of_tile: Callable[[slice], Outputs]) -> Outputs:
        found = [of_tile(tile) for tile in self.tiles]
        return torch.cat(found) if found else self.phi.new_zeros(0, self.neuron.outputs)


@dataclass(frozen=True, eq=False)
class _RoundedTangent(DeepTangent):
    """The forward passes of another tangent in another dtype."""

    exact: DeepTangent

    @cached_property
    def tiles(self) -> tuple[slice, ...]:
        """Those of the other."""
        return self.exact.tiles

    def _passed(self, tile: slice) -> ForwardPass:
        return self.exact.run(tile).to(self.positions.dtype)
