"""What Numba's kernels make of single numbers, and the errors of that in units of the last place."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from particles.compute.cpu.activations import complete, evaluate
from particles.compute.cpu.exponential import EXACT

LEAK = 0.1


@cache
def of_activation(kind: str) -> Callable[..., None]:
    """A loop that writes sigma and sigma' of an activation."""

    @njit(**EXACT)
    def run(z: Any, value: Any, slope: Any) -> None:
        evaluate(kind, LEAK, z, value, slope, len(z))
        complete(kind, value, slope, len(z))

    return run


def evaluated(kind: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sigma and sigma' as the kernels have them."""
    value, slope = np.empty_like(z), np.empty_like(z)
    of_activation(kind)(z, value, slope)
    return value, slope


def units(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Errors in units of the last place of the truth, which has more digits; those of normal numbers."""
    last = np.spacing(np.abs(truth).astype(found.dtype)).astype(np.longdouble)
    return np.abs(found - truth) / last
