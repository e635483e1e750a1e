"""The linear maps of layers, for many particles at once: of inputs, of their weights, and of what comes back.

Values below a layer are x [particles, data, *below], those above it h [particles, data, *above], weights [particles,
above, below, ...]. Every map gives the blocks of which the tangent Gram matrix is made: at each position what its
weights see, and there is one position in a dense layer.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

Shape = tuple[int, ...]


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
        """The shape of one particle's weights, in torch's order."""
        ...

    def forward(self, x: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale W x [particles, data, *above]."""
        ...

    def backward(self, cotangents: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale W^T c [particles, data, *below]."""
        ...

    def gradient(self, cotangents: Tensor, x: Tensor, scale: float) -> Tensor:
        """scale sum_i c_i x_i^T [particles, *weights]."""
        ...

    def seen(self, x: Tensor) -> Tensor:
        """What the weights see at every position [particles, data, positions, entries]."""
        ...


@dataclass(frozen=True)
class DenseMap:
    """W x with W [width, inputs]."""

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

    def gradient(self, cotangents: Tensor, x: Tensor, scale: float) -> Tensor:
        """scale c^T x."""
        return _product(cotangents.mT, x, scale)

    def seen(self, x: Tensor) -> Tensor:
        """x at the one position."""
        return x[:, :, None]


@dataclass(frozen=True)
class ConvolutionMap:
    """A convolution with W [channels, channels below, q] or [channels, channels below, q, q], stride 1."""

    inputs: int
    channels: int
    size: int
    positions: Shape
    circular: bool

    @property
    def below(self) -> Shape:
        """[channels below, *positions]."""
        return (self.inputs, *self.positions)

    @property
    def above(self) -> Shape:
        """[channels, *positions]."""
        return (self.channels, *self.positions)

    @property
    def weights(self) -> Shape:
        """[channels, channels below, q, ...]."""
        return (self.channels, self.inputs, *self._sizes)

    @cached_property
    def _sizes(self) -> Shape:
        return (self.size,) * len(self.positions)

    @property
    def _before(self) -> int:
        return (self.size - 1) // 2

    def forward(self, x: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale sum_l W_l x_{p + l - before} at position p."""
        return self._correlated(x, scale * weights, self._before)

    def backward(self, cotangents: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale sum_l W_l^T c_{p - l + before} at p: the same with mirrored weights, which see the other side."""
        axes = tuple(range(3, weights.ndim))
        mirrored = weights.transpose(1, 2).flip(axes)
        return self._correlated(cotangents, scale * mirrored, self.size - 1 - self._before)

    def gradient(self, cotangents: Tensor, x: Tensor, scale: float) -> Tensor:
        """scale sum_i sum_p c_ip x_{i, p + l - before}."""
        padded = self._padded(x.expand(len(cotangents), *x.shape[1:]), self._before)
        convolved = torch.nn.grad.conv1d_weight if len(self.positions) == 1 else torch.nn.grad.conv2d_weight
        found = [convolved(a, self.weights, c) for a, c in zip(padded, cotangents, strict=True)]
        return torch.stack(found).mul_(scale)

    def seen(self, x: Tensor) -> Tensor:
        """The patch [channels below, q, ...] at every position."""
        patches = self._padded(x, self._before)
        for axis in range(len(self.positions)):
            patches = patches.unfold(3 + axis, self.size, 1)
        inner = len(self.positions)
        order = (0, 1, *range(3, 3 + inner), 2, *range(3 + inner, 3 + 2 * inner))
        particles, data = x.shape[:2]
        return patches.permute(order).reshape(particles, data, math.prod(self.positions), -1)

    def _correlated(self, x: Tensor, weights: Tensor, before: int) -> Tensor:
        convolved = functional.conv1d if len(self.positions) == 1 else functional.conv2d
        padded = self._padded(x.expand(len(weights), *x.shape[1:]), before)
        return torch.stack([convolved(a, w) for a, w in zip(padded, weights, strict=True)])

    def _padded(self, x: Tensor, before: int) -> Tensor:
        after = self.size - 1 - before
        widths = (before, after) * len(self.positions)
        flat = functional.pad(x.flatten(0, 1), widths, mode="circular" if self.circular else "constant")
        return flat.reshape(*x.shape[:3], *flat.shape[2:])


@dataclass(frozen=True)
class Pool:
    """The mean over blocks of `size` positions along each spatial axis, a fixed map."""

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
    """scale left right, matrix by matrix; one of them may stand for all particles."""
    count = max(len(left), len(right))
    left, right = (matrix.expand(count, *matrix.shape[1:]) for matrix in (left, right))
    return torch.baddbmm(left.new_zeros(()), left, right, beta=0.0, alpha=scale)
