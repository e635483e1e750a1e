"""Observables: functions of a cloud that are worth recording; each is a frozen value that is called with a cloud.

Movements are distances from a start cloud with the same particles. Gram matrices are those of `tangent_gram`, which are
not divided by n. The first line of an observable's docstring is its formula in trajectory files.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.neurons.groups import check_names, columns_of, groups_of
from particles.neurons.protocols import Neuron
from particles.neurons.user_neuron import UserNeuron, as_neuron
from particles.risk.dataset import checked_inputs
from particles.risk.risk import Risk
from particles.risk.tangent_products import tangent_gram
from particles.shapes import Gram, Inputs, PerParticle, Scalar

#: The columns of all coordinates.
EVERY = slice(None)


class Observable(ABC):
    """An observable that is a value of its own: it holds what it refers to and is called with a cloud.

    It sums over particles by the cloud's own `summed` and `largest`, so that processes may share the cloud. Study files
    know each class of these that `particles` offers by its name, MeanMovement as mean_movement, and make it of what its
    parameters are called: `risk` and `start` of the run, `inputs` of the training data.
    """

    @abstractmethod
    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """Its value at a cloud."""


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


@dataclass(frozen=True, eq=False)
class GramChange(Observable):
    """Spectral norm |K(cloud) - K(start)|_2 of the change of the tangent Gram matrix on inputs [data, inputs].

    The figures of Caron et al. (2023) show the square root of this norm under the name of the norm. Raises TypeError,
    ShapeError or ValueError for inputs that are not a finite float tensor [data, inputs].
    """

    risk: Risk
    start: ParticleCloud
    inputs: Inputs

    def __post_init__(self) -> None:
        checked_inputs(self.inputs)

    @cached_property
    def _first(self) -> Gram:
        return tangent_gram(self.risk, self.start, self.inputs)

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The largest absolute eigenvalue of the change, a scalar."""
        change = tangent_gram(self.risk, cloud, self.inputs) - self._first.to(cloud.positions)
        return _eigenvalues(change).abs().max()


@dataclass(frozen=True, eq=False)
class SmallestEigenvalue(Observable):
    """Smallest eigenvalue of the tangent Gram matrix on inputs [data, inputs]: the rate of the slowest mode.

    The matrix is not divided by n, so the rate is that of the risk times n. Raises TypeError, ShapeError or ValueError
    for inputs that are not a finite float tensor [data, inputs].
    """

    risk: Risk
    inputs: Inputs

    def __post_init__(self) -> None:
        checked_inputs(self.inputs)

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The smallest eigenvalue of K, a scalar."""
        return _eigenvalues(tangent_gram(self.risk, cloud, self.inputs))[0]


@dataclass(frozen=True, eq=False)
class Alignment(Observable):
    """Kernel-target alignment y^T K y / (|K|_F |y|^2) in [0, 1] on the risk's own data (Cristianini et al. 2001)."""

    risk: Risk

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The alignment of the tangent kernel with the targets, a scalar without a unit."""
        gram = tangent_gram(self.risk, cloud)
        y = self.risk.prepared(cloud).targets.reshape(-1)
        alignment: Scalar = (y @ gram @ y) / (gram.square().sum().sqrt() * (y @ y))
        return alignment


def effective_count(cloud: ParticleCloud) -> Scalar:
    """1 / sum_j lambda_j^2: the number of equal particles with the same concentration of mass; m for equal masses."""
    return 1.0 / cloud.summed(lambda part: cloud.masses[part].square().sum())


def movement(start: ParticleCloud, cloud: ParticleCloud, columns: slice | Tensor = EVERY) -> PerParticle:
    """|theta_j - theta_j(0)| in these coordinates [particles]; raises ShapeError where the clouds differ in shape."""
    if start.positions.shape != cloud.positions.shape:
        raise ShapeError(
            f"The start has shape {tuple(start.positions.shape)} but the cloud {tuple(cloud.positions.shape)}; "
            "movement compares the same particles."
        )
    moved = cloud.positions[:, columns] - start.positions.to(cloud.positions)[:, columns]
    distances: PerParticle = torch.linalg.vector_norm(moved, dim=1)
    return distances


def _eigenvalues(gram: Gram) -> Float[Tensor, " rows"]:
    values: Tensor = torch.linalg.eigvalsh(gram)
    return values
