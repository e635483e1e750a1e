"""Kernels of deep fully connected networks whose layers are all infinitely wide."""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from torch import Tensor

from limits.kernels.base import checked_inputs, overlaps, squared_norms, streamed
from limits.kernels.duals import Differentiable, DualPair, DualRows, dual_pair
from limits.kernels.quadrature import ACCURACY
from particles import ShapeError
from particles.integers import whole
from particles.shapes import Gram, Inputs, OtherInputs, PerDatum


@dataclass(frozen=True, eq=False)
class DeepKernels:
    """The covariance `nngp` of the network at the start, its tangent kernel `ntk`, and a bound on the `error` that
    quadrature made in any one layer; zero where only closed forms were used."""

    nngp: Gram
    ntk: Gram
    error: float


def deep_kernels(
    x1: Inputs,
    x2: OtherInputs | None = None,
    *,
    activation: Differentiable,
    depth: int,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
    accuracy: float = ACCURACY,
) -> DeepKernels:
    """NNGP and tangent kernel between x1 and x2 (x1 again where left out) of a network with `depth` hidden layers.

    h_1 = sqrt(W) w_1 x / sqrt(d) + sqrt(B) b_1, h_{l+1} = sqrt(W) w_l sigma(h_l) / sqrt(m_l) + sqrt(B) b_l with weights
    and biases from N(0, 1), W and B the two variances, all layers trained (NTK parameterisation, Jacot et al. 2018):

        S_0 = W x . x' / d + B, T_0 = S_0;  S_l = W E sigma sigma + B,  T_l = S_l + W T_{l-1} E sigma' sigma',

    means over Gaussians of covariance S_{l-1}; nngp = S_depth, ntk = T_depth. Depth 1 with the default variances is the
    two-layer network with both layers trained.
    """
    recursion = Recursion(activation, depth, weight_variance, bias_variance, accuracy)
    first = recursion.side(checked_inputs(x1))
    second = first if x2 is None else recursion.side(checked_inputs(x2))
    if first.inputs.shape[1] != second.inputs.shape[1]:
        raise ShapeError(
            f"x1 has {first.inputs.shape[1]} inputs but x2 has {second.inputs.shape[1]}; give the same number."
        )
    rows, columns = first.inputs.shape[0], second.inputs.shape[0]
    block = partial(recursion.block, first, second)
    nngp, ntk = streamed(rows, columns, block, like=x1, symmetric=x2 is None, results=2)
    return DeepKernels(nngp.gram, ntk.gram, nngp.error)


@dataclass(frozen=True, eq=False)
class Layer:
    """One hidden layer at some inputs: the variances of what enters it, and the duals at these."""

    variances: PerDatum
    value: DualRows
    derivative: DualRows

    def part(self, rows: slice) -> Self:
        """The same for some of the inputs."""
        return type(self)(self.variances[rows], self.value.part(rows), self.derivative.part(rows))


@dataclass(frozen=True, eq=False)
class Side:
    """Scaled inputs and every layer at them; `last` are the variances of the network's output."""

    inputs: Tensor
    layers: tuple[Layer, ...]
    last: PerDatum


@dataclass(frozen=True)
class Recursion:
    """What passes from layer to layer: first the variances of single inputs, then the covariances of a tile."""

    activation: Differentiable
    depth: int
    weight_variance: float
    bias_variance: float
    accuracy: float
    duals: DualPair = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", whole(self.depth, "The number of hidden layers"))
        _check(self.weight_variance, self.bias_variance)
        object.__setattr__(self, "duals", dual_pair(self.activation, self.accuracy))

    def affine(self, values: Tensor) -> Tensor:
        """W values + B."""
        return self.weight_variance * values + self.bias_variance

    def layer(self, variances: PerDatum) -> Layer:
        """A hidden layer that is entered with these variances."""
        return Layer(variances, self.duals.value.at(variances), self.duals.derivative.at(variances))

    def side(self, inputs: Tensor) -> Side:
        """All layers at these inputs."""
        scaled = inputs / math.sqrt(inputs.shape[1])
        variances = self.affine(squared_norms(scaled))
        layers = []
        for _ in range(self.depth):
            layers.append(self.layer(variances))
            variances = self.affine(layers[-1].value.squares())
        return Side(scaled, tuple(layers), variances)

    def block(self, first: Side, second: Side, part: slice, other: slice) -> tuple[tuple[Tensor, Tensor], float]:
        """S_depth and T_depth on one tile."""
        diagonal = first is second and part == other
        covariance = self.affine(overlaps(first.inputs, second.inputs, part, other, symmetric=diagonal))
        tangent, largest = covariance, 0.0
        after = [*(layer.variances for layer in first.layers[1:]), first.last]
        for above, below, variances in zip(first.layers, second.layers, after, strict=True):
            value, error = above.value.part(part).gram(below.value.part(other), covariance)
            derivative, other_error = above.derivative.part(part).gram(below.derivative.part(other), covariance)
            covariance = self.affine(value)
            if diagonal:
                covariance.diagonal().copy_(variances[part])
            tangent = covariance + self.weight_variance * tangent * derivative
            largest = max(largest, error, other_error)
        return (covariance, tangent), largest


def _check(weight_variance: float, bias_variance: float) -> None:
    for name, variance in (("weight", weight_variance), ("bias", bias_variance)):
        if not (math.isfinite(variance) and variance >= 0.0):
            raise ValueError(f"The {name} variance is {variance!r}, but a finite non-negative number is needed.")
