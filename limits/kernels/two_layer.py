"""Kernels of two-layer networks of infinitely many particles: the tangent kernel and the feature kernel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from limits.kernels.base import Evaluated, streamed, wants_gradient
from limits.kernels.gaussian_duals import DualPair, DualRows, dual_pair, largest_error
from limits.kernels.input_pairs import Vectors, embedded
from limits.kernels.quadrature import ACCURACY
from particles import GaussianLaw, ParticleCloud, Perceptron, ShapeError, SymmetricPairs
from particles.arguments.reals import non_negative
from particles.compute.tiles import Tiles
from particles.neurons.groups import PerGroup, check_names, number_of_each
from particles.shapes import Gram, Inputs, OtherInputs


@dataclass(frozen=True)
class TangentKernel:
    """The limit of `tangent_gram`, the mean over the law of grad g(theta, x) . grad g(theta, x') (Jacot et al. 2018).

    K(x, x')_ce = 1{c = e} [ E a^2 (phi . phi') E sigma'(u) sigma'(v)  +  E sigma(u) sigma(v) ],

    The first term is there if hidden weights are trained, the second if output weights are. u = w . phi(x) and
    v = w . phi(x') are Gaussian with covariance `law.variance` (phi . phi'). The kernel is the same for every scaling
    with sum_j eta_j s_j^2 = 1, that is for all of ours but `Standard`, and it is not divided by n. `rates` are those of
    the scaling: each term is multiplied by the rate of its group. `Kernel` says which errors calls raise.
    `tangent_kernel` makes one.
    """

    neuron: Perceptron
    law: GaussianLaw
    accuracy: float = ACCURACY
    rates: Mapping[str, float] | None = field(default=None, metadata={"optional": True})

    def __post_init__(self) -> None:
        if self.rates is not None:
            check_names(self.rates, self.neuron.groups, "The rates")
            object.__setattr__(self, "rates", PerGroup.of(self.rates, "The rate", non_negative))

    @property
    def shares(self) -> tuple[float, float]:
        """The rates of hidden and of output weights, zero where these are not trained."""
        hidden, output = number_of_each(self.rates or {}, self.neuron.groups, 1.0)
        trained = self.neuron.trained
        return (hidden if trained != "output" else 0.0), (output if trained != "hidden" else 0.0)

    def __call__(self, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """K(x1, x2) [n1 k, n2 k], row index i k + c, in the dtype of the inputs; raises as `Kernel` says."""
        return self.evaluate(x1, x2).gram

    def evaluate(self, x1: Inputs, x2: OtherInputs | None = None) -> Evaluated:
        """The Gram matrix [n1 k, n2 k] with a bound on the error of its entries; raises as `Kernel` says."""
        hidden, output = self.shares
        terms = hidden * self.law.outputs.variance, output
        return _Sum(self.neuron, self.law, self.accuracy, *terms).evaluate(x1, x2)

    def sampled(self, cloud: ParticleCloud, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """sum_j lambda_j grad g_j(x) . grad g_j(x') of a cloud [n1 k, n2 k]: `tangent_gram` under any scaling."""
        phi1 = self.neuron.embed(x1).to(cloud.positions)
        phi2 = phi1 if x2 is None else self.neuron.embed(x2).to(cloud.positions)
        outputs = self.neuron.outputs
        total = phi1.new_zeros(phi1.shape[0] * outputs, phi2.shape[0] * outputs)
        rates = () if self.rates is None else (self.shares,)
        for part, rows in Tiles(self.neuron, cloud.positions, phi1):
            columns = rows if x2 is None else self.neuron.tangent(cloud.positions[part], phi2)
            total += rows.gram(cloud.masses[part], columns, *rates)
        return total


@dataclass(frozen=True)
class FeatureKernel:
    """The mean over the law of g(theta, x) g(theta, x')^T, also called the NNGP kernel (Neal 1996).

    K(x, x')_ce = 1{c = e} E a^2 E sigma(u) sigma(v), with u and v as in `TangentKernel`. With output factors s_j the
    initial network has covariance (sum_j s_j^2) K: K under `NTK`, and K / m under `MeanField` with equal masses.
    `Kernel` says which errors calls raise. `feature_kernel` makes one.
    """

    neuron: Perceptron
    law: GaussianLaw
    accuracy: float = ACCURACY

    def __call__(self, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """K(x1, x2) [n1 k, n2 k], row index i k + c, in the dtype of the inputs; raises as `Kernel` says."""
        return self.evaluate(x1, x2).gram

    def evaluate(self, x1: Inputs, x2: OtherInputs | None = None) -> Evaluated:
        """The Gram matrix [n1 k, n2 k] with a bound on the error of its entries; raises as `Kernel` says."""
        return _Sum(self.neuron, self.law, self.accuracy, 0.0, self.law.outputs.variance).evaluate(x1, x2)

    def sampled(self, cloud: ParticleCloud, x1: Inputs, x2: OtherInputs | None = None) -> Gram:
        """sum_j lambda_j g_j(x) g_j(x')^T of a cloud [n1 k, n2 k], in its dtype."""
        phi1 = self.neuron.embed(x1).to(cloud.positions)
        phi2 = phi1 if x2 is None else self.neuron.embed(x2).to(cloud.positions)
        outputs = self.neuron.outputs
        total = phi1.new_zeros(phi1.shape[0] * outputs, phi2.shape[0] * outputs)
        for part, rows in Tiles(self.neuron, cloud.positions, phi1):
            first = rows.features().flatten(1)
            second = first if x2 is None else self.neuron.tangent(cloud.positions[part], phi2).features().flatten(1)
            total += (cloud.masses[part, None] * first).T @ second
        return total


def tangent_kernel(
    neuron: Perceptron,
    law: GaussianLaw | SymmetricPairs,
    *,
    accuracy: float = ACCURACY,
    rates: Mapping[str, float] | None = None,
) -> TangentKernel:
    """Make the tangent kernel of infinitely many of these neurons under this law, the limit of `tangent_gram`.

    `law` gives the variances of hidden and output weights; symmetric pairs have the kernel of the law that they mirror.
    `accuracy` is that of quadrature, for activations without a closed form. The kernel has gradients in its inputs;
    `Kernel` says which at corners. `rates` are those that the scaling gives groups of coordinates.
    Raises TypeError for a neuron that is not a `Perceptron` and for another law, ShapeError where neuron and law have
    different numbers of weights, ValueError for rates of other groups than "hidden" and "output" and negative ones.
    """
    return TangentKernel(neuron, _checked(neuron, law), accuracy, rates)


def feature_kernel(
    neuron: Perceptron, law: GaussianLaw | SymmetricPairs, *, accuracy: float = ACCURACY
) -> FeatureKernel:
    """Make the feature kernel (NNGP) of these neurons under this law; symmetric pairs have that of the law they mirror.

    `accuracy` is that of quadrature, for activations without a closed form.
    Raises TypeError for a neuron that is not a `Perceptron` and for another law, ShapeError where neuron and law have
    different numbers of weights.
    """
    return FeatureKernel(neuron, _checked(neuron, law), accuracy)


def _checked(neuron: object, law: object) -> GaussianLaw:
    """The Gaussian law behind `law`; raises TypeError or ShapeError where no kernel is known for neuron and law."""
    if not isinstance(neuron, Perceptron):
        raise TypeError(
            f"Limit kernels are known for Perceptron, but a {type(neuron).__name__} was given; for other neurons take "
            "tangent_gram of a large cloud."
        )
    law = law.law if isinstance(law, SymmetricPairs) else law
    if not isinstance(law, GaussianLaw):
        raise TypeError(f"Limit kernels are known for GaussianLaw, but the law is a {type(law).__name__}; take one.")
    if not isinstance(law.neuron, Perceptron) or (law.neuron.hidden, law.neuron.outputs) != (
        neuron.hidden,
        neuron.outputs,
    ):
        raise ShapeError(
            f"The neuron has {neuron.hidden} hidden and {neuron.outputs} output weights, but the law samples other "
            "positions; make both for the same neuron."
        )
    return law


@dataclass(frozen=True)
class _Sum:
    """The kernel hidden (phi . phi') E sigma' sigma' + output E sigma sigma, times the identity of the outputs."""

    neuron: Perceptron
    law: GaussianLaw
    accuracy: float
    hidden: float
    output: float
    duals: DualPair = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "duals", dual_pair(self.neuron.activation, self.accuracy))

    def evaluate(self, x1: Tensor, x2: Tensor | None) -> Evaluated:
        """The Gram matrix [n1 k, n2 k] with a bound on the error of its entries."""
        first = self._side(x1)
        second = first if x2 is None else self._side(x2)
        block = partial(self._block, first, second)
        rows, columns = len(first.phi.rows), len(second.phi.rows)
        symmetric = x2 is None
        outputs = self.neuron.outputs
        (result,) = streamed(
            rows, columns, block, like=x1, symmetric=symmetric, outputs=outputs, graded=wants_gradient(x1, x2)
        )
        return result

    def _side(self, inputs: Tensor) -> "_Side":
        phi = embedded(self.neuron.embedding, inputs)
        variances = self.law.variance * phi.variances
        derivative = self.duals.derivative.at(variances) if self.hidden else None
        return _Side(phi, self.duals.value.at(variances) if self.output else None, derivative)

    def _block(self, first: "_Side", second: "_Side", part: slice, other: slice) -> tuple[tuple[Tensor], float]:
        overlaps = first.phi.pairs(second.phi, part, other)
        overlap = overlaps.covariance
        pairs = overlaps.scaled(self.law.variance)
        total = torch.zeros_like(overlap)
        largest = 0.0
        if first.derivative is not None and second.derivative is not None:
            rows, columns = first.derivative.part(part), second.derivative.part(other)
            values, error = rows.gram(columns, pairs)
            total += self.hidden * overlap * values
            norms = first.phi.variances[part].detach().sqrt(), second.phi.variances[other].detach().sqrt()
            error = error + overlaps.rounding
            largest += self.hidden * largest_error(error, norms[0] * rows.units, norms[1] * columns.units)
        if first.value is not None and second.value is not None:
            rows, columns = first.value.part(part), second.value.part(other)
            values, error = rows.gram(columns, pairs)
            total += self.output * values
            largest += self.output * largest_error(error, rows.units, columns.units)
        return (total,), largest


@dataclass(frozen=True, eq=False)
class _Side:
    """Embedded inputs and the duals at their variances; a dual that is not needed is None."""

    phi: Vectors
    value: DualRows | None
    derivative: DualRows | None
