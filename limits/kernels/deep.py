"""Kernels of deep fully connected networks whose layers are all infinitely wide."""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import torch
from torch import Tensor

from limits.kernels.base import checked_inputs, placed, streamed, wants_gradient
from limits.kernels.gaussian_duals import Differentiable, DualPair, DualRows, dual_pair
from limits.kernels.input_pairs import EPS, Pairs, Vectors, from_entries
from limits.kernels.quadrature import ACCURACY
from particles import ShapeError
from particles.arguments.integers import whole
from particles.shapes import Gram, Inputs, OtherInputs, PerDatum


@dataclass(frozen=True, eq=False)
class DeepKernels:
    """The covariance `nngp` of the network at the start and its tangent kernel `ntk`, both [n1, n2] for one output.

    `error` bounds the absolute error of their entries: rounding, and quadrature where it was needed, carried from layer
    to layer. Made by `deep_kernels` and `convolutional_kernels`.
    """

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
    """NNGP and tangent kernel [n1, n2] between x1 [n1, d] and x2 [n2, d] of a network with `depth` hidden layers.

    The network is h_1 = sqrt(W) w_1 x / sqrt(d) + sqrt(B) b_1, h_{l+1} = sqrt(W) w_l sigma(h_l) / sqrt(m_l) +
    sqrt(B) b_l, with weights and biases from N(0, 1), W = weight_variance, B = bias_variance and all layers trained
    (NTK parameterisation, Jacot et al. 2018, theorem 1). x2 is x1 where left out. Then

        S_0 = W x . x' / d + B, T_0 = S_0;  S_l = W E sigma sigma + B,  T_l = S_l + W T_{l-1} E sigma' sigma',

    where E is the mean over Gaussians of covariance S_{l-1}; nngp = S_depth and ntk = T_depth. Depth 1 with the default
    variances is the two-layer network with both layers trained.
    Both matrices are in the dtype of x1 and have gradients in the inputs; `Kernel` says which at corners. Gradients
    through later layers lose digits at small angles between inputs, as the values do.
    Raises ShapeError for inputs of different lengths, TypeError for inputs that are not float64 or float32 and for an
    activation without `value` and `derivative`, ValueError for inputs that are not finite, a depth that is not a
    positive integer, a negative variance, and an accuracy that is not reached.
    """
    recursion = Recursion(activation, depth, weight_variance, bias_variance, accuracy)
    inputs = checked_inputs(x1)
    others = inputs if x2 is None else checked_inputs(x2)
    if inputs.shape[1] != others.shape[1]:
        raise ShapeError(f"x1 has {inputs.shape[1]} inputs but x2 has {others.shape[1]}; give the same number.")
    first = recursion.side(inputs)
    second = first if x2 is None else recursion.side(others)
    rows, columns = len(first.last), len(second.last)
    block = partial(recursion.block, first, second)
    nngp, ntk = streamed(rows, columns, block, like=x1, symmetric=x2 is None, results=2, graded=wants_gradient(x1, x2))
    return DeepKernels(nngp.gram, ntk.gram, nngp.error)


@dataclass(frozen=True, eq=False)
class Layer:
    """One hidden layer at some inputs: the variances [data] that enter it, and both duals at these variances."""

    variances: PerDatum
    value: DualRows
    derivative: DualRows

    def part(self, rows: slice) -> Self:
        """The layer at some of the inputs."""
        return type(self)(self.variances[rows], self.value.part(rows), self.derivative.part(rows))


@dataclass(frozen=True, eq=False)
class Side:
    """Inputs as vectors whose products are the first covariances, all layers at them, and the output's variances."""

    inputs: Vectors
    layers: tuple[Layer, ...]
    last: PerDatum


@dataclass(frozen=True, eq=False)
class Means:
    """E sigma sigma and E sigma' sigma' of a layer on one tile, bounds on their errors, and where inputs are equal."""

    value: Tensor
    value_error: Tensor
    derivative: Tensor
    derivative_error: Tensor
    equal: Tensor

    @classmethod
    def of(cls, above: Layer, below: Layer, pairs: Pairs) -> Self:
        """The means over these pairs; equal inputs get E sigma^2 to the last bit, so that they stay equal."""
        value, relative = above.value.gram(below.value, pairs)
        value_error = relative * above.value.units[:, None] * below.value.units[None, :]
        derivative, relative = above.derivative.gram(below.derivative, pairs)
        derivative_error = relative * above.derivative.units[:, None] * below.derivative.units[None, :]
        p = above.variances[:, None]
        q = below.variances[None, :]
        r = pairs.covariance
        equal = pairs.parallel & (r == p) & (r == q)
        value = placed(value, torch.where(equal, above.value.squares()[:, None], value))
        return cls(value, value_error, derivative, derivative_error, equal)


@dataclass(frozen=True, eq=False)
class Passed:
    """The matrices S and T that one layer passes to the next on one tile, with bounds on the errors of entries."""

    covariance: Tensor
    covariance_error: Tensor
    tangent: Tensor
    tangent_error: Tensor

    @classmethod
    def first(cls, covariance: Tensor, p: Tensor, q: Tensor, rounding: float) -> Self:
        """T_0 = S_0 = covariance, known up to rounding."""
        error = rounding * p.detach().sqrt() * q.detach().sqrt()
        return cls(covariance, error, covariance, error)

    def times(self, means: Means, weight: float) -> tuple[Tensor, Tensor]:
        """W T E sigma' sigma' and its error."""
        with torch.no_grad():
            error = self.tangent_error * means.derivative.abs() + self.tangent.abs() * means.derivative_error
        return weight * self.tangent * means.derivative, weight * error

    @property
    def error(self) -> float:
        """The largest error of an entry of S or T, with the rounding of the last sums."""
        rounding = 4.0 * EPS * (self.covariance.detach().abs() + self.tangent.detach().abs())
        return float((torch.maximum(self.covariance_error, self.tangent_error) + rounding).max())


@dataclass(frozen=True)
class Recursion:
    """The recursion over layers, first for the variances of single inputs, then for the covariances of a tile."""

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
        """W values + B, entry by entry."""
        return self.weight_variance * values + self.bias_variance

    def layer(self, variances: PerDatum) -> Layer:
        """The hidden layer whose inputs have these variances."""
        return Layer(variances, self.duals.value.at(variances), self.duals.derivative.at(variances))

    def vectors(self, inputs: Tensor) -> Vectors:
        """The inputs as vectors with covariances W x . x' / d + B."""
        return Vectors(inputs, self.weight_variance / inputs.shape[1]).with_constant(self.bias_variance)

    def side(self, inputs: Tensor) -> Side:
        """All layers at these inputs."""
        vectors = self.vectors(inputs)
        variances = vectors.variances
        layers = []
        for _ in range(self.depth):
            layers.append(self.layer(variances))
            variances = self.affine(layers[-1].value.squares())
        return Side(vectors, tuple(layers), variances)

    def block(self, first: Side, second: Side, part: slice, other: slice) -> tuple[tuple[Tensor, Tensor], float]:
        """S_depth and T_depth on one tile, and a bound on the error of their entries."""
        weight = self.weight_variance
        pairs = first.inputs.pairs(second.inputs, part, other)
        p = first.inputs.variances[part, None]
        q = second.inputs.variances[None, other]
        passed = Passed.first(pairs.covariance, p, q, pairs.rounding)
        after = ([*(layer.variances for layer in side.layers[1:]), side.last] for side in (first, second))
        for above, below, p, q in zip(first.layers, second.layers, *after, strict=True):
            means = Means.of(above.part(part), below.part(other), pairs)
            covariance = self.affine(means.value)
            error = weight * means.value_error
            moved, moved_error = passed.times(means, weight)
            passed = Passed(covariance, error, covariance + moved, error + moved_error)
            pairs = from_entries(pairs.rounding, p[part, None], q[None, other], covariance, error, means.equal)
        return (passed.covariance, passed.tangent), passed.error


def _check(weight_variance: float, bias_variance: float) -> None:
    """Raise ValueError unless both variances are finite and non-negative."""
    for name, variance in (("weight", weight_variance), ("bias", bias_variance)):
        if not (math.isfinite(variance) and variance >= 0.0):
            raise ValueError(f"The {name} variance is {variance!r}, but a finite non-negative number is needed.")
