"""Numerical differentiation formulas of orders 1 to 6 through points at any times (Shampine and Reichelt 1997).

Order 6 is stable for decay at real rates, as of gradient flows, and within 17 degrees of it.
"""

from dataclasses import dataclass
from functools import cached_property

from flows.integrators.function_space.interpolation import slopes, weights

HIGHEST = 6
#: Part of gamma_k d that the formula of order k moves into its error.
KAPPA = (0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0, 0.0)

#: The error is taken to be no smaller than this part of the larger one of its two terms.
CANCELLED = 0.35


@dataclass(frozen=True)
class Formula:
    """The numbers in the formula of order k through points at k + 1 times, newest first, for a step to `reached`."""

    order: int
    times: tuple[float, ...]
    reached: float

    @cached_property
    def values(self) -> list[float]:
        """Weights of the points in P(t)."""
        return weights(self.times, self.reached)

    @cached_property
    def slopes(self) -> list[float]:
        """Weights of the points in P'(t)."""
        return slopes(self.times, self.reached)

    @cached_property
    def leading(self) -> float:
        """sum_{i<k} 1 / (t - t_i), gamma_k / h on an even grid."""
        return sum(1.0 / (self.reached - time) for time in self.times[: self.order])

    @cached_property
    def shift(self) -> float:
        """h'."""
        return 1.0 / ((1.0 - KAPPA[self.order]) * self.leading)

    @cached_property
    def error(self) -> float:
        """The error of a step in units of d, |kappa_k gamma_k + h / (t - t_k)|.

        Without kappa it is 1 / (k + 1) on an even grid.

        After a step was cut short both terms may cancel, which proves nothing beyond their order.
        """
        size = self.reached - self.times[0]
        terms = KAPPA[self.order] * self.leading * size, size / (self.reached - self.times[self.order])
        return max(abs(sum(terms)), CANCELLED * max(map(abs, terms)))
