"""Checks of integers such as counts, widths and seeds: of Python, of NumPy, or tensors of one number."""

import operator

import numpy as np
import torch

from particles.arguments.display import line

#: Types of truth values, which Python would accept as integers.
TRUTH = (bool, np.bool_)


def whole(value: object, what: str, least: int = 1) -> int:
    """The value as a plain integer of at least `least`.

    `what` names the value in the error. Raises ValueError for a value that is not an integer, such as a truth value or
    a float, and for one that is too small.
    """
    found = _index(value)
    if found is None or found < least:
        kind = {0: "a non-negative integer", 1: "a positive integer"}.get(least, f"an integer of at least {least}")
        raise ValueError(f"{what} is {line(value)}, but {kind} is needed.")
    return found


def _index(value: object) -> int | None:
    if isinstance(value, torch.Tensor | np.ndarray):
        value = value.item() if value.ndim == 0 else None
    if isinstance(value, TRUTH):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
