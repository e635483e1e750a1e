"""How far particles have moved from a start cloud with the same particles, and how many of them carry the mass."""

from dataclasses import dataclass

import torch

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.observables.observable import Observable
from particles.shapes import PerParticle, Positions, Scalar


@dataclass(frozen=True, eq=False)
class MeanMovement(Observable):
    """(1/m) sum_j |theta_j - theta_j(0)|."""

    start: ParticleCloud

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The mean distance moved, a scalar; raises ShapeError for a cloud of another shape than the start."""
        moved = movement(self.start, cloud)
        return cloud.summed(lambda part: moved[part].sum()) / cloud.count


@dataclass(frozen=True, eq=False)
class MassWeightedMovement(Observable):
    """sum_j lambda_j |theta_j - theta_j(0)|, with the masses of the cloud at hand."""

    start: ParticleCloud

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The mean, weighted by mass, of the distance moved; raises ShapeError for a cloud of another shape."""
        moved = movement(self.start, cloud)
        return cloud.summed(lambda part: cloud.masses[part] @ moved[part])


@dataclass(frozen=True, eq=False)
class LargestMovement(Observable):
    """max_j |theta_j - theta_j(0)|."""

    start: ParticleCloud

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The largest distance that a particle moved; raises ShapeError for a cloud of another shape."""
        return cloud.largest(movement(self.start, cloud))


def effective_count(cloud: ParticleCloud) -> Scalar:
    """1 / sum_j lambda_j^2: the number of equal particles with the same concentration of mass; m for equal masses."""
    return 1.0 / cloud.summed(lambda part: cloud.masses[part].square().sum())


def movement(start: ParticleCloud, cloud: ParticleCloud) -> PerParticle:
    """|theta_j - theta_j(0)| [particles]; raises ShapeError where the two clouds differ in shape."""
    distances: PerParticle = torch.linalg.vector_norm(cloud.positions - same_particles(start, cloud), dim=1)
    return distances


def same_particles(start: ParticleCloud, cloud: ParticleCloud) -> Positions:
    """The start's positions in the cloud's dtype and on its device; raises ShapeError where they differ in shape."""
    if start.positions.shape != cloud.positions.shape:
        raise ShapeError(
            f"The start has shape {tuple(start.positions.shape)} but the cloud {tuple(cloud.positions.shape)}; "
            "movement compares the same particles."
        )
    return start.positions.to(cloud.positions)
