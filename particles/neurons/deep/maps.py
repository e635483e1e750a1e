"""The linear maps of layers, for many particles at once: of inputs, of cotangents, and the gradients of their weights.

Values below a layer are x [particles, data, *below], those above it h [particles, data, *above], weights [particles,
units, ...] in torch's order. What stands for all particles may have one in place of their number.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

Shape = tuple[int, ...]


@runtime_checkable
class LinearMap(Protocol):
    """What a tangent asks of the linear part of a layer."""

    @property
    def below(self) -> Shape:
        """The shape of one datum below."""
        ...

    @property
    def above(self) -> Shape:
        """The shape of one datum above: units first, then positions."""
        ...

    @property
    def weights(self) -> Shape:
        """The shape of one particle's weights."""
        ...

    def forward(self, x: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale W x [particles, data, *above]."""
        ...

    def backward(self, cotangents: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale W^T c [particles, data, *below]."""
        ...

    def gradient(self, cotangents: Tensor, x: Tensor, scale: float, total: Tensor | None = None) -> Tensor:
        """scale sum_i c_i x_i^T [particles, *weights], added to a `total`, which is written over, where it is given."""
        ...

    def seen(self, x: Tensor) -> Tensor:
        """What the weights of a unit see at every position above [particles, data, positions, entries]."""
        ...


@dataclass(frozen=True)
class DenseMap:
    """W x with W [width, inputs]; there is one position."""

    inputs: int
    width: int

    @property
    def below(self) -> Shape:
        """[inputs]."""
        return (self.inputs,)

    @property
    def above(self) -> Shape:
        """[width]."""
        return (self.width,)

    @property
    def weights(self) -> Shape:
        """[width, inputs]."""
        return (self.width, self.inputs)

    def forward(self, x: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale x W^T."""
        return _product(x, weights.mT, scale)

    def backward(self, cotangents: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale c W."""
        return _product(cotangents, weights, scale)

    def gradient(self, cotangents: Tensor, x: Tensor, scale: float, total: Tensor | None = None) -> Tensor:
        """scale c^T x."""
        if total is None:
            return _product(cotangents.mT, x, scale)
        return total.baddbmm_(cotangents.mT, x.expand(len(cotangents), -1, -1), alpha=scale)

    def seen(self, x: Tensor) -> Tensor:
        """x itself."""
        return x[:, :, None]


@dataclass(frozen=True)
class Pool:
    """The mean over blocks of so many positions along each spatial axis, a fixed map."""

    sizes: Shape

    def forward(self, x: Tensor) -> Tensor:
        """[..., *positions] to [..., *positions / sizes]."""
        inner = len(self.sizes)
        lengths = zip(x.shape[-inner:], self.sizes, strict=True)
        shape = [part for length, size in lengths for part in (length // size, size)]
        return x.reshape(*x.shape[:-inner], *shape).mean(dim=[-1 - 2 * axis for axis in range(inner)])

    def backward(self, cotangents: Tensor) -> Tensor:
        """Every position of a block gets its share of the block's cotangent."""
        spread = cotangents / math.prod(self.sizes)
        for axis, size in enumerate(self.sizes, start=-len(self.sizes)):
            spread = spread.repeat_interleave(size, dim=axis)
        return spread


def _product(left: Tensor, right: Tensor, scale: float) -> Tensor:
    """scale left right, matrix by matrix, so that a particle has the same bits beside any others."""
    count = max(len(left), len(right))
    left, right = (matrix.expand(count, *matrix.shape[1:]) for matrix in (left, right))
    return torch.baddbmm(left.new_zeros(()), left, right, beta=0.0, alpha=scale)
