"""One hidden layer of an infinitely wide network on one tile: its Gaussian means, and what it passes to the next."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from limits.kernels.base import placed
from limits.kernels.gaussian_duals import DualPair, DualRows
from limits.kernels.input_pairs import EPS, Pairs
from particles.shapes import PerDatum


@dataclass(frozen=True, eq=False)
class Layer:
    """One hidden layer at some inputs: the variances [data] that enter it, and both duals at these variances.

    `doubts` [data] bound how far the errors of the variances move E sigma^2 and E sigma'^2; None where there are none.
    """

    variances: PerDatum
    value: DualRows
    derivative: DualRows
    doubts: tuple[PerDatum, PerDatum] | None = None

    @classmethod
    def at(cls, duals: DualPair, variances: PerDatum, errors: PerDatum | None = None) -> Self:
        """The layer whose inputs have these variances, known up to these errors."""
        both = duals.value, duals.derivative
        value, derivative = (dual.at(variances) for dual in both)
        if errors is None:
            return cls(variances, value, derivative)
        with torch.no_grad():
            moved = (dual.at(variances + errors).squares() for dual in both)
            first, second = ((far - rows.squares()).abs() for far, rows in zip(moved, (value, derivative), strict=True))
        return cls(variances, value, derivative, (first, second))

    def part(self, rows: slice) -> Self:
        """The layer at some of the inputs."""
        doubts = None if self.doubts is None else (self.doubts[0][rows], self.doubts[1][rows])
        return type(self)(self.variances[rows], self.value.part(rows), self.derivative.part(rows), doubts)


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
        if pairs.equal is not None:
            equal = equal | pairs.equal
        value = placed(value, torch.where(equal, above.value.squares()[:, None], value))
        if above.doubts is not None:
            value_error = value_error + torch.where(equal, above.doubts[0][:, None], 0.0)
            derivative_error = derivative_error + torch.where(equal, above.doubts[1][:, None], 0.0)
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
