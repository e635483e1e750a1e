"""Quadrature of E h(u) h(v), to a requested accuracy, for any function h that is smooth except at kinks.

Most pairs are computed by Mehler's expansion, whose error is known. Pairs so nearly parallel that the expansion does
not suffice are integrated directly. Every Gram matrix comes with the error achieved: the bound on the terms that the
expansion leaves out, plus the change under a coarser quadrature rule.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernels.base import placed, root, wants_gradient
from limits.kernels.expansion import MOST_TERMS, REACH, Spectrum, mehler, spectrum, terms_needed
from limits.kernels.input_pairs import EPS, Pairs
from limits.kernels.near_parallel import integrals
from limits.kernels.smooth_pieces import Function, Pieces, pieces
from particles.shapes import PerDatum

Covariance = Float[Tensor, "rows columns"]
#: An error relative to the units of a pair: one number for all pairs of a tile, or one for each pair.
Relative = float | Covariance

#: Default of every argument `accuracy`: the error of E h(u) h(v) relative to sqrt(E h(u)^2 E h(v)^2).
ACCURACY = 1e-10
#: Points on a panel of the coarser rule with which coefficients are compared.
COARSE = 16
#: Distance from 0 to the points that give the slope of a function at 0.
SLOPE_STEP = 1e-5
#: Rounding error of a sum of products of coefficients, in units of eps.
SUMMED = 64.0


@dataclass(frozen=True)
class Quadrature:
    """The Gaussian dual of `function`, which must be smooth except at kinks.

    Errors are at most `accuracy` relative to sqrt(E h(u)^2 E h(v)^2); a mean E h^2 below 1e-8 counts as 1e-8. Kinks
    that are not declared in `kinks` are searched for in the function and in its `companions`: a derivative shows kinks
    that are hard to see in the function itself. Raises ValueError for an accuracy outside (0, 1).
    """

    function: Function
    companions: Sequence[Function] = ()
    kinks: tuple[float, ...] = ()
    accuracy: float = ACCURACY

    def __post_init__(self) -> None:
        if not 0.0 < self.accuracy < 1.0:
            raise ValueError(f"The accuracy of a kernel is {self.accuracy!r}, but a number between 0 and 1 is needed.")

    def at(self, variances: PerDatum) -> "QuadratureRows":
        """The dual prepared for inputs with these variances [data]: all that depends on single inputs.

        Raises ValueError for a function that is not finite or not piecewise smooth.
        """
        known = variances.detach()
        share = self._share(variances)
        reach = REACH * math.sqrt(max(float(known.max()), 1.0))
        smooth = pieces((self.function, *self.companions), reach, self.kinks)
        distinct, places = torch.unique(known, return_inverse=True)
        error = self._coefficient_error(smooth, distinct)
        if wants_gradient(variances):
            return QuadratureRows(self, smooth, spectrum(self.function, smooth, variances, share), error)
        whole = spectrum(self.function, smooth, distinct, share)
        rows = Spectrum(variances, whole.squares[places], whole.coefficients[:, places], whole.tails[:, places])
        return QuadratureRows(self, smooth, rows, error)

    def _share(self, *tensors: Tensor) -> float:
        """The part of the accuracy that the omitted terms may use up.

        In derivatives a term k is k times larger, so the part is smaller where a gradient will be asked for.
        """
        return 0.25 * self.accuracy / (MOST_TERMS if wants_gradient(*tensors) else 1)

    def _coefficient_error(self, smooth: Pieces, variances: PerDatum) -> float:
        """Largest norm of the change of the coefficients under a coarser rule, relative to `Spectrum.units`.

        It is measured at the least, the middle and the largest variance.
        """
        count = len(variances)
        some = variances[torch.tensor(sorted({0, count // 2, count - 1}), device=variances.device)]
        fine = spectrum(self.function, smooth, some, 0.25 * self.accuracy)
        coarse = spectrum(self.function, smooth, some, 0.25 * self.accuracy, nodes=COARSE)
        terms = min(coarse.last, fine.last) + 1
        change = (coarse.coefficients[:terms] - fine.coefficients[:terms]).square().sum(dim=0).sqrt()
        return float((change / fine.units).max())


@dataclass(frozen=True, eq=False)
class QuadratureRows:
    """The expansion of a function at the variances of some inputs, from which Gram matrices are computed."""

    dual: Quadrature
    smooth: Pieces
    spectrum: Spectrum
    error: float

    @property
    def variances(self) -> PerDatum:
        """The variances p_i."""
        return self.spectrum.variances

    def squares(self) -> PerDatum:
        """E h(sqrt(p_i) x)^2."""
        return self.spectrum.squares

    def part(self, rows: slice) -> Self:
        """The same for some of the inputs."""
        return type(self)(self.dual, self.smooth, self.spectrum.part(rows), self.error)

    @property
    def units(self) -> PerDatum:
        """sqrt(E h(u_i)^2), at least 1e-4."""
        return self.spectrum.units

    def gram(self, other: Self, pairs: Pairs) -> tuple[Covariance, Relative]:
        """E h(u_i) h(v_l) for the covariances of u_i and v_l, and a bound on the error relative to their units.

        Raises ValueError where the requested accuracy is not reached.
        """
        rho, sine = _correlation(self.variances[:, None], other.variances[None, :], pairs)
        values, error = self._expanded(other, rho, sine)
        if wants_gradient(pairs.covariance):
            values = values + self._beside_zero(other, pairs.covariance)
        error += self.error + other.error
        if error > self.dual.accuracy:
            raise ValueError(
                f"The kernel was asked to an accuracy of {self.dual.accuracy:.3g} relative to its diagonal, but "
                f"quadrature reaches {error:.3g}; ask for a larger accuracy, or declare the kinks of the activation."
            )
        error += SUMMED * EPS + 2.0 * pairs.rounding
        if pairs.doubt is None:
            return values, error
        product = self.variances.detach()[:, None] * other.variances.detach()[None, :]
        moved = float(torch.where(product > 0.0, pairs.doubt / product, 0.0).max())
        mine, its = (side.spectrum.modulus(moved) / side.units for side in (self, other))
        return values, error + mine[:, None] * its[None, :]

    def _expanded(self, other: Self, rho: Covariance, sine: Covariance) -> tuple[Covariance, float]:
        """The values [rows, columns], and the largest error of one relative to the units of its pair."""
        first = self.spectrum
        second = other.spectrum
        budget = self.dual._share(rho)
        sizes = rho.detach().abs()
        last, left_out = terms_needed(first, second, float(sizes.max()), budget)
        if left_out <= budget:
            return mehler(first, second, rho, last), left_out
        tails = first.relative_tails[last][:, None]
        others = second.relative_tails[last][None, :]
        direct = tails * others * sizes ** (last + 1) > budget
        inside = torch.where(direct, 0.0, rho)
        last, _ = terms_needed(first, second, float(inside.detach().abs().max()), budget)
        values = mehler(first, second, inside, last)
        rows, columns = direct.nonzero(as_tuple=True)
        entries = (self.variances[rows], other.variances[columns], rho[rows, columns], sine[rows, columns])
        unit = first.units[rows] * second.units[columns]
        values[rows, columns], error = integrals(self.dual.function, self.smooth, *entries, unit)
        return values, max(budget, error)

    def _beside_zero(self, other: Self, r: Covariance) -> Covariance:
        """r h'(0) E h'(v) where u vanishes: the number is zero, but it carries the gradient in r that rho = 0 hides."""
        zero = (self.variances[:, None] == 0.0) | (other.variances[None, :] == 0.0)
        if not bool(zero.any()):
            return torch.zeros_like(r)
        return torch.where(zero, r * self._slopes()[:, None] * other._slopes()[None, :], 0.0)

    @torch.no_grad()
    def _slopes(self) -> PerDatum:
        """E h'(u_i) = c_1 / sqrt(p_i) [data]; where p_i = 0 it is the mean of the slopes of h on both sides of 0."""
        step = torch.tensor([SLOPE_STEP, -SLOPE_STEP], dtype=torch.float64).to(self.variances)
        up, down = self.dual.function(step)
        terms = self.spectrum.coefficients
        first = terms[1] if len(terms) > 1 else torch.zeros_like(terms[0])
        positive = self.variances > 0.0
        return torch.where(
            positive, first / torch.where(positive, self.variances, 1.0).sqrt(), (up - down) / step.diff().abs()
        )


def _correlation(p: Tensor, q: Tensor, pairs: Pairs) -> tuple[Covariance, Covariance]:
    """rho = r / sqrt(p q), or 0 where a variance is 0, and sqrt(1 - rho^2), computed from the minor."""
    scale = root(p) * root(q)
    positive = scale > 0.0
    safe = torch.where(positive, scale.clamp_min(torch.finfo(torch.float64).tiny), 1.0)
    rho = torch.where(positive, pairs.covariance / safe, 0.0)
    exact = rho.clamp(-1.0, 1.0)
    return placed(rho, torch.where(pairs.minor == 0.0, exact.round(), exact)), root(pairs.minor) / safe
