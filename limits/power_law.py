"""Intervals for the power of a count by which the size of samples falls, right for few repetitions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import polygamma

from particles import generator

Array = NDArray[np.float64]
Statistic = Callable[[Array], Array]

#: Degrees of freedom that Student's interval has at least; those that the fit leaves are filled up by repetitions.
FREEDOM = 3
#: Normal samples that tell as much of the variance of a log size as one count more.
SAMPLES = 16
#: Halvings of the bracket of an end of an interval; doublings before it is called infinite.
HALVINGS, DOUBLINGS = 16, 6
#: The least size whose logarithm is taken.
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Fit:
    """log statistic(samples) [counts] against log count, by least squares."""

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
        """The slope is the sum of weights times log sizes."""
        centred = self.logs - self.logs.mean()
        return np.asarray(centred / np.square(centred).sum())

    def slopes(self, samples: Array) -> Array:
        """Slopes of samples [..., counts, repetitions]."""
        return np.asarray(np.log(np.maximum(self.statistic(samples), TINY)) @ self.weights)

    @property
    def value(self) -> float:
        """The slope."""
        return float(self.slopes(self.samples))

    @property
    def degree(self) -> float:
        """q, where the statistic of c x is c^q times that of x: 1/2 for a root mean of squares."""
        found = np.log2(self.statistic(2.0 * self.samples) / self.statistic(self.samples))
        if not float(np.ptp(found)) < 1e-9:
            raise ValueError(
                "The statistic of twice the samples is not a power of two times that of the samples, so sizes have no "
                "slope; take deviation or root_mean."
            )
        return float(found.mean())

    @property
    def is_centred(self) -> bool:
        """Whether the statistic does not see the mean of the samples, as a deviation."""
        reach = np.abs(self.samples).max()
        return bool(np.allclose(self.statistic(self.samples + reach), self.statistic(self.samples), rtol=1e-6))


def interval(fit: Fit, level: float, exchanges: int, seed: int) -> tuple[float, float]:
    """Ends of an interval that holds the power with probability `level`, repetitions few or many.

    Samples are taken to have one law but for its size (and, for a deviation, its place), whatever that law is. Then
    samples over the right power of the count are exchangeable, and the powers that an exchange test does not reject are
    an exact interval (Pitman 1937). Where the mean is not seen, or where there are too few samples to exchange, it is
    Student's.
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
    """Where the exchange test begins to reject on one side, to 1e-4 of the distance from the slope.

    Two repetitions may have so much in common that it never does; then it is Student's end.
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
    """Half of Student's interval from what the fit of log sizes leaves, filled up to three degrees of freedom or more.

    What is filled up is the variance of a log size as its own repetitions have it, which heavy tails hide from few of
    them: it has a degree of freedom for so many samples, less where their kurtosis is large.
    """
    counts = len(fit.samples)
    sizes = np.log(np.maximum(fit.statistic(fit.samples), TINY))
    left = sizes - sizes.mean() - (fit.logs - fit.logs.mean()) * fit.value
    within, known = _within(fit, sizes - left)
    free, filled = counts - 2.0, max(FREEDOM + 2.0 - counts, 0.0) + known
    variance = (float(left @ left) + filled * within) / (free + filled)
    quantile = float(stats.t.ppf(0.5 + level / 2.0, free + filled))
    return quantile * math.sqrt(variance * float(np.square(fit.weights).sum()))


def _within(fit: Fit, fitted: Array) -> tuple[float, float]:
    """The variance of a log size from repetitions, and its degrees of freedom; `fitted` [counts] are those on the line.

    Of a deviation it is (psi'((r - 1) / 2) + kurtosis / r) / 4, exact for normal samples; otherwise that of single log
    sizes, over r.
    """
    r = fit.samples.shape[1]
    if not fit.is_centred:
        single = np.log(np.maximum(fit.statistic(fit.samples[:, :, None]), TINY))
        return float(single.var(axis=1, ddof=1).mean()) / r, 0.0
    centred = (fit.samples - fit.samples.mean(axis=1, keepdims=True)) * np.exp(-fitted / fit.degree)[:, None]
    square = float(np.square(centred).mean())
    if square == 0.0:
        return 0.0, 0.0
    # Of residuals the excess kurtosis is smaller than that of samples by this factor.
    kept = ((1.0 - 1.0 / r) ** 4 + (r - 1.0) / r**4) / (1.0 - 1.0 / r) ** 2
    excess = max(float((centred**4).mean()) / square**2 - 3.0, 0.0) / kept
    variance = 0.25 * fit.degree**2 * (float(polygamma(1, 0.5 * (r - 1.0))) + excess / r)
    return variance, fit.samples.size / (SAMPLES * (1.0 + excess))
