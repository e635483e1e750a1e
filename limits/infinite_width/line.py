"""The line through the values of several levels, and where it meets infinite width."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from limits.infinite_width.series import combined
from limits.infinite_width.values import Estimated

Array = NDArray[np.float64]

#: A line is not believed where chance would give a larger misfit in fewer cases than this.
MISFIT = 0.02


@dataclass(frozen=True, eq=False)
class Intercept:
    """The values [...] at x = 0 of lines through points, with standard errors [...] and degrees of freedom [...]."""

    values: Array
    errors: Array
    freedoms: Array

    def at(self, index: int | tuple[int, ...], confidence: float) -> Estimated:
        """One of the values with Student's interval."""
        value, error = float(self.values[index]), float(self.errors[index])
        half = float(scipy.stats.t.ppf(0.5 + 0.5 * confidence, self.freedoms[index])) * error if error else 0.0
        return Estimated(value, value - half, value + half)


def intercept(x: Array, y: Array, variances: Array, counts: Array) -> Intercept:
    """Where lines through values y [points, ...] at falling x [points] meet x = 0.

    `variances` [points, ...] are those of one sample, of which there are `counts` [points]. The weights of least
    squares are counts over a power law in x that is fitted to the variances: weights that follow each measured variance
    would prefer values that came out small, since the variance of a skewed quantity rises with its mean. Standard
    errors are from the variances as measured. Points with the largest x are left out where the others do not lie on a
    line with them, by a chi-squared test, until two are left.
    """
    found = _through(x, y, variances, counts)
    for first in range(1, len(x) - 1):
        later = _through(x[first:], y[first:], variances[first:], counts[first:])
        found = [np.where(found[-1] > MISFIT, *pair) for pair in zip(found, later, strict=True)]
    return Intercept(*found[:-1])


def _through(x: Array, y: Array, variances: Array, counts: Array) -> list[Array]:
    """Values, errors and degrees of freedom at x = 0 of lines, and the probability of a misfit as large as theirs."""
    shape = (len(x),) + (1,) * (y.ndim - 1)
    number, at = counts.reshape(shape), x.reshape(shape)
    weights = number / _smooth(np.log(x), variances, counts)
    zeroth, first, second = ((weights * at**power).sum(axis=0) for power in range(3))
    parts = weights * (second - first * at) / (zeroth * second - first**2)
    value = (parts * y).sum(axis=0)
    tilt = ((weights * at * y).sum(axis=0) - first * value) / second
    squares = variances / number
    missed = np.square(y - value - tilt * at)
    misfit = np.where(squares > 0.0, missed / np.where(squares > 0.0, squares, 1.0), 0.0).sum(axis=0)
    chance = scipy.stats.chi2.sf(misfit, len(x) - 2) if len(x) > 2 else 1.0
    freedoms = combined(parts**2 * squares, np.broadcast_to(number - 1.0, squares.shape))
    errors = np.sqrt((parts**2 * squares).sum(axis=0))
    return [np.asarray(one, dtype=np.float64) for one in (value, errors, freedoms, chance)]


def exponent(x: Array, variances: Array, freedoms: Array) -> tuple[float, float]:
    """The exponent p of a power law variances ~ x^p [points] and its standard error.

    The variances are positive and have so many degrees of freedom [points]: the variance of log s^2 is about 2 / nu.
    """
    logs = np.log(x)
    centred = logs - np.average(logs, weights=freedoms)
    return float(_slope(logs, np.log(variances), freedoms)), math.sqrt(2.0 / float(freedoms @ centred**2))


def _smooth(logs: Array, variances: Array, counts: Array) -> Array:
    """The variances [points, ...] by a fitted power law; one where any of them is zero."""
    positive = (variances > 0.0).all(axis=0)
    known = np.log(np.where(positive, variances, 1.0))
    shape = (len(logs),) + (1,) * (variances.ndim - 1)
    centre = np.average(known, axis=0, weights=counts)
    return np.exp(centre + _slope(logs, known, counts) * (logs - np.average(logs, weights=counts)).reshape(shape))


def _slope(x: Array, y: Array, counts: Array) -> Array:
    """The least-squares slopes [...] of y [points, ...] against x [points], with weights."""
    centred = (x - np.average(x, weights=counts)) * counts
    return np.asarray(np.tensordot(centred, y, axes=1) / (centred @ x))
