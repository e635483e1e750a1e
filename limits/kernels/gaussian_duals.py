"""Gaussian duals: for a function h of one number, the map from the covariance of (u, v) to E h(u) h(v).

A `Dual` computes what depends on single inputs once, and then gives Gram matrices tile by tile. `dual_pair` chooses
closed forms where they exist, and quadrature to a requested accuracy otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from limits.kernels import closed_forms
from limits.kernels.input_pairs import EPS, Pairs
from limits.kernels.quadrature import ACCURACY, Covariance, Quadrature, Relative
from limits.kernels.smooth_pieces import Function
from particles import GELU, Erf
from particles.shapes import AnyFloat, PerDatum

Formula = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

#: Rounding error that a formula adds to that of its arguments, in units of eps.
FORMULA = 16.0
#: A minor whose relative error may exceed this is shifted by its error, to see how far the kernel moves.
DOUBTFUL = 1e-10


@runtime_checkable
class Differentiable(Protocol):
    """The methods that a kernel needs of an activation sigma. An attribute `kinks` may list where it is not smooth."""

    def value(self, z: AnyFloat) -> AnyFloat:
        """sigma(z)."""
        ...

    def derivative(self, z: AnyFloat) -> AnyFloat:
        """sigma'(z)."""
        ...


@runtime_checkable
class DualRows(Protocol):
    """A dual of a function h at the variances of some inputs, whose Gaussians are u_i."""

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

    @property
    def units(self) -> PerDatum:
        """Units U_i >= sqrt(E h(u_i)^2) [data]; the error of an entry is given relative to the product of two units."""
        ...

    def gram(self, other: Self, pairs: Pairs) -> tuple[Covariance, Relative]:
        """E h(u_i) h(v_l) for the pairs of a tile, and a bound on the error, with rounding, relative to U_i U_l."""
        ...


@runtime_checkable
class Dual(Protocol):
    """The map from the covariance of two centred Gaussians u, v to E h(u) h(v), for one function h."""

    def at(self, variances: PerDatum) -> DualRows:
        """The dual prepared for inputs with these variances [data]: all that depends on single inputs."""
        ...


@dataclass(frozen=True)
class ClosedForm:
    """A dual given by a formula in p = E u^2, q = E v^2, r = E u v and p q - r^2, exact up to rounding."""

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
        return self.formula(self.variances, self.variances, self.variances, torch.zeros_like(self.variances))

    def part(self, rows: slice) -> Self:
        """The same for some of the inputs."""
        return type(self)(self.formula, self.variances[rows])

    @property
    def units(self) -> PerDatum:
        """sqrt(E h(u_i)^2)."""
        return self.squares().detach().sqrt()

    def gram(self, other: Self, pairs: Pairs) -> tuple[Covariance, Relative]:
        """The formula at every pair, and a bound on the error that rounding and the errors of the minors cause."""
        p = self.variances[:, None]
        q = other.variances[None, :]
        values = self.formula(p, q, pairs.covariance, pairs.minor)
        return values, self._error(other, pairs, values.detach())

    @torch.no_grad()
    def _error(self, other: Self, pairs: Pairs, values: Tensor) -> Relative:
        p = self.variances[:, None]
        q = other.variances[None, :]
        rounding = FORMULA * EPS + 2.0 * pairs.rounding
        if pairs.doubt is None:
            return rounding
        share = pairs.doubt / pairs.minor.clamp_min(torch.finfo(torch.float64).tiny)
        error = rounding + 2.0 * share.clamp_max(DOUBTFUL)
        doubtful = share > DOUBTFUL
        if bool(doubtful.any()):
            unit = (self.units[:, None] * other.units[None, :])[doubtful].clamp_min(torch.finfo(torch.float64).tiny)
            p, q, r, minor, doubt = (
                x.expand(values.shape)[doubtful] for x in (p, q, pairs.covariance, pairs.minor, pairs.doubt)
            )
            ends = [self.formula(p, q, r, moved) for moved in (minor + doubt, (minor - doubt).clamp_min(0.0))]
            error[doubtful] += torch.maximum(*((end - values[doubtful]).abs() for end in ends)) / unit
        return error


@dataclass(frozen=True)
class DualPair:
    """The duals of an activation sigma, `value`, and of its derivative sigma', `derivative`; made by `dual_pair`."""

    value: Dual
    derivative: Dual


def dual_pair(activation: Differentiable, accuracy: float = ACCURACY) -> DualPair:
    """The duals E sigma(u) sigma(v) and E sigma'(u) sigma'(v) of an activation.

    They are closed forms for positively homogeneous activations (ReLU, LeakyReLU, Linear, or a user's own with the
    attribute `homogeneous`), Erf and GELU (Cho and Saul 2009; Williams 1997; Tsuchida et al. 2021), and quadrature for
    any other activation. `accuracy` is the error of quadrature relative to sqrt(E h(u)^2 E h(v)^2).
    Raises TypeError for an object without `value` and `derivative`, ValueError for an accuracy outside (0, 1).
    """
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


@torch.no_grad()
def largest_error(relative: Relative, rows: Tensor, columns: Tensor) -> float:
    """The largest absolute error of a tile whose errors are relative to rows_i columns_l."""
    if isinstance(relative, float):
        return relative * float(rows.max() * columns.max())
    return float((relative * rows[:, None] * columns[None, :]).max())


def dual_of_squared_derivative(activation: Differentiable, accuracy: float = ACCURACY) -> Dual:
    """The dual E sigma'(u)^2 sigma'(v)^2, for the second moment of the tangent kernel of one particle."""
    if getattr(activation, "homogeneous", False):
        right, left = _slopes(activation)
        formula = closed_forms.homogeneous_derivative
        return ClosedForm(partial(formula, right=right**2, left=left**2))
    if isinstance(activation, Erf):
        return ClosedForm(closed_forms.erf_derivative_square)
    return quadrature(activation, lambda z: activation.derivative(z).square(), accuracy)


def quadrature(activation: Differentiable, function: Function, accuracy: float = ACCURACY) -> Quadrature:
    """The dual, by quadrature, of a function that is smooth where an activation and its derivative are smooth."""
    kinks = tuple(float(kink) for kink in getattr(activation, "kinks", ()))
    return Quadrature(function, (activation.value, activation.derivative), kinks, accuracy)


def _slopes(activation: Differentiable) -> tuple[float, float]:
    """sigma'(z) for z > 0 and for z < 0 of a positively homogeneous sigma."""
    right, left = activation.value(torch.tensor([1.0, -1.0], dtype=torch.float64)).tolist()
    return right, -left
