"""Kernels of convolutional networks with infinitely many channels, on one or two axes."""

import math
from collections.abc import Sequence

from limits.kernels.base import checked_inputs
from limits.kernels.deep.both_kernels import DeepKernels, kernels_of
from limits.kernels.deep.positions import Window
from limits.kernels.deep.recursion import Nonlinearity, Recursion, Weights
from limits.kernels.gaussian_duals import Differentiable, dual_pair
from limits.kernels.quadrature import ACCURACY
from particles import ShapeError
from particles.arguments.integers import whole
from particles.shapes import Inputs, OtherInputs

PADDINGS = ("circular", "zero")


def convolutional_kernels(
    x1: Inputs,
    x2: OtherInputs | None = None,
    *,
    activation: Differentiable,
    filter_size: int,
    depth: int = 1,
    shape: Sequence[int] | None = None,
    padding: str = "circular",
    pooling: bool = False,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
    accuracy: float = ACCURACY,
) -> DeepKernels:
    """NNGP and tangent kernel [n1, n2] of `depth` convolutions and a readout of all positions or of their mean.

    `shape` is that of one input, (channels, length) or (channels, height, width), whose rows are flattened in this
    order; left out it is one channel of d positions. Filters have `filter_size` places along each axis and stride 1;
    with "circular" padding indices are modulo the number of positions, with "zero" padding inputs are zero outside, and
    an even filter covers one position more after k than before it, as padding="same" of torch does.

    Write W = weight_variance, B = bias_variance and <g>_kk' for the mean over a filter's places l of g_{k+l,k'+l}. With
    S_0 = W <x_k . x'_k' / channels> + B and T_0 = S_0 the recursion is (Arora et al. 2019, section 4)

        S_l,kk' = W <E sigma sigma>_kk' + B,  T_l,kk' = S_l,kk' + W <T_{l-1} E sigma' sigma'>_kk',
        nngp = W mean E sigma sigma + B,  ntk = nngp + W mean T_{depth-1} E sigma' sigma',

    where E is the mean over Gaussians of covariance S_{l-1}, in the last line S_{depth-1}. The last means are over the
    positions k = k', or with `pooling` over all pairs of positions: global average pooling before the readout. Without
    it only equal positions are computed, with it all pairs, tile by tile. Depth 1 without pooling on one axis is the
    network f = (1/sqrt(m d)) sum_r v_r . sigma(w_r * x / sqrt(q)) of Hu et al. (2020) with both layers trained. For
    layers of different kinds and averages over blocks make a `Deep` neuron and take `infinite_width_kernels`.

    Both matrices are in the dtype of x1 and have gradients in the inputs; `Kernel` says which at corners.
    Raises ShapeError for inputs of different lengths and a shape that is not theirs, TypeError for inputs that are not
    float64 or float32 and for an activation without `value` and `derivative`, ValueError for inputs that are not
    finite, a depth or filter size that is not a positive integer, another padding, a negative variance, and an accuracy
    that is not reached.
    """
    depth = whole(depth, "The number of hidden layers")
    size = whole(filter_size, "The filter size")
    if padding not in PADDINGS:
        raise ValueError(f"The padding is {padding!r}, but 'circular' or 'zero' is needed.")
    grid = _grid(checked_inputs(x1).shape[1], shape)
    # Circular networks are the same wherever filters begin, if nothing but means over all positions follows.
    window = Window(size) if padding == "circular" else Window(size, (size - 1) // 2, circular=False)
    convolution = Weights(weight_variance, bias_variance, window)
    duals = dual_pair(activation, accuracy)
    hidden = (Nonlinearity(duals),) * (depth - 1)
    last = Nonlinearity(duals, (grid,) if pooling else ())
    readout = Weights(weight_variance, bias_variance)
    return kernels_of(Recursion(grid, (*(convolution,) * depth, readout), (*hidden, last)), x1, x2)


def _grid(inputs: int, shape: Sequence[int] | None) -> tuple[int, ...]:
    """The positions along each axis of inputs of this shape."""
    if shape is None:
        return (inputs,)
    sizes = tuple(whole(size, "An entry of shape") for size in shape)
    if len(sizes) not in (2, 3):
        raise ShapeError(f"shape is {sizes}, but (channels, length) or (channels, height, width) is needed.")
    if math.prod(sizes) != inputs:
        raise ShapeError(f"shape is {sizes}, which holds {math.prod(sizes)} numbers, but x1 has {inputs} inputs.")
    return sizes[1:]
