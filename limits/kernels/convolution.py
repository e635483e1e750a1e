"""Kernels of one-dimensional convolutional networks with circular padding and infinitely many channels."""

import math
from dataclasses import dataclass, field, fields

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernels.base import checked_inputs, streamed, wants_gradient
from limits.kernels.deep import DeepKernels, Layer, Means, Passed, Recursion
from limits.kernels.gaussian_duals import Differentiable
from limits.kernels.input_pairs import Pairs, Vectors, from_entries
from limits.kernels.quadrature import ACCURACY
from particles import ShapeError
from particles.arguments.integers import whole
from particles.shapes import Inputs, OtherInputs

#: Entries of one [rows, columns, positions] matrix of a tile.
TILE_ENTRIES = 2**21

Positional = Float[Tensor, "*rows positions"]
Tile = tuple[slice, slice]


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
    """NNGP and tangent kernel [n1, n2] of `depth` circular convolutions over d inputs and a readout of all positions.

    Write W = weight_variance, B = bias_variance, q = filter_size and <g>_k = (1/q) sum_{l < q} g_{k + l}, with indices
    modulo d. x2 is x1 where left out. The recursion is (compare Arora et al. 2019, section 4)

        S_0,k = W <x x'>_k + B,          T_0,k = S_0,k,
        S_l,k = W <E sigma sigma>_k + B,  T_l,k = S_l,k + W <T_{l-1} E sigma' sigma'>_k,
        nngp = (W/d) sum_k E sigma sigma + B,  ntk = nngp + (W/d) sum_k T_{depth-1,k} E sigma' sigma',

    where E is the mean over Gaussians of covariance S_{l-1}, in the last line S_{depth-1}. Depth 1 is the network
    f = (1/sqrt(m d)) sum_r v_r . sigma(w_r * x / sqrt(q)) of Hu et al. (2020) with both layers trained.
    Both matrices are in the dtype of x1 and have gradients in the inputs; `Kernel` says which at corners.
    Raises ShapeError for inputs of different lengths, TypeError for inputs that are not float64 or float32 and for an
    activation without `value` and `derivative`, ValueError for inputs that are not finite, a depth or filter size that
    is not a positive integer, a negative variance, and an accuracy that is not reached.
    """
    recursion = Recursion(activation, depth, weight_variance, bias_variance, accuracy)
    inputs = checked_inputs(x1)
    others = inputs if x2 is None else checked_inputs(x2)
    if inputs.shape[1] != others.shape[1]:
        raise ShapeError(f"x1 has {inputs.shape[1]} inputs but x2 has {others.shape[1]}; give the same number.")
    first = _Convolved(recursion, filter_size, inputs)
    second = first if x2 is None else _Convolved(recursion, filter_size, others)

    def block(part: slice, other: slice) -> tuple[tuple[Tensor, Tensor], float]:
        return first.block(second, part, other)

    tile = max(math.isqrt(TILE_ENTRIES // x1.shape[1]), 1)
    rows, columns = first.inputs.shape[0], second.inputs.shape[0]
    nngp, ntk = streamed(
        rows, columns, block, like=x1, symmetric=x2 is None, results=2, tile=tile, graded=wants_gradient(x1, x2)
    )
    return DeepKernels(nngp.gram, ntk.gram, nngp.error)


def circular_places(count: int, size: int) -> Tensor:
    """The positions k + l modulo the count [count, size] that a filter of this size covers at position k."""
    return (torch.arange(count)[:, None] + torch.arange(size)) % count


def circular_means(values: Positional, size: int) -> Positional:
    """(1/q) sum_{l < q} values_{k + l}, with positions k in the last axis and indices modulo their number."""
    count = values.shape[-1]
    places = circular_places(count, size)
    matrix = torch.zeros(count, count, dtype=torch.float64)
    matrix.scatter_add_(1, places, torch.full(places.shape, 1.0 / size, dtype=torch.float64))
    return values @ matrix.to(values).T


@dataclass(frozen=True, eq=False)
class _Convolved:
    """Inputs [data, positions] with the patch that a filter covers at every position, and every layer's duals at them.

    Row k n + i of a layer is position k of input i. `variances` [data, positions] are the variances that enter each
    layer and, last, the readout.
    """

    recursion: Recursion
    size: int
    inputs: Tensor
    patches: tuple[Vectors, ...] = field(init=False)
    layers: tuple[Layer, ...] = field(init=False)
    variances: tuple[Tensor, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", whole(self.size, "The filter size"))
        places = circular_places(self.inputs.shape[1], self.size)
        patches = tuple(self.recursion.vectors(self.inputs[:, seen]) for seen in places)
        layers = []
        variances = [torch.stack([patch.variances for patch in patches], dim=1)]
        for _ in range(self.recursion.depth):
            layers.append(self.recursion.layer(variances[-1].T.flatten()))
            variances.append(self._mixed(layers[-1].value.squares().reshape(variances[-1].T.shape).T))
        for name, value in (("patches", patches), ("layers", tuple(layers)), ("variances", tuple(variances))):
            object.__setattr__(self, name, value)

    def _mixed(self, values: Tensor) -> Tensor:
        """W <values>_k + B."""
        return self.recursion.affine(circular_means(values, self.size))

    def _at(self, layer: Layer, position: int, rows: slice) -> Layer:
        first = position * self.inputs.shape[0]
        return layer.part(slice(first + rows.start, first + rows.stop))

    def _means(self, above: Layer, other: "_Convolved", below: Layer, pairs: list[Pairs], tile: Tile) -> Means:
        """The means of a layer on one tile, each [rows, columns, positions]."""
        rows, columns = tile
        found = [Means.of(self._at(above, k, rows), other._at(below, k, columns), each) for k, each in enumerate(pairs)]
        return Means(*(torch.stack([getattr(each, f.name) for each in found], dim=2) for f in fields(Means)))

    def block(self, other: "_Convolved", rows: slice, columns: slice) -> tuple[tuple[Tensor, Tensor], float]:
        """nngp and ntk [rows, columns] on one tile, and a bound on the error of their entries."""
        weight = self.recursion.weight_variance
        tile = (rows, columns)
        pairs = [mine.pairs(its, rows, columns) for mine, its in zip(self.patches, other.patches, strict=True)]
        rounding = pairs[0].rounding
        covariance = torch.stack([each.covariance for each in pairs], dim=2)
        p = self.variances[0][rows, None]
        q = other.variances[0][None, columns]
        passed = Passed.first(covariance, p, q, rounding)
        for depth, (above, below) in enumerate(zip(self.layers, other.layers, strict=True), start=1):
            means = self._means(above, other, below, pairs, tile)
            moved, moved_error = passed.times(means, weight)
            if depth == len(self.layers):
                break
            covariance = self._mixed(means.value)
            error = weight * circular_means(means.value_error, self.size)
            tangent, tangent_error = (circular_means(each, self.size) for each in (moved, moved_error))
            passed = Passed(covariance, error, covariance + tangent, error + tangent_error)
            equal = circular_means(means.equal.double(), self.size) > 1.0 - 0.5 / self.size
            p = self.variances[depth][rows, None]
            q = other.variances[depth][None, columns]
            slices = zip(*(each.unbind(dim=2) for each in (p, q, covariance, error, equal)), strict=True)
            pairs = [from_entries(rounding, *each) for each in slices]
        nngp = self.recursion.affine(means.value.mean(dim=2))
        error = weight * means.value_error.mean(dim=2)
        last = Passed(nngp, error, nngp + moved.mean(dim=2), error + moved_error.mean(dim=2))
        return (last.covariance, last.tangent), last.error
