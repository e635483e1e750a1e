"""The path through dropout: seven straight segments between two clouds, through the networks of half of the particles.

Output weights are written a_A, a_B for the first half A of the particles and the rest B, hidden weights likewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from limits.landscape.dropout import kept_rows
from limits.landscape.paths import PolygonalPath, StraightPath
from particles import MassError, Network, ParticleCloud, Risk, ShapeError
from particles.shapes import Positions


@dataclass(frozen=True, eq=False)
class DropoutPath:
    """Seven segments from cloud (w, a) to cloud (w', a') of the same masses (Shevchenko and Mondelli 2020).

    With c the mass of A, and A moved into B particle by particle (the first of A into the first of B, ...):

    1. a: (a_A, a_B) -> (a_A / c, 0)      2. w_B -> w'_A     3. a: (a_A / c, 0) -> (0, a'_A / c)
    4. w_A -> w'_A                        5. a: (0, a'_A / c) -> (a'_A / c, 0)
    6. w_B -> w'_B                        7. a -> (a'_A, a'_B)

    For any loss that is convex in the prediction, and no regulariser, the risk is constant along 2, 4, 6, whose
    particles have no output weight, and along 5, where one network changes its place; it is convex along 1, 3 and 7. So
    it is nowhere larger than at the ends or at the two networks of A, and the barrier is at most the larger of the two
    `dropout_risk` less the risk of its cloud. Any activation will do. Neurons must be linear in their output weights,
    as those of `Perceptron` and `Deep` are; output weights move along the path, whether they are trained or not.

    `network` is a `Network` or the risk that has one. `kept` are the particles of A as in `dropout_risk`, at most half
    of them; by default the first half, with an odd one in B. Where masses differ, the output weights of A in B are
    multiplied by s_j of their own particle over that of the one which takes their place. Raises ShapeError for clouds
    of different sizes, MassError where the two clouds do not have the same masses, particle by particle, all positive;
    ValueError for a neuron without output weights, one particle, or more than half of them kept.
    """

    start: ParticleCloud
    end: ParticleCloud
    network: Network | Risk
    kept: int | Sequence[int] | None = None

    def __post_init__(self) -> None:
        self._line  # noqa: B018  (refuse here what has no such path)

    @property
    def corners(self) -> tuple[float, ...]:
        """The ends of the segments."""
        return self._line.corners

    @cached_property
    def _line(self) -> PolygonalPath:
        path, network = StraightPath(self.start, self.end), self.network
        start, end = path(0.0), path(1.0)
        network = network.network if isinstance(network, Risk) else network
        _check(start, end, network)
        kept = kept_rows(start, start.count // 2 if self.kept is None else self.kept)
        if 2 * len(kept) > start.count:
            raise ValueError(
                f"{len(kept)} of {start.count} particles are kept, but the others must have room for them; keep half."
            )
        rest = torch.ones(start.count, dtype=torch.bool)
        rest[kept] = False
        others = torch.nonzero(rest)[:, 0]
        factors = network.scaled(start.masses).factors
        ratio = (factors[kept] / factors[others[: len(kept)]])[:, None]
        return PolygonalPath(_Halves(start, end, network.neuron.hidden, kept, others, ratio).clouds)

    def __call__(self, place: float) -> ParticleCloud:
        """The cloud at the place s. Raises ValueError outside [0, 1]."""
        return self._line(place)


@dataclass(frozen=True, eq=False)
class _Halves:
    """The two clouds, the particles of A and of B, and s_j of those of A over s of those that take their place."""

    start: ParticleCloud
    end: ParticleCloud
    hidden: int
    kept: Tensor
    others: Tensor
    ratio: Tensor

    @property
    def clouds(self) -> list[ParticleCloud]:
        """The eight clouds between which the segments lie."""
        start, end, moved = self.start.positions, self.end.positions, self.others[: len(self.kept)]
        of_a = self._alone(start)
        shared = of_a.clone()
        shared[self.others, : self.hidden] = end[self.others, : self.hidden]
        shared[moved, : self.hidden] = end[self.kept, : self.hidden]
        alone = self._alone(end)
        crossed = shared.clone()
        crossed[:, self.hidden :] = 0.0
        crossed[moved, self.hidden :] = self.ratio * alone[self.kept, self.hidden :]
        met = crossed.clone()
        met[self.kept, : self.hidden] = end[self.kept, : self.hidden]
        back = met.clone()
        back[:, self.hidden :] = alone[:, self.hidden :]
        return [self.start, *map(self.start.moved, (of_a, shared, crossed, met, back, alone)), self.end]

    def _alone(self, positions: Positions) -> Positions:
        """The particles with output weights of A over its mass, and none of B."""
        alone = positions.clone()
        alone[:, self.hidden :] = 0.0
        alone[self.kept, self.hidden :] = positions[self.kept, self.hidden :] / self.start.masses[self.kept].sum()
        return alone


def _check(start: ParticleCloud, end: ParticleCloud, network: Network) -> None:
    if start.dim != network.neuron.dim:
        raise ShapeError(f"Neurons have {network.neuron.dim} coordinates, but the clouds {start.dim}; make them agree.")
    if network.neuron.hidden == network.neuron.dim:
        raise ValueError("Dropout takes output weights to zero, but this neuron has none; take another path.")
    if start.count < 2:
        raise ValueError("A half of one particle cannot be kept; take LayerDropoutPath for one deep network.")
    if not torch.equal(start.masses, end.masses) or not bool((start.masses > 0.0).all()):
        raise MassError(
            "The particles of the two clouds must have the same masses, all positive; take TransportPath for others."
        )
