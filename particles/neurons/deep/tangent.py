"""Deep networks linearised at given positions and inputs, layer by layer: one pass forward, one back, one of tangents.

Where what all layers see is small it is kept, so that `pull` uses what `predict` computed. Else data are streamed in
tiles, and memory is that of one tile, some numbers for each datum and unit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from particles.neurons.deep.backward import backward
from particles.neurons.deep.forward import ForwardPass, biased, pooled, weights_of
from particles.neurons.deep.gram import gram, in_tiles
from particles.neurons.deep.stages import Chain, Stage
from particles.shapes import Features, Gram, Outputs, ParticleFeatures, PerParticle, Positions

#: Number of entries of all layers at one tile of data, and up to which those of all data are kept.
TILE_ENTRIES = 2**22
KEPT_ENTRIES = 24 * 2**20


@dataclass(frozen=True, eq=False)
class DeepTangent:
    """The networks of one cloud at fixed positions [particles, dim] and embedded inputs phi [data, features].

    `moving` are the names of the groups of coordinates that training moves.
    """

    chain: Chain
    moving: frozenset[str]
    positions: Positions
    phi: Features

    @cached_property
    def _each(self) -> int:
        """Number of entries of all layers for one datum."""
        return max(self.positions.shape[0] * self.chain.entries, 1)

    @cached_property
    def _tiles(self) -> tuple[slice, ...]:
        """Rows of data that go through the layers together: all where what layers see is kept."""
        return in_tiles(len(self.phi), len(self.phi) if self._keeps else TILE_ENTRIES // self._each)

    @cached_property
    def _keeps(self) -> bool:
        return len(self.phi) * self._each <= KEPT_ENTRIES

    @cached_property
    def _whole(self) -> ForwardPass:
        return self._passed(slice(0, len(self.phi)))

    def run(self, rows: slice) -> ForwardPass:
        """The forward pass at some data."""
        if not self._keeps:
            return self._passed(rows)
        return self._whole if rows.stop - rows.start == len(self.phi) else self._whole.part(rows)

    def _passed(self, rows: slice) -> ForwardPass:
        return ForwardPass.of(self.chain.stages, self.positions, self.phi[rows])

    @cached_property
    def lowest(self) -> int:
        """The number of the lowest stage that moves."""
        return next(number for number, stage in enumerate(self.chain.stages) if self._moves(stage))

    def _moves(self, stage: Stage) -> bool:
        return any(group.name in self.moving for group in stage.groups)

    def features(self) -> ParticleFeatures:
        """g_j(x_i) [particles, data, outputs]."""
        return self._over_data(lambda rows: self.run(rows).outputs, dim=1)

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j g_j(x_i) [data, outputs]; two opposite networks of equal factors give zero exactly."""
        return self._over_data(lambda rows: _summed(factors, self.run(rows).outputs))

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . g_j(x_i) [particles]."""
        return (self.features() * cotangents).sum(dim=(1, 2))

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]: one backward pass, which ends where nothing moves."""
        result = torch.zeros_like(self.positions)
        given = factors[:, None, None] * cotangents
        for rows in self._tiles:
            run = self.run(rows)
            for number, above in backward(self.chain.stages, self.positions, run, given[:, rows], self.lowest):
                self._add_gradients(self.chain.stages[number], run.seen[number], above, result)
        return result

    def _add_gradients(self, stage: Stage, seen: Tensor, above: Tensor, result: Positions) -> None:
        """Add the gradients of a stage's coordinates, given what it sees and the cotangents of its h."""
        if stage.weights.name in self.moving:
            stage.map.gradient(above, seen, stage.weights.scales.multiplier, weights_of(stage, result))
        if stage.bias is not None and stage.bias.name in self.moving:
            summed = above.sum(dim=(1, *range(3, above.ndim)))
            result[:, stage.bias.columns].add_(summed, alpha=stage.bias.scales.multiplier)

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j grad g_j(x_i) . v_j [data, outputs]: one pass of forward differentiation."""
        return self._over_data(lambda rows: _summed(factors, self._pushed(rows, velocities)))

    def _pushed(self, rows: slice, velocities: Positions) -> Tensor:
        """grad g_j(x_i) . v_j [particles, data, outputs]."""
        run, moved = self.run(rows), None
        for number, stage in enumerate(self.chain.stages[self.lowest :], start=self.lowest):
            parts = list(self._moved(stage, run.seen[number], moved, velocities))
            moved = parts[0].expand(len(self.positions), rows.stop - rows.start, *stage.map.above)
            for part in parts[1:]:
                moved = moved + part
            slope = run.slopes[number]
            moved = pooled(stage, moved if slope is None else moved * slope.values)
        return self.phi.new_empty(0) if moved is None else moved.flatten(2)

    def _moved(self, stage: Stage, seen: Tensor, below: Tensor | None, velocities: Positions) -> Iterator[Tensor]:
        """What moves h of a stage: its own coordinates, and what it sees, at the velocity `below`."""
        scale = stage.weights.scales.multiplier
        if below is not None:
            yield stage.map.forward(
                below.reshape(*below.shape[:2], *stage.map.below), weights_of(stage, self.positions), scale
            )
        if stage.weights.name in self.moving:
            yield stage.map.forward(seen, weights_of(stage, velocities), scale)
        if stage.bias is not None and stage.bias.name in self.moving:
            yield biased(stage.bias, velocities, 2 + len(stage.map.above))

    def gram(self, weights: PerParticle, other: "DeepTangent", rates: tuple[float, ...] | None = None) -> Gram:
        """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l) [n k, n' k], layer by layer; `other` has the same particles.

        With `rates`, one for each group of coordinates in order, the part of a group is multiplied by its rate.
        """
        return gram(self, other, weights, rates)

    def to(self, dtype: torch.dtype) -> "DeepTangent":
        """The same with what the layers see and the slopes there rounded to a dtype."""
        return _RoundedTangent(self.chain, self.moving, self.positions.to(dtype), self.phi.to(dtype), self)

    def _over_data(self, of_rows: Callable[[slice], Tensor], dim: int = 0) -> Tensor:
        found = [of_rows(rows) for rows in self._tiles]
        return found[0] if len(found) == 1 else torch.cat(found, dim=dim)


@dataclass(frozen=True, eq=False)
class _RoundedTangent(DeepTangent):
    """The forward passes of another tangent in another dtype."""

    exact: DeepTangent

    def _passed(self, rows: slice) -> ForwardPass:
        return self.exact.run(rows).to(self.positions.dtype)


def _summed(factors: PerParticle, outputs: Tensor) -> Outputs:
    """sum_j factors_j outputs_j; no product is fused with a sum, so that opposite ones cancel."""
    return (factors[:, None, None] * outputs).sum(dim=0)
