"""Kernels of one-dimensional convolutional networks with circular padding and infinitely many channels."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernels.base import checked_inputs, streamed
from limits.kernels.deep import DeepKernels, Layer, Recursion
from limits.kernels.duals import Differentiable
from limits.kernels.quadrature import ACCURACY
from particles import ShapeError
from particles.integers import whole
from particles.shapes import Inputs, OtherInputs

#: Entries of one [rows, columns, positions] matrix of a tile.
TILE_ENTRIES = 2**21

Positional = Float[Tensor, "*rows positions"]


def convolutional_kernels(
    x1: Inputs,
    x2: OtherInputs | None = None,
    *,
    activation: Differentiable,
    filter_size: int,
    depth: int = 1,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
    accuracy: float = ACCURACY,
) -> DeepKernels:
    """NNGP and tangent kernel of `depth` circular convolutions over the d inputs and a readout of all positions.

    With W and B the two variances, q the filter size and <g>_k = (1/q) sum_{l < q} g_{k + l} (indices modulo d),

        S_0,k = W <x x'>_k + B,          T_0,k = S_0,k,
        S_l,k = W <E sigma sigma>_k + B,  T_l,k = S_l,k + W <T_{l-1} E sigma' sigma'>_k,
        nngp = (W/d) sum_k E sigma sigma + B,  ntk = nngp + (W/d) sum_k T_{depth-1,k} E sigma' sigma',

    means over Gaussians of covariance S_{l-1}, in the last line S_{depth-1}. Depth 1 is the network
    f = (1/sqrt(m d)) sum_r v_r . sigma(w_r * x / sqrt(q)) of Hu et al. (2020) with both layers trained.
    """
    recursion = Recursion(activation, depth, weight_variance, bias_variance, accuracy)
    first = _Convolved(recursion, filter_size, checked_inputs(x1))
    second = first if x2 is None else _Convolved(recursion, filter_size, checked_inputs(x2))
    if first.inputs.shape[1] != second.inputs.shape[1]:
        raise ShapeError(
            f"x1 has {first.inputs.shape[1]} inputs but x2 has {second.inputs.shape[1]}; give the same number."
        )

    def block(part: slice, other: slice) -> tuple[tuple[Tensor, Tensor], float]:
        return first.block(second, part, other)

    tile = max(math.isqrt(TILE_ENTRIES // x1.shape[1]), 1)
    rows, columns = first.inputs.shape[0], second.inputs.shape[0]
    nngp, ntk = streamed(rows, columns, block, like=x1, symmetric=x2 is None, results=2, tile=tile)
    return DeepKernels(nngp.gram, ntk.gram, nngp.error)


def circular_means(values: Positional, size: int) -> Positional:
    """(1/q) sum_{l < q} values_{k + l} over positions k in the last axis, wrapped around as often as it takes."""
    count = values.shape[-1]
    places = (torch.arange(count)[:, None] + torch.arange(size)) % count
    matrix = torch.zeros(count, count, dtype=torch.float64)
    matrix.scatter_add_(1, places, torch.full(places.shape, 1.0 / size, dtype=torch.float64))
    return values @ matrix.to(values).T


@dataclass(frozen=True, eq=False)
class _Convolved:
    """Inputs [data, positions] and every layer at them; row k n + i of a layer is position k of input i."""

    recursion: Recursion
    size: int
    inputs: Tensor
    layers: tuple[Layer, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", whole(self.size, "The filter size"))
        layers = []
        variances = self._mixed(self.inputs.square())
        for _ in range(self.recursion.depth):
            layers.append(self.recursion.layer(variances.T.flatten()))
            variances = self._mixed(layers[-1].value.squares().reshape(variances.T.shape).T)
        object.__setattr__(self, "layers", tuple(layers))

    def _mixed(self, values: Tensor) -> Tensor:
        """W <values>_k + B."""
        return self.recursion.affine(circular_means(values, self.size))

    def _at(self, layer: Layer, position: int, rows: slice) -> Layer:
        first = position * self.inputs.shape[0]
        return layer.part(slice(first + rows.start, first + rows.stop))

    def block(self, other: "_Convolved", rows: slice, columns: slice) -> tuple[tuple[Tensor, Tensor], float]:
        """nngp and ntk on one tile, position by position in [rows, columns, positions]."""
        covariance = self._mixed(self.inputs[rows][:, None, :] * other.inputs[columns][None, :, :])
        tangent, largest = covariance, 0.0
        weight = self.recursion.weight_variance
        values, slopes = torch.empty_like(covariance), torch.empty_like(covariance)
        for above, below in zip(self.layers, other.layers, strict=True):
            if above is not self.layers[0]:
                covariance = self._mixed(values)
                tangent = covariance + weight * circular_means(tangent * slopes, self.size)
            for k in range(self.inputs.shape[1]):
                left, right = self._at(above, k, rows), other._at(below, k, columns)
                here = covariance[:, :, k].contiguous()
                if self is other and rows == columns:
                    here.diagonal().copy_(left.variances)
                values[:, :, k], error = left.value.gram(right.value, here)
                slopes[:, :, k], other_error = left.derivative.gram(right.derivative, here)
                largest = max(largest, error, other_error)
        nngp = self.recursion.affine(values.mean(dim=2))
        return (nngp, nngp + weight * (tangent * slopes).mean(dim=2)), largest
