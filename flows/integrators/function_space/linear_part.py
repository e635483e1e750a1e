"""The linear part of a gradient flow at one cloud, and its phi functions in function space."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from flows.integrators.function_space.gauss_newton import GaussNewton
from particles.shapes import Velocity

#: Below this phi functions are summed as Taylor series, above it their recursion loses less than four digits.
SERIES = 1.0
TERMS = 20
#: Nodes and weights of Gauss's rule on (0, 1), for divided differences over an interval up to SERIES.
GAUSS = tuple(
    (0.5 * (1.0 + float(x)), 0.5 * float(w)) for x, w in zip(*np.polynomial.legendre.leggauss(8), strict=True)
)


@dataclass(frozen=True, eq=False)
class LinearPart:
    """L = -(delta + M J^T C J) at one cloud and its phi functions, by the eigendecomposition of G.

    delta is the middle of the rates at which the regulariser pulls the particles; what it is off belongs to N.
    """

    stiff: GaussNewton

    @cached_property
    def _modes(self) -> tuple[Tensor, Tensor]:
        values, vectors = torch.linalg.eigh(self.stiff.gram)
        return values.clamp_min(0.0), vectors

    @cached_property
    def _decays(self) -> tuple[float, float]:
        at = self.stiff.at
        if at.risk.strength == 0.0:
            return 0.0, 0.0
        slowest, fastest = -at.cloud.largest(-at.decay), at.cloud.largest(at.decay)
        return float(slowest), float(fastest)

    @property
    def decay(self) -> float:
        """delta."""
        return 0.5 * sum(self._decays)

    @property
    def unequal(self) -> float:
        """How much the rates at which particles are pulled differ."""
        return self._decays[1] - self._decays[0]

    @cached_property
    def velocity_change(self) -> Tensor:
        """B^T J F [n k]."""
        return self.stiff.push(self.stiff.velocity)

    def phi(self, order: int, time: float, vector: Velocity, pushed: Tensor) -> tuple[Velocity, Tensor]:
        """phi_k(t L) v and its change of the function, from v and B^T J v.

        phi_k(t L) v = phi_k(-t delta) v - t M J^T B phi_k[-t (delta + G), -t delta] B^T J v with a divided difference,
        which is phi_{k+1}(-t G) for delta = 0; B^T J phi_k(t L) v = phi_k(-t (delta + G)) B^T J v.
        """
        values, vectors = self._modes
        modes, none = vectors.T @ pushed, torch.zeros_like(values[:1])
        correction = vectors @ (divided(order, -time * values, -time * self.decay) * modes)
        moved = vector * float(phi(order, none - time * self.decay)) - self.stiff.pull(correction).mul_(time)
        return moved, vectors @ (phi(order, -time * (values + self.decay)) * modes)

    def defect(self, positions: Velocity) -> tuple[Velocity, Tensor]:
        """D = F(theta_i) - F(theta) - L (theta_i - theta), and B^T J D."""
        cloud = self.stiff.at.cloud
        way = positions - cloud.positions
        defect = self.stiff.model.velocity(cloud.moved(positions)) - self.stiff.velocity
        defect += self.stiff.pull(self.stiff.push(way))
        defect.add_(way, alpha=self.decay)
        return defect, self.stiff.push(defect)


def divided(order: int, x: Tensor, start: float) -> Tensor:
    """(phi_k(x + start) - phi_k(start)) / x for x <= 0 [numbers], which is phi_{k+1}(x) for start = 0.

    Where x is small, it is the mean of phi_k' = phi_k - k phi_{k+1} between both, by Gauss's rule.
    """
    if start == 0.0:
        return phi(order + 1, x)
    far, near = torch.where(x < -SERIES, x, -SERIES), torch.where(x < -SERIES, 0.0, x)
    across = (phi(order, far + start) - phi(order, torch.full_like(x[:1], start))) / far
    nodes, shares = x.new_tensor(GAUSS).T
    lower, upper = phis(order, start + nodes[:, None] * near)
    return torch.where(x < -SERIES, across, shares @ (lower - order * upper))


def phi(order: int, x: Tensor) -> Tensor:
    """phi_k(x) = sum_j x^j / (j + k)! for x <= 0; phi_0 = exp, phi_{k+1}(x) = (phi_k(x) - 1/k!) / x."""
    return phis(order, x)[0]


def phis(order: int, x: Tensor) -> tuple[Tensor, Tensor]:
    """phi_k and phi_{k+1} for x <= 0.

    The recursion is used upwards from |x| = 1 on, and below downwards from the series of phi_{k+1}, so the limit
    phi_k(0) = 1/k! needs no case of its own.
    """
    one = 1.0 / math.factorial(order)
    divisor = torch.where(x < -SERIES, x, -SERIES)
    lower = torch.exp(x)
    for k in range(order):
        lower = (lower - 1.0 / math.factorial(k)) / divisor
    small = torch.where(x < -SERIES, 0.0, x)
    powers = small[..., None] ** torch.arange(TERMS, device=x.device, dtype=x.dtype)
    series = powers @ x.new_tensor([1.0 / math.factorial(j + order + 1) for j in range(TERMS)])
    return (
        torch.where(x < -SERIES, lower, one + small * series),
        torch.where(x < -SERIES, (lower - one) / divisor, series),
    )
