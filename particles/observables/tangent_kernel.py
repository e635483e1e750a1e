"""What becomes of the tangent kernel: its change, its smallest eigenvalue, its alignment with the targets.

Gram matrices are those of `tangent_gram`, which are not divided by n.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.observables.observable import Observable
from particles.risk.dataset import checked_inputs
from particles.risk.risk import Risk
from particles.risk.tangent_products import tangent_gram
from particles.shapes import Gram, Inputs, Scalar


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


def _eigenvalues(gram: Gram) -> Float[Tensor, " rows"]:
    values: Tensor = torch.linalg.eigvalsh(gram)
    return values
