"""Observables: functions of a cloud that are worth recording; each is a frozen value that is called with a cloud.

Movements are distances from a start cloud with the same particles. Gram matrices are those of `tangent_gram`, which are
not divided by n. The first line of an observable's docstring is its formula in trajectory files.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.neurons.perceptron import Perceptron
from particles.risk.dataset import checked_inputs
from particles.risk.risk import Risk
from particles.risk.tangent_products import tangent_gram
from particles.shapes import Features, Gram, Inputs, PerDatum, PerParticle, Scalar


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
class ActiveFraction(Observable):
    """min_i sum_j lambda_j 1{least < w_j . phi(x_i) < most} on inputs [data, inputs]: how much of the mass can learn.

    Where |sigma'| >= K between `least` and `most`, the risk falls at a rate of at least K^2 times this fraction times
    the smallest eigenvalue of the Gram matrix of phi (Chen, Vanden-Eijnden and Bruna 2022). The borders are those of
    ReLU by default. Raises TypeError for other neurons than Perceptron, ValueError for borders that are not in order,
    and what `SmallestEigenvalue` raises.
    """

    risk: Risk
    inputs: Inputs
    least: float = 0.0
    most: float = math.inf

    def __post_init__(self) -> None:
        checked_inputs(self.inputs)
        neuron = self.risk.neuron
        if not isinstance(neuron, Perceptron):
            raise TypeError(f"Active are preactivations of a Perceptron, but the neuron is a {type(neuron).__name__}.")
        if not self.least < self.most:
            raise ValueError(f"Nothing lies between {self.least:g} and {self.most:g}; give borders in order.")

    @cached_property
    def _phi(self) -> Features:
        phi: Features = self.risk.network.neuron.embed(self.inputs)
        return phi

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The fraction of the mass that is active on the datum where it is least, a scalar."""
        phi = self._phi.to(cloud.positions)

        def active(part: slice) -> PerDatum:
            h = cloud.positions[part, : phi.shape[1]] @ phi.T
            return cloud.masses[part] @ ((h > self.least) & (h < self.most)).to(cloud.dtype)

        return cloud.summed(active).min()


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


def movement(start: ParticleCloud, cloud: ParticleCloud) -> PerParticle:
    """|theta_j - theta_j(0)| [particles]; raises ShapeError where the two clouds differ in shape."""
    if start.positions.shape != cloud.positions.shape:
        raise ShapeError(
            f"The start has shape {tuple(start.positions.shape)} but the cloud {tuple(cloud.positions.shape)}; "
            "movement compares the same particles."
        )
    distances: PerParticle = torch.linalg.vector_norm(cloud.positions - start.positions.to(cloud.positions), dim=1)
    return distances


def _eigenvalues(gram: Gram) -> Float[Tensor, " rows"]:
    values: Tensor = torch.linalg.eigvalsh(gram)
    return values
