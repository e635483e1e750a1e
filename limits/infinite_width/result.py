"""What an estimate of the limit says: values with intervals, the verdict, the levels, and what follows from them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limits.infinite_width.finite_width import FiniteWidth, index_of
from limits.infinite_width.law import LimitLaw
from limits.infinite_width.values import Level, LimitValue

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InfiniteWidth:
    """The limit of infinitely many particles, from `infinite_width`.

    `verdict` is "converged" or "not converged", and `reason` says why in a sentence. `values` are the quantities in the
    order given; result["name"] is one of them. `cost` is the total of the levels (by default the number of particles
    trained), `seconds` the time that this call took. `fine` holds, per level, what fine clouds gave, [samples, clouds,
    quantities].
    """

    values: tuple[LimitValue, ...]
    verdict: str
    reason: str
    levels: tuple[Level, ...]
    cost: float
    seconds: float
    confidence: float
    fine: tuple[Array, ...]

    @property
    def converged(self) -> bool:
        """Whether the verdict is "converged"."""
        return self.verdict == "converged"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the quantities."""
        return tuple(value.name for value in self.values)

    def __getitem__(self, name: str) -> LimitValue:
        """One quantity by name; raises ValueError for an unknown name, which lists the known ones."""
        return self.values[index_of(self.values, name)]

    @cached_property
    def finite_width(self) -> FiniteWidth:
        """The law at width m: fluctuations and the first correction, with intervals."""
        return FiniteWidth(self.values, self.levels, self.fine, self.confidence)

    def law(self, name: str) -> LimitLaw:
        """The law of one quantity over clouds of the widest level, for limits that are random.

        Raises ValueError for an unknown name.
        """
        samples = self.fine[-1][:, 0, index_of(self.values, name)]
        return LimitLaw(self.levels[-1].width, np.sort(samples), self.confidence)
