"""The linear flow dr/dt = -K P r, or its descent in steps, in closed form, by the modes of P^(1/2) K P^(1/2)."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from particles.numerics.graded_svd import GradedSVD
from particles.numerics.gram_rounding import UNITS, check_resolved

Square = Float[Tensor, "rows rows"]
Modes = Float[Tensor, "rows modes"]
PerRow = Float[Tensor, " rows"]
PerMode = Float[Tensor, " modes"]
Moments = Float[Tensor, " times"]
OverTime = Float[Tensor, "times rows"]

#: Above this part of a step the power (1 - step l)^k is computed as such, below it by logarithms.
LONG = 0.5


@dataclass(frozen=True, eq=False)
class SpectralFlow:
    """Eigenvalues l >= 0 and eigenvectors v of P^(1/2) K P^(1/2), the rates and modes of dr/dt = -K P r.

    With a `step` the flow is gradient descent, r <- (I - step K P) r, at times that are whole numbers of steps.
    Rates up to `cutoff` are set to zero, so their modes do not move. `error` bounds the error of the rates before that.
    `ratio` is the ratio of the units of the inputs, which a Gram matrix squares. Where K = F F^T + c I with `factor` F,
    `graded` is the decomposition of P^(1/2) F, there are only as many modes as F has rank, and all that is orthogonal
    to them has the rate `rest`, c p; both are None where K is known only as a matrix.
    """

    weights: PerRow
    rates: PerMode
    modes: Modes
    cutoff: float
    error: float = 0.0
    ratio: float = 1.0
    graded: GradedSVD | None = None
    factor: Tensor | None = None
    rest: float = 0.0
    step: float | None = None

    @classmethod
    def of(
        cls, gram: Square, weights: PerRow, error: float = 0.0, ratio: float = 1.0, step: float | None = None
    ) -> Self:
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
        return cls(weights, known, modes, cutoff, max(UNITS * eps * largest, error), ratio, step=step)

    @classmethod
    def of_factor(cls, factor: Tensor, weights: PerRow, excess: float = 0.0, step: float | None = None) -> Self:
        """The flow of K = F F^T + c I, `factor` F [rows, columns] and c = `excess`; nothing is [rows, rows].

        Rates, squared singular values, keep their digits. Raises ValueError for an excess with data that count
        unequally: weights that are zero aside, they must be equal.
        """
        counted = weights[weights > 0.0]
        if excess > 0.0 and float(counted.max() - counted.min()) > torch.finfo(weights.dtype).eps * len(weights):
            raise ValueError("A kernel with a part of its own for every datum needs equal weights of the data.")
        graded, rest = GradedSVD.of(weights.sqrt()[:, None] * factor), excess * float(counted.max())
        rates = graded.values.square() + rest
        return cls(weights, rates, graded.left, 0.0, graded=graded, factor=factor, rest=rest, step=step)

    def features_moved(self, start: PerRow, times: Moments) -> Tensor | None:
        """F^T q [times, columns] with q = P int_0^t r ds, free of the cancellation in a product with q.

        None where F is not known.
        """
        if self.graded is None:
            return None
        moved = self.gains(times) * self.graded.values * self._components(start)
        return moved @ self.graded.right.T

    def check(self, start: PerRow, times: Moments) -> None:
        """Raise Unresolved where the rounding of the Gram matrix hides the movement at one of these times."""
        for time in times.tolist():
            check_resolved(self.rates, self._components(start), time, self.error, self.ratio)

    def residual(self, start: PerRow, gram: Square | None, times: Moments) -> OverTime:
        """r(t) = P^(-1/2) sum_v exp(-l t) v v^T P^(1/2) r(0) [times, rows].

        Rows whose weight is zero are r(0) - K q(t), q as in `integral`, for which K = `gram` is needed where no factor
        is known.
        """
        counted = self.weights > 0.0
        result = (self.decays(times) * self._components(start)) @ self.modes.T
        if self._is_partial:
            result = result + self._decay(times.new_full((1,), self.rest), times) * self._remainder(start)
        result = result / torch.where(counted, self.weights, 1.0).sqrt()
        if bool(counted.all()):
            return result
        moved = self.features_moved(start, times)
        if moved is not None and self.factor is not None:
            return torch.where(counted, result, start - moved @ self.factor.T)
        if gram is None:
            raise TypeError("Data of weight zero need the Gram matrix, but neither that nor a factor of it was given.")
        return torch.where(counted, result, start - self.integral(start, times) @ gram)

    def integral(self, start: PerRow, times: Moments) -> OverTime:
        """q(t) = P int_0^t r ds = P^(1/2) sum_v (1 - exp(-l t))/l v v^T P^(1/2) r(0) [times, rows].

        `gains` says how modes of rate zero contribute. Of gradient descent it is the sum over steps.
        """
        result = (self.gains(times) * self._components(start)) @ self.modes.T
        if self._is_partial:
            result = result + self._rest_gain(times) * self._remainder(start)
        return result * self.weights.sqrt()

    def propagator(self, time: float) -> Square:
        """The matrix A(t) [rows, rows] with P int_0^t r ds = A(t) r(0)."""
        vectors = self.weights.sqrt()[:, None] * self.modes
        moment = self.rates.new_tensor([time])
        result = (vectors * self.gains(moment)) @ vectors.T
        if self._is_partial:
            result = result + self._rest_gain(moment) * (torch.diag(self.weights) - vectors @ vectors.T)
        return result

    def decays(self, times: Moments) -> Float[Tensor, "times modes"]:
        """exp(-l t) [times, modes], or (1 - step l)^(t / step)."""
        return self._decay(self.rates, times)

    def gains(self, times: Moments) -> Float[Tensor, "times modes"]:
        """(1 - exp(-l t)) / l [times, modes]; where l = 0 it is t as long as t max(l) sqrt(eps) < 1, and 0 later.

        K times a mode of rate zero vanishes, but only up to rounding, and a large t would amplify that rounding.
        """
        return self._gain(self.rates, times)

    def movement(self, start: PerRow, times: Moments) -> Moments:
        """sqrt(q^T K q) = sqrt(sum_v l gain^2 (v^T P^(1/2) r(0))^2) [times], q = P int_0^t r ds."""
        squares = (self.rates.sqrt() * self.gains(times) * self._components(start)).square().sum(dim=1)
        if self.rest > 0.0 and self._is_partial:
            gain = self._rest_gain(times)[:, 0]
            squares = squares + self.rest * gain.square() * self._remainder(start).square().sum()
        return squares.sqrt()

    @property
    def fastest(self) -> float:
        """The largest rate."""
        return max(float(self.rates.max()) if self.rates.numel() else 0.0, self.rest)

    @property
    def _is_partial(self) -> bool:
        return self.modes.shape[1] < self.modes.shape[0]

    def _components(self, start: PerRow) -> PerMode:
        return self.modes.T @ (self.weights.sqrt() * start)

    def _remainder(self, start: PerRow) -> PerRow:
        """P^(1/2) r(0) less its part along the modes."""
        return self.weights.sqrt() * start - self.modes @ self._components(start)

    def _rest_gain(self, times: Moments) -> Float[Tensor, "times one"]:
        return self._gain(times.new_full((1,), self.rest), times)

    def _decay(self, rates: PerMode, times: Moments) -> Float[Tensor, "times modes"]:
        moving = rates > 0.0
        safe = torch.where(moving, rates, 1.0)
        if self.step is None:
            return torch.where(moving, torch.exp(-times[:, None] * safe), 1.0)
        steps = torch.round(times / self.step)[:, None]
        return torch.where(moving, torch.pow(1.0 - self.step * safe, steps), 1.0)

    def _gain(self, rates: PerMode, times: Moments) -> Float[Tensor, "times modes"]:
        moving = rates > 0.0
        safe = torch.where(moving, rates, 1.0)
        early = times * self.fastest * math.sqrt(torch.finfo(torch.float64).eps) < 1.0
        still = torch.where(early & ~torch.isinf(times), times, 0.0)[:, None]
        if self.step is None:
            return torch.where(moving, -torch.expm1(-safe * times[:, None]) / safe, still)
        part, steps = self.step * safe, torch.round(times / self.step)[:, None]
        short = -torch.expm1(steps * torch.log1p(-part.clamp_max(LONG)))
        return torch.where(moving, torch.where(part <= LONG, short, 1.0 - torch.pow(1.0 - part, steps)) / safe, still)
