"""The series of levels: its sum, the extrapolation of its rest, and the rate at which its terms decay.

Let A_l = E F(m_l) and Y_l = A_l - A_(l-1). Where A_l = F + c m_l^(-r) + o(m_l^(-r)), the rest of the series after level
L is Y_L / (2^r - 1) to leading order.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A rate below this is no decay: the rest of the series would be more than fourteen times its last term.
NO_DECAY = 0.1
LARGEST = 1.0 / (2.0**NO_DECAY - 1.0)
#: Differences of two sums below this part of the tolerance count as decayed.
NEGLIGIBLE = 0.01
#: Probability that the rate of any quantity is excluded by chance.
DOUBT = 1e-3


@dataclass(frozen=True)
class Rate:
    """An exponent r of decay, terms ~ m^(-r), `value`, with a confidence interval from `low` to `high`.

    Where terms are within their noise the interval is unbounded on one side or both.
    """

    value: float
    low: float
    high: float

    def holds(self, rate: float) -> bool:
        """Whether a rate is inside the interval."""
        return self.low <= rate <= self.high


@dataclass(frozen=True, eq=False)
class Series:
    """Means and variances [levels, quantities] of the samples of each level, and their numbers [levels].

    `freedoms` [levels, quantities] are the degrees of freedom of the variances. `rate` is the r of the expansion.
    """

    means: Array
    variances: Array
    counts: NDArray[np.int64]
    freedoms: Array
    rate: float

    @property
    def weights(self) -> Array:
        """Weights [levels] with which the means are summed: one, and 1 + 1 / (2^r - 1) for the last."""
        weights = np.ones(len(self.means))
        weights[-1] += 1.0 / (2.0**self.rate - 1.0)
        return weights

    @property
    def value(self) -> Array:
        """The extrapolated sum [quantities] (Richardson 1911; with levels, Giles 2008 and Lemaire and Pages 2017)."""
        return np.asarray(self.weights @ self.means)

    @property
    def squared_errors(self) -> Array:
        """The parts of the levels [levels, quantities] in the squared standard error of the sum."""
        return np.asarray(self.weights[:, None] ** 2 * self.variances / self.counts[:, None])

    @property
    def standard_error(self) -> Array:
        """Standard error [quantities] of the extrapolated sum, from all samples of all levels."""
        return np.asarray(np.sqrt(self.squared_errors.sum(axis=0)))

    @property
    def freedom(self) -> Array:
        """Degrees of freedom [quantities] of the squared standard error (Welch 1947, Satterthwaite 1946)."""
        return combined(self.squared_errors, self.freedoms)

    def half(self, confidence: float, tolerance: Array) -> Array:
        """Half of the length of the interval [quantities]: Student's, with standard error and bias in quadrature."""
        quantile = scipy.stats.t.ppf(0.5 + 0.5 * confidence, self.freedom)
        return np.asarray(quantile * np.hypot(self.standard_error, self.bias(tolerance)))

    def rates(self, confidence: float) -> list[Rate]:
        """The rate at which the last term decays from the one before, of each quantity."""
        errors = np.sqrt(self.variances / self.counts[:, None])
        quantile = scipy.stats.t.ppf(0.5 + 0.5 * confidence, np.minimum(*self.freedoms[-2:]))
        terms = zip(*self.means[-2:], *errors[-2:], quantile, strict=True)
        return [decay(*map(float, term)) for term in terms]

    def bias(self, tolerance: Array) -> Array:
        """An estimate of the size of the bias that is left after extrapolation [quantities].

        With r, the sums extrapolated at the last two levels differ by q = (2^r Y_L - Y_(L-1)) / (2^r - 1). The next
        term of the expansion, m^(-r-1), leaves |q| / (2^(r+1) - 1). Where the measured rate surely excludes r, the
        lower end r_0 of its interval takes the place of r + 1 if it is smaller. If that is no decay, the bias is
        infinite, unless |q| is below one hundredth of the tolerance [quantities], where rounding may be all there is.
        The variance of q is subtracted from its square, down to zero, so that noise does not count twice.
        """
        gain = 2.0**self.rate
        squares = self.variances / self.counts[:, None]
        noise = (gain**2 * squares[-1] + squares[-2]) / (gain - 1.0) ** 2
        difference = np.square((gain * self.means[-1] - self.means[-2]) / (gain - 1.0))
        difference = np.sqrt(np.maximum(difference - noise, 0.0))
        factors = np.array([self._left(rate) for rate in self.rates(1.0 - DOUBT / len(difference))])
        finite = np.minimum(factors, LARGEST) * difference
        return np.where((factors > LARGEST) & (difference > NEGLIGIBLE * tolerance), math.inf, finite)

    def _left(self, rate: Rate) -> float:
        """The bias that is left in units of the difference q."""
        ahead = self.rate + 1.0 if rate.holds(self.rate) else min(rate.low, self.rate + 1.0)
        return 1.0 / (2.0**ahead - 1.0) if ahead > NO_DECAY else math.inf


def combined(parts: Array, freedoms: Array) -> Array:
    """Degrees of freedom [quantities] of a sum of estimated variances [levels, quantities]; infinite for a sum of zero.

    They are those of the chi-squared law with the same mean and variance (Welch 1947, Satterthwaite 1946).
    """
    total = parts.sum(axis=0)
    spread = (parts**2 / freedoms).sum(axis=0)
    return np.where(spread > 0.0, total**2 / np.where(spread > 0.0, spread, 1.0), math.inf)


def freedom(samples: Array) -> Array:
    """Degrees of freedom [quantities] of the variance of samples [samples, quantities], by their kurtosis.

    The variance of s^2 is sigma^4 (kurtosis - (N - 3) / (N - 1)) / N, and 2 sigma^4 / nu for nu degrees of freedom.
    Tails that are lighter than those of the normal law are not counted in favour.
    """
    count = len(samples)
    centred = samples - samples.mean(axis=0)
    squares = (centred**2).mean(axis=0)
    fourth = np.where(squares > 0.0, (centred**4).mean(axis=0) / np.where(squares > 0.0, squares, 1.0) ** 2, 3.0)
    return np.asarray(2.0 * count / (np.maximum(fourth, 3.0) - (count - 3.0) / (count - 1.0)))


def decay(before: float, after: float, error_before: float, error_after: float, quantile: float) -> Rate:
    """The rate r = log2 |before / after| of two independent means with standard errors, and its interval.

    The interval is that of Fieller (1954) for a ratio: all rho with |before - rho after| <= quantile times the standard
    error of before - rho after.
    """
    value = _log2(abs(before), abs(after))
    noise = quantile * error_before, quantile * error_after
    leading, last = after**2 - noise[1] ** 2, before**2 - noise[0] ** 2
    if leading <= 0.0 and last <= 0.0:
        return Rate(value, -math.inf, math.inf)
    product = abs(before * after)
    root = math.sqrt(max(product**2 - leading * last, 0.0))
    low = _log2(last, product + root) if last > 0.0 else -math.inf
    high = _log2(product + root, leading) if leading > 0.0 else math.inf
    return Rate(value, low, high)


def _log2(numerator: float, denominator: float) -> float:
    """log2 of a ratio of non-negative numbers; NaN for 0 / 0."""
    if numerator > 0.0 and denominator > 0.0:
        return math.log2(numerator) - math.log2(denominator)
    return math.nan if numerator == denominator else math.copysign(math.inf, numerator - denominator)
