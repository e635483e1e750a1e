"""A check that a coupling fits the law: coarse clouds have the mean of the fine clouds of the level below."""

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Probability that the check refuses a right coupling, for one level and quantity.
CHANCE = 1e-6
#: A difference of means below this part of the tolerance does no harm.
HARMLESS = 0.1


def check_laws(fine: Array, coarse: Array, width: int, names: tuple[str, ...], tolerance: Array) -> None:
    """Raise ValueError where fine and coarse clouds of one width, of independent samples, differ in their means.

    Both are [samples, clouds, quantities]. Otherwise the levels do not telescope and their sum is the limit of nothing.
    The test is Welch's at the fewer degrees of freedom, and differences below a tenth of the tolerance [quantities]
    pass.
    """
    pair = [one.mean(axis=1) for one in (fine, coarse)]
    difference = pair[1].mean(axis=0) - pair[0].mean(axis=0)
    errors = np.sqrt(sum(one.var(axis=0, ddof=1) / len(one) for one in pair))
    quantile = float(scipy.stats.t.isf(0.5 * CHANCE, min(len(one) for one in pair) - 1))
    bad = np.abs(difference) > np.maximum(quantile * errors, HARMLESS * tolerance)
    if bad.any():
        index = int(np.argmax(bad))
        raise ValueError(
            f'Coarse clouds of {width} particles have a mean of "{names[index]}" that is {difference[index]:+.3g} '
            f"(standard error {errors[index]:.2g}) off that of clouds drawn with {width} particles, so the coupling "
            "does not fit the law; take Nested() for masses that are not exchangeable, and Halves() for equal ones."
        )
