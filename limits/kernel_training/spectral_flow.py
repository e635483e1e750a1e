"""The linear flow dr/dt = -K P r in closed form, by one eigendecomposition of P^(1/2) K P^(1/2)."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from particles.numerics.graded_svd import GradedSVD
from particles.numerics.gram_rounding import UNITS, check_resolved

Square = Float[Tensor, "rows rows"]
PerRow = Float[Tensor, " rows"]
Moments = Float[Tensor, " times"]
OverTime = Float[Tensor, "times rows"]


@dataclass(frozen=True, eq=False)
class SpectralFlow:
    """Eigenvalues l >= 0 and eigenvectors v of P^(1/2) K P^(1/2), the rates and modes of dr/dt = -K P r.

    Rates up to `cutoff` are set to zero, so their modes do not move. `error` bounds the error of the rates before that.
    `ratio` is the ratio of the units of the inputs, which a Gram matrix squares. `graded` is the decomposition of
    P^(1/2) F where K = F F^T, and None where K is known only as a matrix.
    """

    weights: PerRow
    rates: PerRow
    modes: Square
    cutoff: float
    error: float = 0.0
    ratio: float = 1.0
    graded: GradedSVD | None = None

    @classmethod
    def of(cls, gram: Square, weights: PerRow, error: float = 0.0, ratio: float = 1.0) -> Self:
        """The flow of a Gram matrix K whose entries are known up to `error`, with weights P = diag(weights), sum one.

        Since sum_i p_i = 1, an error of the entries moves every rate by at most that error. Raises ValueError for a
        matrix with eigenvalues that are more negative than rounding and the error explain.
        """
        roots = weights.sqrt()
        rates, modes = torch.linalg.eigh(roots[:, None] * gram * roots)
        largest = float(rates.abs().max())
        eps = torch.finfo(torch.float64).eps
        cutoff = max(len(weights) * eps * largest, error)
        if float(rates.min()) < -100.0 * cutoff:
            raise ValueError(
                f"The Gram matrix has eigenvalue {float(rates.min()):.3g} (weighted), but a positive semi-definite one "
                "is needed; check the kernel."
            )
        known = torch.where(rates <= cutoff, 0.0, rates)
        return cls(weights, known, modes, cutoff, max(UNITS * eps * largest, error), ratio)

    @classmethod
    def of_factor(cls, factor: Tensor, weights: PerRow) -> Self:
        """The flow of K = F F^T, `factor` F [rows, columns]; its rates, squared singular values, keep their digits."""
        graded = GradedSVD.of(weights.sqrt()[:, None] * factor)
        rest = torch.linalg.qr(graded.left, mode="complete").Q[:, len(graded.values) :]
        rates = torch.cat([graded.values.square(), weights.new_zeros(rest.shape[1])])
        return cls(weights, rates, torch.cat([graded.left, rest], dim=1), 0.0, graded=graded)

    def features_moved(self, start: PerRow, times: Moments) -> Tensor | None:
        """F^T q [times, columns] with q = P int_0^t r ds, free of the cancellation in a product with q.

        None where F is not known.
        """
        if self.graded is None:
            return None
        rank = len(self.graded.values)
        moved = self.gains(times)[:, :rank] * self.graded.values * self._components(start)[:rank]
        return moved @ self.graded.right.T

    def check(self, start: PerRow, times: Moments) -> None:
        """Raise Unresolved where the rounding of the Gram matrix hides the movement at one of these times."""
        for time in times.tolist():
            check_resolved(self.rates, self._components(start), time, self.error, self.ratio)

    def residual(self, start: PerRow, gram: Square, times: Moments) -> OverTime:
        """r(t) = P^(-1/2) sum_v exp(-l t) v v^T P^(1/2) r(0) [times, rows].

        Rows whose weight is zero are r(0) - K q(t), q as in `integral`.
        """
        moving, counted = self.rates > 0.0, self.weights > 0.0
        decay = torch.where(moving, torch.exp(-times[:, None] * torch.where(moving, self.rates, 1.0)), 1.0)
        result = (decay * self._components(start)) @ self.modes.T / torch.where(counted, self.weights, 1.0).sqrt()
        if bool(counted.all()):
            return result
        return torch.where(counted, result, start - self.integral(start, times) @ gram)

    def integral(self, start: PerRow, times: Moments) -> OverTime:
        """q(t) = P int_0^t r ds = P^(1/2) sum_v (1 - exp(-l t))/l v v^T P^(1/2) r(0) [times, rows].

        `gains` says how modes of rate zero contribute.
        """
        return (self.gains(times) * self._components(start)) @ self.modes.T * self.weights.sqrt()

    def propagator(self, time: float) -> Square:
        """The matrix A(t) [rows, rows] with P int_0^t r ds = A(t) r(0)."""
        vectors = self.weights.sqrt()[:, None] * self.modes
        return (vectors * self.gains(self.rates.new_tensor([time]))) @ vectors.T

    def gains(self, times: Moments) -> OverTime:
        """(1 - exp(-l t)) / l [times, rows]; where l = 0 it is t as long as t max(l) sqrt(eps) < 1, and 0 later.

        K times a mode of rate zero vanishes, but only up to rounding, and a large t would amplify that rounding.
        """
        moving = self.rates > 0.0
        rates = torch.where(moving, self.rates, 1.0)
        early = times * float(self.rates.max()) * math.sqrt(torch.finfo(torch.float64).eps) < 1.0
        still = torch.where(early & ~torch.isinf(times), times, 0.0)[:, None]
        return torch.where(moving, -torch.expm1(-rates * times[:, None]) / rates, still)

    def movement(self, start: PerRow, times: Moments) -> Moments:
        """sqrt(q^T K q) = sqrt(sum_v l gain^2 (v^T P^(1/2) r(0))^2) [times], q = P int_0^t r ds."""
        return (self.rates.sqrt() * self.gains(times) * self._components(start)).square().sum(dim=1).sqrt()

    def _components(self, start: PerRow) -> PerRow:
        return self.modes.T @ (self.weights.sqrt() * start)
