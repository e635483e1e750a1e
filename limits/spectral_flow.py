"""The linear flow dr/dt = -K P r in closed form, by one eigendecomposition of P^(1/2) K P^(1/2)."""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

Square = Float[Tensor, "rows rows"]
PerRow = Float[Tensor, " rows"]
Moments = Float[Tensor, " times"]
OverTime = Float[Tensor, "times rows"]


@dataclass(frozen=True, eq=False)
class SpectralFlow:
    """Eigenvalues l >= 0 and eigenvectors v of P^(1/2) K P^(1/2), the rates and modes of dr/dt = -K P r.

    Rates up to `cutoff` are zero: their modes stay as they are, and integrals over them grow like t.
    """

    weights: PerRow
    rates: PerRow
    modes: Square
    cutoff: float

    @classmethod
    def of(cls, gram: Square, weights: PerRow, error: float = 0.0) -> Self:
        """The flow of a Gram matrix K whose entries are known up to `error`, with weights P = diag(weights), sum one.

        Since sum_i p_i = 1, an error of the entries moves no rate by more than itself. Raises ValueError for a matrix
        that has negative eigenvalues beyond that.
        """
        roots = weights.sqrt()
        rates, modes = torch.linalg.eigh(roots[:, None] * gram * roots)
        largest = float(rates.abs().max())
        cutoff = max(len(weights) * torch.finfo(torch.float64).eps * largest, error)
        if float(rates.min()) < -100.0 * cutoff:
            raise ValueError(
                f"The Gram matrix has eigenvalue {float(rates.min()):.3g} (weighted), but a positive semi-definite one "
                "is needed; check the kernel."
            )
        return cls(weights, torch.where(rates <= cutoff, 0.0, rates), modes, cutoff)

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

        A mode of rate zero contributes t, and nothing at t = infinity, where K takes its share to zero.
        """
        return (self.gains(times) * self._components(start)) @ self.modes.T * self.weights.sqrt()

    def propagator(self, time: float) -> Square:
        """A(t) with P int_0^t r ds = A(t) r(0)."""
        vectors = self.weights.sqrt()[:, None] * self.modes
        return (vectors * self.gains(self.rates.new_tensor([time]))) @ vectors.T

    def gains(self, times: Moments) -> OverTime:
        """(1 - exp(-l t)) / l; t where l = 0, and 0 there for t = infinity."""
        moving = self.rates > 0.0
        rates = torch.where(moving, self.rates, 1.0)
        still = torch.where(torch.isinf(times), 0.0, times)[:, None]
        return torch.where(moving, -torch.expm1(-rates * times[:, None]) / rates, still)

    def movement(self, start: PerRow, times: Moments) -> Moments:
        """sqrt(q^T K q), q = P int_0^t r ds: sqrt(sum_v l gain^2 (v^T P^(1/2) r(0))^2)."""
        return (self.rates.sqrt() * self.gains(times) * self._components(start)).square().sum(dim=1).sqrt()

    def _components(self, start: PerRow) -> PerRow:
        return self.modes.T @ (self.weights.sqrt() * start)
