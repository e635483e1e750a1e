"""Quadrature of E h(u) h(v) for any function that is smooth but for kinks, to a requested accuracy.

Most pairs are served by Mehler's expansion, whose error is known; pairs so nearly parallel that it does not suffice are
integrated directly. The achieved error is handed back with every Gram matrix: the bound on what the expansion leaves
out, plus what a coarser rule changes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernels.closed_forms import correlation
from limits.kernels.direct import integrals
from limits.kernels.expansion import REACH, Spectrum, mehler, spectrum, terms_needed
from limits.kernels.panels import Function, Pieces, pieces
from particles.shapes import PerDatum

Covariance = Float[Tensor, "rows columns"]

#: The default of every `accuracy`: absolute error of a Gram matrix whose entries are of order one.
ACCURACY = 1e-10
#: Points per panel of the coarser rule that coefficients are compared with.
COARSE = 16


@dataclass(frozen=True)
class Quadrature:
    """The Gaussian dual of `function`, which is smooth where all of `companions` are and but for kinks.

    Errors are at most `accuracy`, relative to the largest of 1, E h(u)^2 and E h(v)^2. Kinks that are not given are
    searched for; companions help with that, as the derivative shows a kink that the function itself hides.
    """

    function: Function
    companions: Sequence[Function] = ()
    kinks: tuple[float, ...] = ()
    accuracy: float = ACCURACY

    def __post_init__(self) -> None:
        if not 0.0 < self.accuracy < 1.0:
            raise ValueError(f"The accuracy of a kernel is {self.accuracy!r}, but a number between 0 and 1 is needed.")

    def at(self, variances: PerDatum) -> "QuadratureRows":
        """Everything that belongs to single inputs with these variances."""
        reach = REACH * math.sqrt(max(float(variances.max()), 1.0))
        smooth = pieces((self.function, *self.companions), reach, self.kinks)
        distinct, places = torch.unique(variances, return_inverse=True)
        whole = spectrum(self.function, smooth, distinct, 0.25 * self.accuracy)
        error = self._coefficient_error(smooth, distinct)
        rows = Spectrum(variances, whole.squares[places], whole.coefficients[:, places], whole.tails[:, places])
        return QuadratureRows(self, smooth, rows, error)

    def _coefficient_error(self, smooth: Pieces, variances: PerDatum) -> float:
        """Norm of the change of the coefficients under a coarser rule, at the least, middle and largest variance."""
        count = len(variances)
        some = variances[torch.tensor(sorted({0, count // 2, count - 1}), device=variances.device)]
        fine = spectrum(self.function, smooth, some, 0.25 * self.accuracy)
        coarse = spectrum(self.function, smooth, some, 0.25 * self.accuracy, nodes=COARSE)
        terms = min(coarse.last, fine.last) + 1
        return float((coarse.coefficients[:terms] - fine.coefficients[:terms]).square().sum(dim=0).max().sqrt())


@dataclass(frozen=True, eq=False)
class QuadratureRows:
    """A function's expansion at the variances of some inputs, ready for Gram matrices."""

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

    def gram(self, other: Self, covariance: Covariance) -> tuple[Covariance, float]:
        """E h(u_i) h(v_l) for the covariances of u_i and v_l, and a bound on its error.

        Raises ValueError where the requested accuracy is not reached.
        """
        norms = float(self.squares().max().sqrt()), float(other.squares().max().sqrt())
        scale = max(1.0, *(norm * norm for norm in norms))
        budget = 0.25 * self.dual.accuracy * scale
        rho = correlation(self.variances[:, None], other.variances[None, :], covariance)
        values, error = self._expanded(other, rho, budget)
        error += self.error * norms[1] + other.error * norms[0]
        if error > self.dual.accuracy * scale:
            raise ValueError(
                f"The kernel was asked to an accuracy of {self.dual.accuracy:.3g} relative to {scale:.3g}, but "
                f"quadrature reaches {error:.3g}; ask for a larger accuracy, or declare the kinks of the activation."
            )
        return values, error

    def _expanded(self, other: Self, rho: Covariance, budget: float) -> tuple[Covariance, float]:
        first, second = self.spectrum, other.spectrum
        last, left_out = terms_needed(first, second, float(rho.abs().max()), budget)
        if left_out <= budget:
            return mehler(first, second, rho, last), left_out
        direct = first.tails[last][:, None] * second.tails[last][None, :] * rho.abs() ** (last + 1) > budget
        inside = torch.where(direct, 0.0, rho)
        last, _ = terms_needed(first, second, float(inside.abs().max()), budget)
        values = mehler(first, second, inside, last)
        rows, columns = direct.nonzero(as_tuple=True)
        values[rows, columns], error = integrals(
            self.dual.function, self.smooth, self.variances[rows], other.variances[columns], rho[rows, columns]
        )
        return values, max(budget, error)
