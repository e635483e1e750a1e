"""One cloud held by many processes: each holds whole blocks of its particles, and all see the sums over all blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch

from particles.arguments.display import Words
from particles.cloud import ParticleCloud
from particles.compute.tiles import CloudTangents, Rates, Tiles
from particles.distributed.blocks import Blocks, tree_sum
from particles.distributed.ranks import Ranks
from particles.errors import ShapeError
from particles.neurons.protocols import Neuron
from particles.shapes import AnyFloat, Features, Gram, Masses, Outputs, PerParticle, Positions, Scalar


@dataclass(frozen=True)
class Share:
    """The blocks of a cloud that this process holds, which are those of its rank.

    Raises ValueError where there are fewer blocks than ranks, or the number of ranks is no power of two.
    """

    ranks: Ranks
    blocks: Blocks

    def __post_init__(self) -> None:
        self.blocks.held(self.ranks.count)

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """The particles of the whole cloud that each rank holds."""
        return tuple(self.blocks.span(held) for held in self.blocks.held(self.ranks.count))

    @property
    def own(self) -> slice:
        """The particles of the whole cloud that this rank holds."""
        return self.spans[self.ranks.rank]

    @cached_property
    def parts(self) -> tuple[slice, ...]:
        """The blocks held here, as slices of what is held here."""
        own = self.own
        firsts = range(0, own.stop - own.start, self.blocks.size)
        return tuple(slice(first, min(first + self.blocks.size, own.stop - own.start)) for first in firsts)

    def summed(self, partial: Callable[[slice], AnyFloat]) -> AnyFloat:
        """The sum over all particles in float64; `partial(slice)` gives that over one block [...].

        Blocks are summed along the fixed tree, and what the ranks have is gathered once.
        """
        return self.ranks.total(tree_sum((partial(part).double() for part in self.parts), len(self.parts)))


@dataclass(frozen=True, eq=False, init=False)
class SharedCloud(ParticleCloud):
    """The particles of a cloud that this process holds; the masses of all processes together sum to one.

    positions [held, dim], masses [held]; `count` is the number of all particles, `first` the number of the first one
    held. Sums over particles go block by block in float64 and in one fixed order, then over the ranks: 1, 2, 4, ...
    ranks give the same bits (with as many threads each). Every rank must do the same with its part at the same time.
    """

    share: Share

    def __init__(self, positions: Positions, masses: Masses, share: Share) -> None:
        """Make a part of a cloud that was checked as a whole; `SharedCloud.of` does both."""
        held = share.own.stop - share.own.start
        if (len(positions), len(masses)) != (held, held):
            raise ShapeError(
                f"A share of {held} particles was given {len(positions)} positions and {len(masses)} masses; make it "
                "with SharedCloud.of(cloud, ranks)."
            )
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "masses", masses)
        object.__setattr__(self, "share", share)

    @classmethod
    def of(cls, cloud: ParticleCloud, ranks: Ranks, blocks: Blocks | None = None) -> Self:
        """This rank's part of a whole cloud, copied; every rank must have made the same whole cloud.

        Raises TypeError for a cloud with more to it than positions and masses, ValueError for one with too few blocks.
        """
        if type(cloud) is not ParticleCloud:
            raise TypeError(f"A {type(cloud).__name__} cannot be shared, but a ParticleCloud can; give one of those.")
        share = Share(ranks, Blocks.of(cloud.count) if blocks is None else blocks)
        return cls(cloud.positions[share.own].clone(), cloud.masses[share.own].clone(), share)

    @property
    def count(self) -> int:
        """Number of particles of the whole cloud, m."""
        return self.share.blocks.particles

    @property
    def first(self) -> int:
        """Number in the whole cloud of the first particle held here."""
        start: int = self.share.own.start
        return start

    @property
    def shared_by(self) -> Ranks:
        """The group of processes that share the cloud."""
        return self.share.ranks

    @property
    def own(self) -> ParticleCloud:
        """The particles held here as a plain cloud, whose masses do not sum to one."""
        part = object.__new__(ParticleCloud)
        object.__setattr__(part, "positions", self.positions)
        object.__setattr__(part, "masses", self.masses)
        return part

    def _shown(self) -> dict[str, object]:
        # What this process holds by itself: another one need not be about to show its part.
        held = Words(f"{self.first} to {self.share.own.stop - 1} by rank {self.share.ranks.rank}")
        masses = Words(f"{float(self.masses.min()):.3g} to {float(self.masses.max()):.3g} here")
        return {**super()._shown(), "masses": masses, "held": held}

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same cloud on another device or in another dtype; in float64 masses sum to one as before."""
        positions = self.positions.to(device=device, dtype=dtype)
        masses = self.masses.to(positions)
        if masses.dtype == torch.float64 != self.dtype:
            masses = masses / self.share.summed(lambda part: masses[part].sum())
        return self._unchecked(positions, masses)

    def reweighted(self, masses: Masses) -> Self:
        """Raises TypeError, since the masses of a shared cloud are fixed."""
        raise TypeError("The masses of a shared cloud are fixed; reweight the whole cloud, then share it.")

    def summed(self, partial: Callable[[slice], AnyFloat]) -> AnyFloat:
        """The sum over particles of all ranks, in the dtype of the cloud; `partial(slice)` gives that of a block."""
        return self.share.summed(partial).to(self.dtype)

    def norms(self, *vectors: Positions) -> AnyFloat:
        """Euclidean norms [vectors] of vectors with an entry per coordinate of every particle, in float64."""

        def squares(part: slice) -> AnyFloat:
            norms = [torch.linalg.vector_norm(vector[part], dtype=torch.float64) for vector in vectors]
            return torch.stack(norms).square()

        return self.share.summed(squares).sqrt()

    def largest(self, values: AnyFloat) -> Scalar:
        """The largest of the values of all ranks."""
        return torch.stack(self.share.ranks.gathered(values.max())).max()

    def counted(self, number: int) -> int:
        """The sum of the numbers of all ranks."""
        return int(self.share.ranks.total(torch.tensor(float(number), dtype=torch.float64)))

    def rows(self, values: AnyFloat) -> Iterator[tuple[slice, AnyFloat]]:
        """The values of all ranks, on the first rank, within an act of `Ranks.at_first` that was given these values."""
        return self.share.ranks.rows(values)

    def tangents(self, neuron: Neuron, phi: Features, *, fused: bool | None = None) -> CloudTangents:
        """The tangents of the particles held here; their sums over particles are sums over those of all ranks."""
        return SharedTiles(neuron, self.positions, phi, self.share, fused=fused)

    def _unchecked(self, positions: Positions, masses: Masses) -> Self:
        return type(self)(positions, masses, self.share)


class SharedTiles(CloudTangents):
    """The tangents of the particles held here, in tiles that do not cross blocks; sums run over all ranks.

    Every particle has the same bits whatever the number of ranks.
    """

    def __init__(
        self, neuron: Neuron, positions: Positions, phi: Features, share: Share, *, fused: bool | None = None
    ) -> None:
        super().__init__(neuron, positions, phi, whole=share.blocks.particles, fused=fused)
        self._share = share
        self._blocks = {
            part.start: Tiles(neuron, positions[part], phi, whole=share.blocks.particles, fused=fused)
            for part in share.parts
        }

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j g(theta_j, x_i) [data, outputs]."""
        return self._summed(lambda part, tiles: tiles.predict(factors[part]))

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j grad g_j(x_i) . v_j [data, outputs]."""
        return self._summed(lambda part, tiles: tiles.push(factors[part], velocities[part]))

    def gram(
        self,
        weights: PerParticle,
        phi: Features | None = None,
        *,
        dtype: torch.dtype | None = None,
        rates: Rates = None,
    ) -> Gram:
        """sum_j weights_j grad g_j(x) . grad g_j(x') [n k, n' k]; `dtype` and `rates` as in `Tiles.gram`."""
        return self._summed(lambda part, tiles: tiles.gram(weights[part], phi, dtype=dtype, rates=rates))

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . g(theta_j, x_i) [held]."""
        return torch.cat([tiles.pair(cotangents) for tiles in self._blocks.values()])

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [held, dim]."""
        result = torch.empty_like(self._positions)
        for part in self._share.parts:
            result[part] = self._blocks[part.start].pull(factors[part], cotangents)
        return result

    def elsewhere(self, positions: Positions) -> Tiles:
        """The tangents of other particles at these positions; each rank sums over those that it was given."""
        return Tiles(self._neuron, positions, self._phi)

    def _summed(self, partial: Callable[[slice, Tiles], AnyFloat]) -> AnyFloat:
        total = self._share.summed(lambda part: partial(part, self._blocks[part.start]))
        return total.to(self._phi)
