"""Whole numbers, Python's, NumPy's and tensors of one, as counts, widths, seeds and places."""

import operator

import numpy as np
import torch

#: What is no whole number though Python would count with it.
TRUTH = (bool, np.bool_)


def whole(value: object, what: str, least: int = 1) -> int:
    """The value as a plain integer of at least `least`.

    Raises ValueError for what is no whole number, truth values and floats among it, and for one that is too small.
    """
    found = _index(value)
    if found is None or found < least:
        kind = {0: "a non-negative integer", 1: "a positive integer"}.get(least, f"an integer of at least {least}")
        raise ValueError(f"{what} is {value!r}, but {kind} is needed.")
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
