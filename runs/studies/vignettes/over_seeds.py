"""Slopes and ratios of means over seeds, where a single number may be zero."""

import math

import numpy as np

from limits.chaos import Slope
from runs.study.table import Array, Curve, log_slope, student_reach

#: What is smaller counts as this much.
LEAST = 1e-12


def slope_of_means(curve: Curve) -> Slope:
    """The slope of log mean over seeds against log x, with Student's interval from what is left over of the line."""
    return log_slope(curve.x, np.maximum(curve.mean, LEAST)[:, None])


def ratios_of_means(curve: Curve, other: Curve) -> tuple[Array, Array]:
    """The means over seeds over those of another curve of the same seeds [x], with standard errors [x].

    They come from the scatter of v - ratio v' over seeds and are as large as those of `Curve.uncertain`; NaN for one
    seed.
    """
    least = np.maximum(other.mean, LEAST)
    ratios, count = curve.mean / least, curve.values.shape[1]
    if count < 2:
        return ratios, np.full_like(ratios, math.nan)
    scatter = (curve.values - ratios[:, None] * other.values).std(axis=1, ddof=1)
    return ratios, student_reach(count) * scatter / (math.sqrt(count) * least)
