"""The line through the values of several levels, and where it meets infinite width."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from limits.infinite_width.series import combined
from limits.infinite_width.values import Estimated

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intercept:
    """The values [...] at x = 0 of lines through points, with standard errors [...] and degrees of freedom [...]."""

    values: Array
    errors: Array
    freedoms: Array

    def at(self, index: int | tuple[int, ...], confidence: float) -> Estimated:
        """One of the values with Student's interval."""
        value, error = float(self.values[index]), float(self.errors[index])
        half = float(stats.t.ppf(0.5 + 0.5 * confidence, self.freedoms[index])) * error if error else 0.0
        return Estimated(value, value - half, value + half)


def intercept(x: Array, y: Array, variances: Array, counts: Array) -> Intercept:
    """Where lines through values y [points, ...] at x [points] meet x = 0.

    `variances` [points, ...] are those of one sample, of which there are `counts` [points]. The weights of least
    squares are counts over a power law in x that is fitted to the variances: weights that follow each measured variance
    would prefer values that came out small, since the variance of a skewed quantity rises with its mean. Standard
    errors are from the variances as measured.
    """
    shape = (len(x),) + (1,) * (y.ndim - 1)
    weights = counts.reshape(shape) / _smooth(np.log(x), variances, counts)
    at = x.reshape(shape)
    totals = [(weights * at**power).sum(axis=0) for power in range(3)]
    parts = weights * (totals[2] - totals[1] * at) / (totals[0] * totals[2] - totals[1] ** 2)
    squares = parts**2 * variances / counts.reshape(shape)
    freedoms = combined(squares, np.broadcast_to(counts.reshape(shape) - 1.0, squares.shape))
    return Intercept((parts * y).sum(axis=0), np.sqrt(squares.sum(axis=0)), freedoms)


def exponent(x: Array, variances: Array, counts: Array) -> Array:
    """The exponent p [...] of a power law variances ~ x^p [points, ...]; NaN where a variance is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(variances)
        return np.asarray(_slope(np.log(x), logs, counts))


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
