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

    Rates up to `cutoff` are zero: their modes stay as they are. `error` bounds that of the rates before the cutoff, and
    `ratio` is that of the units of the inputs, which a Gram matrix squares. `graded` is P^(1/2) F where K is F F^T.
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

        Since sum_i p_i = 1, an error of the entries moves no rate by more than itself. Raises ValueError for a matrix
        that has negative eigenvalues beyond that.
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
        """The flow of K = F F^T [rows, columns], whose rates are the squares of singular values and so keep digits."""
        graded = GradedSVD.of(weights.sqrt()[:, None] * factor)
        rest = torch.linalg.qr(graded.left, mode="complete").Q[:, len(graded.values) :]
        rates = torch.cat([graded.values.square(), weights.new_zeros(rest.shape[1])])
        return cls(weights, rates, torch.cat([graded.left, rest], dim=1), 0.0, graded=graded)

    def features_moved(self, start: PerRow, times: Moments) -> Tensor | None:
        """F^T q [times, columns], q = P int_0^t r ds, without the cancellation of a product with q; None without F."""
        if self.graded is None:
            return None
        rank = len(self.graded.values)
        moved = self.gains(times)[:, :rank] * self.graded.values * self._components(start)[:rank]
        return moved @ self.graded.right.T

    def check(self, start: PerRow, times: Moments) -> None:
        """Raise Unresolved where one of these times is beyond what the rounding of the Gram matrix leaves known."""
        for time in times.tolist():
            check_resolved(self.rates, self._components(start), time, self.error, self.ratio)

    def residual(self, start: PerRow, gram: Square, times: Moments) -> OverTime:
        """r(t) = P^(-1/2) sum_v exp(-l t) v v^T P^(1/2) r(0); where a weight is zero, r(0) minus K times `integral`."""
        moving, counted = self.rates > 0.0, self.weights > 0.0
        decay = torch.where(moving, torch.exp(-times[:, None] * torch.where(moving, self.rates, 1.0)), 1.0)
        result = (decay * self._components(start)) @ self.modes.T / torch.where(counted, self.weights, 1.0).sqrt()
        if bool(counted.all()):
            return result
        return torch.where(counted, result, start - self.integral(start, times) @ gram)

    def integral(self, start: PerRow, times: Moments) -> OverTime:
        """P int_0^t r ds = P^(1/2) sum_v (1 - exp(-l t))/l v v^T P^(1/2) r(0).

        A mode of rate zero contributes t at early times, and nothing later, as K takes its share to zero.
        """
        return (self.gains(times) * self._components(start)) @ self.modes.T * self.weights.sqrt()

    def propagator(self, time: float) -> Square:
        """A(t) with P int_0^t r ds = A(t) r(0)."""
        vectors = self.weights.sqrt()[:, None] * self.modes
        return (vectors * self.gains(self.rates.new_tensor([time]))) @ vectors.T

    def gains(self, times: Moments) -> OverTime:
        """(1 - exp(-l t)) / l; where l = 0, t while t max(l) sqrt(eps) < 1, and then 0.

        K takes the part of a mode of rate zero to zero, but only up to rounding, which t would blow up.
        """
        moving = self.rates > 0.0
        rates = torch.where(moving, self.rates, 1.0)
        early = times * float(self.rates.max()) * math.sqrt(torch.finfo(torch.float64).eps) < 1.0
        still = torch.where(early & ~torch.isinf(times), times, 0.0)[:, None]
        return torch.where(moving, -torch.expm1(-rates * times[:, None]) / rates, still)

    def movement(self, start: PerRow, times: Moments) -> Moments:
        """sqrt(q^T K q), q = P int_0^t r ds: sqrt(sum_v l gain^2 (v^T P^(1/2) r(0))^2)."""
        return (self.rates.sqrt() * self.gains(times) * self._components(start)).square().sum(dim=1).sqrt()

    def _components(self, start: PerRow) -> PerRow:
        return self.modes.T @ (self.weights.sqrt() * start)
