"""Confidence intervals for the exponent of a power law, size of samples ~ count^exponent, also for few repetitions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from particles import generator

Array = NDArray[np.float64]
Statistic = Callable[[Array], Array]

#: Least number of degrees of freedom of Student's interval. Where the fit leaves fewer, repetitions supply the rest.
FREEDOM = 3
#: So many normal samples add one degree of freedom to the variance of a log size.
SAMPLES = 16
#: Number of halvings of the bracket around an end of an interval, and of doublings before the search is given up.
HALVINGS, DOUBLINGS = 16, 6
#: Sizes below this number are raised to it before their logarithm is taken.
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Fit:
    """The least-squares line of log statistic(samples) [counts] against `logs`, the logarithms of the counts [counts].

    `samples` are [counts, repetitions]. Raises ValueError where a size, statistic(samples), is not positive and finite.
    """

    logs: Array
    samples: Array
    statistic: Statistic

    def __post_init__(self) -> None:
        sizes = self.statistic(self.samples)
        if not bool((np.isfinite(sizes) & (sizes > 0.0)).all()):
            raise ValueError(
                f"The sizes of samples are {np.array2string(sizes, precision=3)}, but positive numbers are needed for "
                "the logarithm; leave such counts out."
            )

    @property
    def weights(self) -> Array:
        """Weights [counts] such that the slope is the sum of weights times log sizes."""
        centred = self.logs - self.logs.mean()
        return np.asarray(centred / np.square(centred).sum())

    def slopes(self, samples: Array) -> Array:
        """The slopes [...] of samples [..., counts, repetitions]."""
        return np.asarray(np.log(np.maximum(self.statistic(samples), TINY)) @ self.weights)

    @property
    def value(self) -> float:
        """The slope of these samples."""
        return float(self.slopes(self.samples))

    @property
    def degree(self) -> float:
        """The degree q of the statistic, statistic(c x) = c^q statistic(x): 1/2 for a root mean.

        Raises ValueError where the statistic has no such degree.
        """
        found = np.log2(self.statistic(2.0 * self.samples) / self.statistic(self.samples))
        if not float(np.ptp(found)) < 1e-9:
            raise ValueError(
                "The statistic of twice the samples is not a power of two times that of the samples, so sizes have no "
                "slope; take deviation or root_mean."
            )
        return float(found.mean())

    @property
    def is_centred(self) -> bool:
        """Whether the statistic stays the same when a constant is added to the samples, as a deviation does."""
        reach = np.abs(self.samples).max()
        return bool(np.allclose(self.statistic(self.samples + reach), self.statistic(self.samples), rtol=1e-6))


def interval(fit: Fit, level: float, exchanges: int, seed: int) -> tuple[float, float]:
    """The lower and upper end of an interval that holds the exponent with probability `level`.

    The assumption is that samples of all counts have one law up to its size and, for a deviation, its mean; the law
    itself may be any. Then samples divided by the right power of their count are exchangeable, and the exponents that a
    test by `exchanges` random exchanges does not reject form an exact interval (Pitman 1937). A statistic that does not
    see the mean, or too few samples for such a test, gets Student's interval instead.
    """
    counts, repetitions = fit.samples.shape
    arrangements = math.factorial(counts * repetitions) // math.factorial(repetitions) ** counts
    if fit.is_centred or arrangements * (1.0 - level) < 2.0:
        half = _student(fit, level)
        return fit.value - half, fit.value + half
    order = np.tile(np.arange(counts * repetitions), (exchanges, 1))
    order = generator(seed, "exchanges").permuted(order, axis=1).reshape(exchanges, counts, repetitions)
    low, high = (_end(fit, order, side, level) for side in (-1.0, 1.0))
    return low, high


def _end(fit: Fit, order: NDArray[np.intp], side: float, level: float) -> float:
    """The exponent at which the exchange test begins to reject, below (side -1) or above (side 1) the slope.

    Its distance from the slope is known to a part of 1e-4. If the test never rejects, as may happen for two
    repetitions, the end of Student's interval is returned.
    """
    powers, value, tail = (fit.logs - fit.logs.mean()) / fit.degree, fit.value, 0.5 - level / 2.0

    def rejected(distance: float) -> bool:
        scaled = fit.samples * np.exp(-(value + side * distance) * powers)[:, None]
        beyond = int((-side * fit.slopes(scaled.reshape(-1)[order]) >= distance).sum())
        return (1 + beyond) / (1 + len(order)) <= tail

    scaled = fit.samples * np.exp(-value * powers)[:, None]
    outer = 2.0 * float(fit.slopes(scaled.reshape(-1)[order]).std())
    if outer <= 1e-12:
        return value
    for _ in range(DOUBLINGS):
        if rejected(outer):
            break
        outer *= 2.0
    else:
        return value + side * _student(fit, level)
    inner = 0.0
    for _ in range(HALVINGS):
        middle = 0.5 * (inner + outer)
        inner, outer = (inner, middle) if rejected(middle) else (middle, outer)
    return value + side * outer


def _student(fit: Fit, level: float) -> float:
    """Half the length of Student's interval for the slope.

    The variance of a log size is estimated from the residuals of the line and, to reach three or more degrees of
    freedom, from the repetitions of each count. Few repetitions hide heavy tails, so the latter estimate has one degree
    of freedom for `SAMPLES` samples, and fewer where their kurtosis is large.
    """
    counts = len(fit.samples)
    sizes = np.log(np.maximum(fit.statistic(fit.samples), TINY))
    left = sizes - sizes.mean() - (fit.logs - fit.logs.mean()) * fit.value
    within, known = _within(fit, sizes - left)
    free, filled = counts - 2.0, max(FREEDOM + 2.0 - counts, 0.0) + known
    variance = (float(left @ left) + filled * within) / (free + filled)
    quantile = float(scipy.stats.t.ppf(0.5 + level / 2.0, free + filled))
    return quantile * math.sqrt(variance * float(np.square(fit.weights).sum()))


def _within(fit: Fit, fitted: Array) -> tuple[float, float]:
    """The variance of a log size as r repetitions show it, and its degrees of freedom.

    `fitted` [counts] are the log sizes on the line. For a deviation the variance is (psi'((r - 1) / 2) + kurtosis / r)
    / 4 with psi' the trigamma function, exact for normal samples. For another statistic it is the variance of the log
    size of single samples, divided by r.
    """
    r = fit.samples.shape[1]
    if not fit.is_centred:
        single = np.log(np.maximum(fit.statistic(fit.samples[:, :, None]), TINY))
        return float(single.var(axis=1, ddof=1).mean()) / r, 0.0
    centred = (fit.samples - fit.samples.mean(axis=1, keepdims=True)) * np.exp(-fitted / fit.degree)[:, None]
    square = float(np.square(centred).mean())
    if square == 0.0:
        return 0.0, 0.0
    # The excess kurtosis of residuals is that of samples times this factor.
    kept = ((1.0 - 1.0 / r) ** 4 + (r - 1.0) / r**4) / (1.0 - 1.0 / r) ** 2
    excess = max(float((centred**4).mean()) / square**2 - 3.0, 0.0) / kept
    variance = 0.25 * fit.degree**2 * (float(scipy.special.polygamma(1, 0.5 * (r - 1.0))) + excess / r)
    return variance, fit.samples.size / (SAMPLES * (1.0 + excess))
