"""Kernels with one error each, and the law of the contract that must see it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from limits import Evaluated, Kernel, feature_kernel, tangent_kernel
from limits.kernels.two_layer import TangentKernel
from particles import GaussianLaw, Identity, ParticleCloud, Perceptron, ReLU, Tanh
from tests.limits.kernels.contracts import kernel
from tests.limits.kernels.contracts.members import INPUTS, Partner, tangents

NEURON = Perceptron(Tanh(), Identity(INPUTS))
HONEST = tangent_kernel(NEURON, GaussianLaw(NEURON))
FEATURES = feature_kernel(NEURON, GaussianLaw(NEURON))
RAMP = Perceptron(ReLU(), Identity(INPUTS), 1, "both")
BOTH = tangent_kernel(RAMP, GaussianLaw(RAMP))


@dataclass(frozen=True)
class Wrong:
    """A kernel with an error: what another one gives, passed through `error(x1, x2, gram)`."""

    right: TangentKernel
    error: Callable[[Tensor, Tensor, Tensor], Tensor]
    reported: float = 0.0

    @property
    def neuron(self) -> Perceptron:
        """As it should be."""
        return self.right.neuron

    @property
    def law(self) -> GaussianLaw:
        """As it should be."""
        return self.right.law

    def __call__(self, x1: Tensor, x2: Tensor | None = None) -> Tensor:
        """Wrong."""
        return self.error(x1, x1 if x2 is None else x2, self.right(x1, x2))

    def evaluate(self, x1: Tensor, x2: Tensor | None = None) -> Evaluated:
        """Wrong."""
        return Evaluated(self(x1, x2), self.reported)

    def sampled(self, cloud: ParticleCloud, x1: Tensor, x2: Tensor | None = None) -> Tensor:
        """As it should be."""
        return self.right.sampled(cloud, x1, x2)


@dataclass(frozen=True)
class WrongPartner(Wrong):
    """A kernel that is right and whose partner is not."""

    def sampled(self, cloud: ParticleCloud, x1: Tensor, x2: Tensor | None = None) -> Tensor:
        """Twice what it should be."""
        return 2.0 * self.right.sampled(cloud, x1, x2)


def features_for_slopes(x1: Tensor, x2: Tensor, gram: Tensor) -> Tensor:
    """(phi . phi') E s s instead of (phi . phi') E s' s'."""
    return x1 @ x2.T / INPUTS * FEATURES(x1, x2)


def off_by_a_percent(x1: Tensor, x2: Tensor, gram: Tensor) -> Tensor:
    """One percent of one entry is within the noise of the clouds, but is not symmetric."""
    return gram + 0.01 * torch.eye(*gram.shape, dtype=gram.dtype).roll(1, dims=0)


def centred(x1: Tensor, x2: Tensor, gram: Tensor) -> Tensor:
    """The mean over the rows at hand is taken off, so an entry depends on the others."""
    return gram - gram.mean(dim=0, keepdim=True) - gram.mean(dim=1, keepdim=True) + gram.mean()


#: (kernel, partner, law that sees it, what it says).
PLANTED: list[tuple[Kernel, Partner, kernel.Law, str]] = [
    (Wrong(HONEST, lambda x1, x2, k: 2.0 * k), tangents(NEURON), kernel.is_the_mean_of_its_partner, "not the mean"),
    (
        Wrong(HONEST, lambda x1, x2, k: INPUTS * k),
        tangents(NEURON),
        kernel.is_the_mean_of_its_partner,
        "not the mean",
    ),
    (Wrong(HONEST, features_for_slopes), tangents(NEURON), kernel.is_the_mean_of_its_partner, "not the mean"),
    (Wrong(HONEST, lambda x1, x2, k: k), tangents(RAMP), kernel.is_the_mean_of_its_partner, "not the mean"),
    (HONEST, lambda cloud, x1, x2: BOTH(x1, x2), kernel.is_the_mean_of_its_partner, "not the mean"),
    (Wrong(HONEST, off_by_a_percent), tangents(NEURON), kernel.is_symmetric, "not symmetric"),
    (Wrong(HONEST, lambda x1, x2, k: k - 0.1), tangents(NEURON), kernel.is_positive, "not semi-definite"),
    (Wrong(HONEST, centred), tangents(NEURON), kernel.sees_only_the_pair, "depends on other inputs"),
    (Wrong(HONEST, lambda x1, x2, k: k.double()), tangents(NEURON), kernel.dtype_is_kept, "does not keep float32"),
    (Wrong(HONEST, lambda x1, x2, k: k, 1e-3), tangents(NEURON), kernel.error_is_reported, "error is too large"),
    (WrongPartner(HONEST, lambda x1, x2, k: k), tangents(NEURON), kernel.names_its_partner, "not the finite partner"),
]
