"""The law of a quantity over clouds of one large width, which stands for a limit that is random."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from limits.infinite_width.series import freedom
from limits.infinite_width.values import Estimated
from particles import ShapeError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LimitLaw:
    """Rising independent `samples` [samples] of a quantity at one `width`, the widest of an estimate.

    Where masses are asymmetrical or the network starts at random under NTK scaling, the limit is a random number, and
    this is its law up to the bias at that width. Intervals have the level `confidence`.
    Raises ShapeError for samples that are not a list of two or more, ValueError for a confidence outside (0, 1).
    """

    width: int
    samples: Array
    confidence: float

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or len(self.samples) < 2:
            raise ShapeError(f"Samples have shape {self.samples.shape}, but [samples], two or more, is needed.")
        if not 0.0 < self.confidence < 1.0:
            raise ValueError(f"The confidence is {self.confidence!r}, but a number between 0 and 1 is needed.")

    @property
    def mean(self) -> Estimated:
        """The mean, with Student's interval. The estimate's own value, from all levels, has a smaller error."""
        count, centre = len(self.samples), float(self.samples.mean())
        half = float(scipy.stats.t.ppf(0.5 + 0.5 * self.confidence, count - 1) * self._error)
        return Estimated(centre, centre - half, centre + half)

    @property
    def variance(self) -> Estimated:
        """The variance, with the interval of a chi-squared law that has the kurtosis of the samples."""
        return spread(self.samples, self.confidence)

    def quantile(self, level: float) -> Estimated:
        """The quantile at a level in (0, 1), between two samples whose ranks are binomial quantiles.

        The interval is exact for any continuous law (Thompson 1936) and is open, with infinite ends, where there are
        too few samples. Raises ValueError for a level outside (0, 1).
        """
        if not 0.0 < level < 1.0:
            raise ValueError(f"The level of a quantile is {level!r}, but a number between 0 and 1 is needed.")
        count, tail = len(self.samples), 0.5 - 0.5 * self.confidence
        below = int(scipy.stats.binom.ppf(tail, count, level))
        above = int(scipy.stats.binom.ppf(1.0 - tail, count, level)) + 1
        low = float(self.samples[below - 1]) if below >= 1 else -math.inf
        high = float(self.samples[above - 1]) if above <= count else math.inf
        return Estimated(float(np.quantile(self.samples, level)), low, high)

    @property
    def _error(self) -> float:
        return float(self.samples.std(ddof=1)) / math.sqrt(len(self.samples))


def spread(samples: Array, confidence: float) -> Estimated:
    """The variance of samples [samples] with an interval, by a chi-squared law of as many degrees of freedom as fit."""
    value = float(samples.var(ddof=1))
    if value == 0.0:
        return Estimated(0.0, 0.0, 0.0)
    degrees = float(freedom(samples[:, None])[0])
    low, high = scipy.stats.chi2.ppf([0.5 + 0.5 * confidence, 0.5 - 0.5 * confidence], degrees)
    return Estimated(value, value * degrees / float(low), value * degrees / float(high))
