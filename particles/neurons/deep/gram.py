"""The tangent Gram matrix of deep networks as a sum over layers, without the gradients of all layers at once.

Datum i's gradient in W of a layer is sum_p c_ip x_ip^T over positions p, with what the weights see, x_ip, and the
cotangents c_ip of h. So the product of two is a sum over pairs of positions, sum_pq (c_ip . c_lq) (x_ip . x_lq): for a
dense layer one product of two Gram matrices, entry by entry. For convolutions the gradients themselves, datum by datum
and layer by layer, mostly cost less.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from particles.neurons.deep.backward import backward
from particles.shapes import Gram, PerParticle

if TYPE_CHECKING:
    from particles.neurons.deep.neuron import Deep
    from particles.neurons.deep.tangent import DeepTangent


@dataclass(frozen=True, eq=False)
class Grams:
    """Sums over particles and layers of products of gradients."""

    neuron: "Deep"
    weights: PerParticle
    rates: tuple[float, ...] | None = None

    def between(self, rows: "DeepTangent", columns: "DeepTangent") -> Gram:
        """[n k, n' k], tile by tile of data; with itself every pair of tiles is computed once."""
        k = self.neuron.outputs
        result = rows.phi.new_zeros(len(rows.phi) * k, len(columns.phi) * k)
        for tile in rows.tiles:
            mine = self._blocks(rows, tile)
            for other in columns.tiles:
                if columns is rows and other.start < tile.start:
                    continue
                its = mine if columns is rows and other == tile else self._blocks(columns, other)
                part = self._product(mine, its)
                here, there = (slice(each.start * k, each.stop * k) for each in (tile, other))
                result[here, there] = part
                if columns is rows and other.start > tile.start:
                    result[there, here] = part.T
        return result

    def _blocks(self, tangent: "DeepTangent", tile: slice) -> list[tuple[int, Tensor, Tensor]]:
        """Of every stage that moves: cotangents [particles, data k, units, positions], and what its weights see."""
        run, k = tangent.run(tile), self.neuron.outputs
        count = tile.stop - tile.start
        units = torch.eye(k).to(tangent.positions).repeat(count, 1).expand(len(tangent.positions), -1, -1)
        found = []
        for number, above in backward(self.neuron, tangent.positions, run, units, repeats=k):
            stage = self.neuron.stages[number]
            if self.neuron.moves(stage):
                found.append((number, above.reshape(*above.shape[:3], -1), stage.map.seen(run.seen[number])))
        return found

    def _product(self, rows: list[tuple[int, Tensor, Tensor]], columns: list[tuple[int, Tensor, Tensor]]) -> Gram:
        parts = []
        for (number, above, seen), (_, other_above, other_seen) in zip(rows, columns, strict=True):
            stage = self.neuron.stages[number]
            moving = self.neuron.moving
            if stage.weights.name in moving:
                scale = stage.weights.scales.multiplier**2 * self._rate(stage.weights.name)
                first, second = self._gradients(above, seen), self._gradients(other_above, other_seen)
                parts.append(scale * torch.einsum("j,jrq,jsq->rs", self.weights, first, second))
            if stage.bias is not None and stage.bias.name in moving:
                scale = stage.bias.scales.multiplier**2 * self._rate(stage.bias.name)
                first, second = above.sum(dim=3), other_above.sum(dim=3)
                parts.append(scale * torch.einsum("j,jrq,jsq->rs", self.weights, first, second))
        return sum(parts[1:], parts[0])

    def _gradients(self, above: Tensor, seen: Tensor) -> Tensor:
        k = self.neuron.outputs
        seen = seen.expand(len(above), *seen.shape[1:])
        return torch.einsum("jicup,jipq->jicuq", above.unflatten(1, (-1, k)), seen).flatten(3).flatten(1, 2)

    def _rate(self, name: str) -> float:
        return 1.0 if self.rates is None else self.rates[list(self.neuron.groups).index(name)]
