"""Checks of real numbers such as steps, rates and times, which are converted to floats of Python.

They may be numbers of Python or NumPy, or tensors of one number. A step in float32 would make times float32 too.
"""

import math
from numbers import Real

import numpy as np
import torch

from particles.arguments.display import line
from particles.arguments.integers import TRUTH


def finite(value: object, what: str) -> float:
    """The value as a float; raises ValueError for a truth value and for anything that is not a finite number."""
    return _checked(value, what, -math.inf, "a finite number")


def positive(value: object, what: str) -> float:
    """The value as a float; raises ValueError unless it is a finite number above zero."""
    return _checked(value, what, math.ulp(0.0), "a positive finite number")


def non_negative(value: object, what: str) -> float:
    """The value as a float; raises ValueError unless it is a finite number of at least zero."""
    return _checked(value, what, 0.0, "a finite non-negative number")


def number(value: object) -> float:
    """The value as a float, or NaN where it is not a number."""
    single = value.item() if isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 0 else value
    return float(single) if isinstance(single, Real) and not isinstance(single, TRUTH) else math.nan


def _checked(value: object, what: str, least: float, kind: str) -> float:
    found = number(value)
    if not (math.isfinite(found) and found >= least):
        raise ValueError(f"{what} is {line(value)}, but {kind} is needed.")
    return found
