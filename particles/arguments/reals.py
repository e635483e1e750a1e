"""Real numbers, Python's, NumPy's and tensors of one, as steps, rates, times and strengths, kept as plain floats.

A step in float32 would count times in float32, so whatever is computed with is a float of Python.
"""

import math
from numbers import Real

import numpy as np
import torch

from particles.arguments.integers import TRUTH


def finite(value: object, what: str) -> float:
    """The value as a plain float; raises ValueError for what is no finite number, truth values among it."""
    return _checked(value, what, -math.inf, "a finite number")


def positive(value: object, what: str) -> float:
    """The same of a number above zero."""
    return _checked(value, what, math.ulp(0.0), "a positive finite number")


def non_negative(value: object, what: str) -> float:
    """The same of zero or a number above it."""
    return _checked(value, what, 0.0, "a finite non-negative number")


def number(value: object) -> float:
    """The value as a plain float, NaN where it is no number."""
    single = value.item() if isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 0 else value
    return float(single) if isinstance(single, Real) and not isinstance(single, TRUTH) else math.nan


def _checked(value: object, what: str, least: float, kind: str) -> float:
    found = number(value)
    if not (math.isfinite(found) and found >= least):
        raise ValueError(f"{what} is {value!r}, but {kind} is needed.")
    return found
