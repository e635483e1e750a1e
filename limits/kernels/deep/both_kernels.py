"""NNGP and tangent kernel of a deep network of infinite width, computed together, tile by tile."""

from dataclasses import dataclass
from functools import partial

from limits.kernels.base import checked_inputs, streamed, wants_gradient
from limits.kernels.deep.recursion import Recursion
from particles import ShapeError
from particles.shapes import Gram, Inputs, OtherInputs


@dataclass(frozen=True, eq=False)
class DeepKernels:
    """The covariance `nngp` of the network at the start and its tangent kernel `ntk`, both [n1, n2] for one output.

    `error` bounds the absolute error of their entries: rounding, and quadrature where it was needed, carried from layer
    to layer. Made by `deep_kernels`, `convolutional_kernels` and `infinite_width_kernels`.
    """

    nngp: Gram
    ntk: Gram
    error: float


def kernels_of(recursion: Recursion, x1: Inputs, x2: OtherInputs | None) -> DeepKernels:
    """Both kernels of a network, tile by tile; x2 is x1 where left out."""
    inputs = checked_inputs(x1)
    others = inputs if x2 is None else checked_inputs(x2)
    if inputs.shape[1] != others.shape[1]:
        raise ShapeError(f"x1 has {inputs.shape[1]} inputs but x2 has {others.shape[1]}; give the same number.")
    first = recursion.side(inputs)
    second = first if x2 is None else recursion.side(others)
    nngp, ntk = streamed(
        len(inputs),
        len(others),
        partial(recursion.block, first, second),
        like=x1,
        symmetric=x2 is None,
        results=2,
        tile=recursion.tile,
        graded=wants_gradient(x1, x2),
    )
    return DeepKernels(nngp.gram, ntk.gram, nngp.error)
