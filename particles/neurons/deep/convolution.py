"""The linear map of a convolution: torch's, or in float64 on CPUs products with patches, which are twice as fast."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional, grad

from particles.neurons.deep.maps import Shape
from particles.numerics.scratch import reusable

#: Number of entries of the patches that are multiplied at once, so that they stay in a processor's cache.
PATCH_ENTRIES = 2**18


@dataclass(frozen=True)
class ConvolutionMap:
    """A convolution of stride 1 with W [channels, channels below, q] or [channels, channels below, q, q].

    A filter covers (q - 1) // 2 positions before its own along each axis, and the rest of q - 1 after it.
    """

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
        return (self.channels, self.inputs, *(self.size,) * self._axes)

    @cached_property
    def _axes(self) -> int:
        return len(self.positions)

    @property
    def _before(self) -> int:
        return (self.size - 1) // 2

    def forward(self, x: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale sum_l W_l x_{p + l - before} at position p."""
        return self._correlated(x, scale * weights, self._before)

    def backward(self, cotangents: Tensor, weights: Tensor, scale: float) -> Tensor:
        """scale sum_l W_l^T c_{p - l + before} at p: a convolution with mirrored weights, which see the other side."""
        mirrored = weights.transpose(1, 2).flip(tuple(range(3, weights.ndim))).contiguous()
        return self._correlated(cotangents, scale * mirrored, self.size - 1 - self._before)

    def gradient(self, cotangents: Tensor, x: Tensor, scale: float, total: Tensor | None = None) -> Tensor:
        """scale sum_i sum_p c_ip x_{i, p + l - before}."""
        of_one = self._patched_gradient if _patches_win(cotangents, x) else self._torch_gradient
        x = self._padded(x, self._before).expand(len(cotangents), -1, -1, *(-1,) * self._axes)
        found = torch.stack([of_one(c, a) for c, a in zip(cotangents, x, strict=True)])
        return scale * found if total is None else total.add_(found, alpha=scale)

    def seen(self, x: Tensor) -> Tensor:
        """The patch [channels below, q, ...] at every position."""
        axes = self._axes
        order = (0, 1, 2, *range(3 + axes, 3 + 2 * axes), *range(3, 3 + axes))
        patches = self._windows(self._padded(x, self._before)).permute(order)
        return patches.flatten(3 + axes).flatten(2, 2 + axes).mT

    def _correlated(self, x: Tensor, weights: Tensor, before: int) -> Tensor:
        """The convolution with weights [particles, units, units below, q, ...] that cover `before` positions before."""
        of_one = self._patched if _patches_win(x, weights) else self._torch
        x = self._padded(x, before).expand(len(weights), -1, -1, *(-1,) * self._axes)
        return torch.stack([of_one(a, w) for a, w in zip(x, weights, strict=True)])

    def _torch(self, x: Tensor, weights: Tensor) -> Tensor:
        return functional.conv1d(x, weights) if self._axes == 1 else functional.conv2d(x, weights)

    def _torch_gradient(self, cotangents: Tensor, x: Tensor) -> Tensor:
        of_weights = grad.conv1d_weight if self._axes == 1 else grad.conv2d_weight
        found: Tensor = of_weights(x, self.weights, cotangents)  # type: ignore[no-untyped-call]
        return found

    def _patched(self, x: Tensor, weights: Tensor) -> Tensor:
        result = x.new_empty(len(x), len(weights), *self.positions)
        for rows, patches in self._patches(x):
            product = torch.mm(weights.flatten(1), patches)
            result[rows].copy_(product.reshape(len(weights), -1, *self.positions).transpose(0, 1))
        return result

    def _patched_gradient(self, cotangents: Tensor, x: Tensor) -> Tensor:
        result = x.new_zeros(self.channels, math.prod(self.weights[1:]))
        for rows, patches in self._patches(x):
            result.addmm_(cotangents[rows].transpose(0, 1).flatten(1), patches.T)
        return result.reshape(self.weights)

    def _patches(self, x: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Rows of padded data [data, channels, ...] with their patches [channels q ..., rows positions], in turn."""
        axes, each = self._axes, x.shape[1] * self.size**self._axes
        size = max(PATCH_ENTRIES // (each * math.prod(self.positions)), 1)
        windows = self._windows(x).permute(1, *range(2 + axes, 2 + 2 * axes), 0, *range(2, 2 + axes))
        memory = x.new_empty(each * min(size, len(x)) * math.prod(self.positions))
        for first, part in zip(range(0, len(x), size), torch.split(windows, size, dim=1 + axes), strict=True):
            held = memory[: part.numel()].view(part.shape).copy_(part)
            yield slice(first, first + size), held.view(each, -1)

    def _windows(self, x: Tensor) -> Tensor:
        """What a filter covers at every position, of padded values [..., *lengths]: [..., *positions, q, ...]."""
        for _ in self.positions:
            x = x.unfold(-self._axes, self.size, 1)
        return x

    def _padded(self, x: Tensor, before: int) -> Tensor:
        widths = (before, self.size - 1 - before) * self._axes
        flat = functional.pad(x.flatten(0, 1), widths, mode="circular" if self.circular else "constant")
        return flat.reshape(*x.shape[:2], *flat.shape[1:])


def _patches_win(*tensors: Tensor) -> bool:
    """Whether products with patches are taken: where torch's own convolution in float32 is faster, or CUDA's, not."""
    return all(tensor.is_cpu and tensor.dtype == torch.float64 for tensor in tensors) and reusable(*tensors)
