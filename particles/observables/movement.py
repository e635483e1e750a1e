"""How far particles have moved from a start cloud with the same particles, and how many of them carry the mass."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.neurons.groups import check_names, columns_of, groups_of
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron, as_neuron
from particles.observables.observable import Observable
from particles.shapes import PerParticle, Positions, Scalar

#: The columns of all coordinates.
EVERY = slice(None)


@dataclass(frozen=True, eq=False)
class Movement(Observable):
    """How far particles are from where they were in a start cloud, in all coordinates or in those of some groups.

    `group` is a name, or several, of the `neuron`'s groups of coordinates. Raises TypeError for a group without a
    neuron, ValueError for a name that is none of its groups'.
    """

    start: ParticleCloud
    group: str | Sequence[str] | None = None
    neuron: Neuron | UserNeuron | None = None

    def __post_init__(self) -> None:
        if self.group is not None and self.neuron is None:
            raise TypeError(
                f"{type(self).__name__} was given the group {self.group!r} but no neuron that says which coordinates "
                "it has; give neuron=risk.neuron too."
            )
        if self.group is not None:
            check_names(self._names, self._groups, "The groups to observe")

    @property
    def _names(self) -> tuple[str, ...]:
        return () if self.group is None else (self.group,) if isinstance(self.group, str) else tuple(self.group)

    @property
    def _groups(self) -> dict[str, slice]:
        return {} if self.neuron is None else groups_of(as_neuron(self.neuron))

    def distances(self, cloud: ParticleCloud) -> PerParticle:
        """|theta_j - theta_j(0)| [particles]; raises ShapeError for a cloud of another shape than the start."""
        columns = EVERY if self.group is None else columns_of(self._names, self._groups)
        return movement(self.start, cloud, columns)


@dataclass(frozen=True, eq=False)
class MeanMovement(Movement):
    """(1/m) sum_j |theta_j - theta_j(0)|."""

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The mean distance moved, a scalar; raises ShapeError for a cloud of another shape than the start."""
        moved = self.distances(cloud)
        return cloud.summed(lambda part: moved[part].sum()) / cloud.count


@dataclass(frozen=True, eq=False)
class MassWeightedMovement(Movement):
    """sum_j lambda_j |theta_j - theta_j(0)|, with the masses of the cloud at hand."""

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The mean, weighted by mass, of the distance moved; raises ShapeError for a cloud of another shape."""
        moved = self.distances(cloud)
        return cloud.summed(lambda part: cloud.masses[part] @ moved[part])


@dataclass(frozen=True, eq=False)
class LargestMovement(Movement):
    """max_j |theta_j - theta_j(0)|."""

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The largest distance that a particle moved; raises ShapeError for a cloud of another shape."""
        return cloud.largest(self.distances(cloud))


def effective_count(cloud: ParticleCloud) -> Scalar:
    """1 / sum_j lambda_j^2: the number of equal particles with the same concentration of mass; m for equal masses."""
    return 1.0 / cloud.summed(lambda part: cloud.masses[part].square().sum())


def movement(start: ParticleCloud, cloud: ParticleCloud, columns: slice | Tensor = EVERY) -> PerParticle:
    """|theta_j - theta_j(0)| in these coordinates [particles]; raises ShapeError where the clouds differ in shape."""
    moved = cloud.positions[:, columns] - same_particles(start, cloud)[:, columns]
    distances: PerParticle = torch.linalg.vector_norm(moved, dim=1)
    return distances


def same_particles(start: ParticleCloud, cloud: ParticleCloud) -> Positions:
    """The start's positions in the cloud's dtype and on its device; raises ShapeError where they differ in shape."""
    if start.positions.shape != cloud.positions.shape:
        raise ShapeError(
            f"The start has shape {tuple(start.positions.shape)} but the cloud {tuple(cloud.positions.shape)}; "
            "movement compares the same particles."
        )
    return start.positions.to(cloud.positions)
