"""Gaussian duals: for a function h of one number, the map from the covariance of (u, v) to E h(u) h(v).

A `Dual` prepares what belongs to single inputs once and then gives Gram matrices tile by tile. `dual_pair` takes closed
forms where they exist, and quadrature to a requested accuracy otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from limits.kernels import closed_forms
from limits.kernels.panels import Function
from limits.kernels.quadrature import ACCURACY, Covariance, Quadrature
from particles import GELU, Erf
from particles.shapes import AnyFloat, PerDatum

Formula = Callable[[Tensor, Tensor, Tensor], Tensor]


@runtime_checkable
class Differentiable(Protocol):
    """What a kernel needs of an activation. Points where it is not smooth may be listed in an attribute `kinks`."""

    def value(self, z: AnyFloat) -> AnyFloat:
        """sigma(z)."""
        ...

    def derivative(self, z: AnyFloat) -> AnyFloat:
        """sigma'(z)."""
        ...


@runtime_checkable
class DualRows(Protocol):
    """A dual at the variances of some inputs."""

    @property
    def variances(self) -> PerDatum:
        """p_i = E u_i^2."""
        ...

    def squares(self) -> PerDatum:
        """E h(u_i)^2."""
        ...

    def part(self, rows: slice) -> Self:
        """The same for some of the inputs."""
        ...

    def gram(self, other: Self, covariance: Covariance) -> tuple[Covariance, float]:
        """E h(u_i) h(v_l) for covariances E u_i v_l, and a bound on its error; zero for a closed form."""
        ...


@runtime_checkable
class Dual(Protocol):
    """The map from the covariance of two centred Gaussians to E h(u) h(v), for one function h."""

    def at(self, variances: PerDatum) -> DualRows:
        """Everything that belongs to single inputs with these variances."""
        ...


@dataclass(frozen=True)
class ClosedForm:
    """A dual given by a formula in p = E u^2, q = E v^2 and r = E u v, exact up to rounding."""

    formula: Formula

    def at(self, variances: PerDatum) -> "ClosedFormRows":
        """The formula at these variances."""
        return ClosedFormRows(self.formula, variances)


@dataclass(frozen=True, eq=False)
class ClosedFormRows:
    """A closed form at the variances of some inputs."""

    formula: Formula
    variances: PerDatum

    def squares(self) -> PerDatum:
        """E h(u_i)^2, the formula at p = q = r."""
        return self.formula(self.variances, self.variances, self.variances)

    def part(self, rows: slice) -> Self:
        """The same for some of the inputs."""
        return type(self)(self.formula, self.variances[rows])

    def gram(self, other: Self, covariance: Covariance) -> tuple[Covariance, float]:
        """The formula at every pair; error zero, that is, rounding."""
        return self.formula(self.variances[:, None], other.variances[None, :], covariance), 0.0


@dataclass(frozen=True)
class DualPair:
    """The duals of an activation sigma and of its derivative sigma'."""

    value: Dual
    derivative: Dual


def dual_pair(activation: Differentiable, accuracy: float = ACCURACY) -> DualPair:
    """E sigma(u) sigma(v) and E sigma'(u) sigma'(v): closed forms for what is positively homogeneous (ReLU, LeakyReLU,
    Linear, or one's own), Erf and GELU; quadrature for any other activation."""
    if not isinstance(activation, Differentiable):
        raise TypeError(
            f"{type(activation).__name__} is not an activation; give an object with value(z) and derivative(z)."
        )
    if getattr(activation, "homogeneous", False):
        right, left = _slopes(activation)
        return DualPair(
            ClosedForm(partial(closed_forms.homogeneous_value, right=right, left=left)),
            ClosedForm(partial(closed_forms.homogeneous_derivative, right=right, left=left)),
        )
    if isinstance(activation, Erf):
        return DualPair(ClosedForm(closed_forms.erf_value), ClosedForm(closed_forms.erf_derivative))
    if isinstance(activation, GELU):
        return DualPair(ClosedForm(closed_forms.gelu_value), ClosedForm(closed_forms.gelu_derivative))
    return DualPair(
        quadrature(activation, activation.value, accuracy), quadrature(activation, activation.derivative, accuracy)
    )


def dual_of_squared_derivative(activation: Differentiable, accuracy: float = ACCURACY) -> Dual:
    """E sigma'(u)^2 sigma'(v)^2, the second moment of one particle's tangent kernel."""
    if getattr(activation, "homogeneous", False):
        right, left = _slopes(activation)
        formula = closed_forms.homogeneous_derivative
        return ClosedForm(partial(formula, right=right**2, left=left**2))
    if isinstance(activation, Erf):
        return ClosedForm(closed_forms.erf_derivative_square)
    return quadrature(activation, lambda z: activation.derivative(z).square(), accuracy)


def quadrature(activation: Differentiable, function: Function, accuracy: float = ACCURACY) -> Quadrature:
    """The dual of a function that is smooth where an activation and its derivative are."""
    kinks = tuple(float(kink) for kink in getattr(activation, "kinks", ()))
    return Quadrature(function, (activation.value, activation.derivative), kinks, accuracy)


def _slopes(activation: Differentiable) -> tuple[float, float]:
    """sigma'(z) for z > 0 and for z < 0 of a positively homogeneous sigma."""
    right, left = activation.value(torch.tensor([1.0, -1.0], dtype=torch.float64)).tolist()
    return right, -left
