"""The law at width m, near the limit: the size of fluctuations, the first correction, and how wide is wide enough."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limits.infinite_width.line import Intercept, exponent, intercept
from limits.infinite_width.series import freedom
from limits.infinite_width.values import Estimated, Level, LimitValue
from particles import Unresolved
from particles.arguments.reals import positive

Array = NDArray[np.float64]

#: A variance that falls more slowly than m to this power does not vanish in the limit.
SLOWEST = -0.5
#: So many standard errors tell a variance that does not fall.
SURELY = 4.0
#: Deviations below this part of a quantity's size may come from rounding in float32.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class FiniteWidth:
    """A cloud of m particles gives F(m) with mean F + c / m and covariance Sigma / m, to leading order.

    It is made by an estimate of the limit, from its `values`, its `levels` and what `fine` clouds gave, [samples,
    clouds, quantities] per level. Intervals have the level `confidence`.
    """

    values: tuple[LimitValue, ...]
    levels: Sequence[Level]
    fine: Sequence[Array]
    confidence: float

    def correction(self, name: str) -> Estimated:
        """The c of E F(m) = F + c / m, with its interval; raises ValueError for an unknown name.

        With E F(m) = F + c / m + d / m^2 the difference of levels l and l - 1 has the mean -c / m_l - 3 d / m_l^2, so c
        is where the line through -m_l E Y_l meets 1 / m_l = 0.
        """
        return self._correction.at(self._index(name), self.confidence)

    def fluctuation(self, name: str, other: str | None = None) -> Estimated:
        """Sigma, the limit of m Cov(F(m)), of one quantity or between two, with its interval.

        It is where the line through m_l Cov F(m_l) meets 1 / m_l = 0; for a variance the interval is
        longer upwards, as errors are. Raises ValueError for an unknown name, Unresolved where the variance
        does not fall with width.
        """
        pair = self._index(name), self._index(name if other is None else other)
        for index in pair:
            self._check_falls(index)
        if pair[0] == pair[1]:
            return self._variance(pair[0], self.confidence)
        return self._covariance(*pair).at((), self.confidence)

    def width_for(self, name: str, error: float, *, relative: bool = False) -> Estimated:
        """The width m at which the root mean square of F(m) - F is `error`: sqrt(c^2 / m^2 + Sigma / m) = error.

        With `relative` the error is in units of |F|. Both ends of the interval take the ends of Sigma, c and F at a
        level that holds for all of them together, so the interval is on the safe side.
        Raises ValueError for an error that is not positive and for an unknown name, Unresolved where the
        variance does not fall with width, because then no width is enough.
        """
        error = positive(error, "The error")
        index = self._index(name)
        self._check_falls(index)
        level = 1.0 - (1.0 - self.confidence) / 2.0
        sigma = self._variance(index, level)
        c, value = self._correction.at(index, level), self.values[index]
        inside = c.low <= 0.0 <= c.high
        least, most = (0.0 if inside else min(abs(c.low), abs(c.high))), max(abs(c.low), abs(c.high))
        unit, small, large = _sizes(value) if relative else (1.0, 1.0, 1.0)
        return Estimated(
            _width(sigma.value, c.value, error * unit),
            _width(sigma.low, least, error * large),
            _width(sigma.high, most, error * small),
        )

    def falls(self, name: str) -> bool:
        """Whether the variance of a quantity falls with width; where it does not, the limit is random.

        It is not called falling where it falls more slowly than m^(-1/2) and four standard errors more slowly than
        m^(-1). A quantity without variance falls.
        """
        variances, freedoms = self._variances(self._index(name))
        if not bool((variances > 0.0).all()):
            return True
        measured, error = exponent(self._widths, variances, freedoms)
        return not (measured > SLOWEST and measured - SURELY * error > -1.0)

    @cached_property
    def _correction(self) -> Intercept:
        widths = self._widths[1:, None]
        means, variances = (np.array([getattr(one, name) for one in self.levels[1:]]) for name in ("mean", "variance"))
        return intercept(1.0 / self._widths[1:], -widths * means, widths**2 * variances, self._counts[1:])

    def _variances(self, index: int) -> tuple[Array, Array]:
        """Var F(m_l) of a quantity and its degrees of freedom, both [levels]; zero where it is rounding."""
        samples = [found[:, :, index] for found in self.fine]
        rounding = np.square([ROUNDING * np.abs(one).max() for one in samples])
        variances = np.array([one.var(axis=0, ddof=1).mean() for one in samples])
        variances[variances < rounding] = 0.0
        return variances, np.array([freedom(one[:, :1])[0] for one in samples])

    def _variance(self, index: int, confidence: float) -> Estimated:
        """Sigma of one quantity; zero where a level has no variance."""
        variances, freedoms = self._variances(index)
        if not bool((variances > 0.0).all()):
            return Estimated(0.0, 0.0, 0.0)
        sizes = self._widths * variances
        found = intercept(1.0 / self._widths, sizes, 2.0 * sizes**2 * self._counts / freedoms, self._counts)
        return _skewed(found.at((), confidence))

    def _covariance(self, first: int, second: int) -> Intercept:
        """Sigma between two quantities, from m_l times the products of their deviations, averaged over fine clouds."""
        values, variances = [], []
        for width, found in zip(self._widths, self.fine, strict=True):
            centred = found - found.mean(axis=0)
            scale = width * len(found) / (len(found) - 1.0)
            products = scale * (centred[:, :, first] * centred[:, :, second]).mean(axis=1)
            values.append(products.mean())
            variances.append(products.var(ddof=1))
        return intercept(1.0 / self._widths, np.array(values), np.array(variances), self._counts)

    @property
    def _widths(self) -> Array:
        return np.array([level.width for level in self.levels], dtype=np.float64)

    @property
    def _counts(self) -> Array:
        return np.array([level.samples for level in self.levels], dtype=np.float64)

    def _check_falls(self, index: int) -> None:
        name = self.values[index].name
        if not self.falls(name):
            raise Unresolved(
                f'The variance of "{name}" does not fall with width from {self.levels[0].width} to '
                f"{self.levels[-1].width}, so its limit is random and no width is enough; ask for its law."
            )

    def _index(self, name: str) -> int:
        return index_of(self.values, name)


def index_of(values: Sequence[LimitValue], name: str) -> int:
    """The place of a quantity; raises ValueError for an unknown name, which lists the known ones."""
    names = [value.name for value in values]
    if name not in names:
        raise ValueError(f'There is no quantity "{name}"; there are {", ".join(names)}.')
    return names.index(name)


def _skewed(found: Estimated) -> Estimated:
    """The interval of a variance: its lower end is not below zero, and its upper one that of an interval of logarithms.

    That is longer by the factor (exp(r) - 1) / r for the relative length r, which counts as one where it is larger.
    """
    half = found.high - found.value
    if half == 0.0:
        return found
    relative = min(half / found.value, 1.0) if found.value > 0.0 else 1.0
    upper = found.value + half * math.expm1(relative) / relative
    return Estimated(found.value, max(found.low, 0.0), max(upper, 0.0))


def _sizes(value: LimitValue) -> tuple[float, float, float]:
    """|F|, and its smallest and largest size in the interval of F."""
    ends = abs(value.low), abs(value.high)
    return abs(value.value), 0.0 if value.low <= 0.0 <= value.high else min(ends), max(ends)


def _width(sigma: float, c: float, error: float) -> float:
    """The positive root m of error^2 m^2 - sigma m - c^2; infinite for an error of zero."""
    if sigma <= 0.0 and c == 0.0:
        return 0.0
    if error == 0.0:
        return math.inf
    size = max(sigma, 0.0)
    return (size + math.sqrt(size**2 + 4.0 * error**2 * c**2)) / (2.0 * error**2)
