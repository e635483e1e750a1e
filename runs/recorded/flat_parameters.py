"""Parameters of a run as a flat table of plain values, with an order of values and arrays of them."""

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

#: The type of a parameter after nested names are joined by dots.
Scalar = None | bool | int | float | str

#: Integers up to this number are exact in float64.
EXACT = 2**53


def flat(parameters: Mapping[str, object], prefix: str = "") -> dict[str, Scalar]:
    """Nested parameters by their dotted names; tables in a list have their number from 1, other lists are JSON text."""
    found: dict[str, Scalar] = {}
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            found |= flat({str(number): one for number, one in enumerate(value, start=1)}, f"{prefix}{name}.")
        elif value is None or isinstance(value, bool | int | float | str):
            found[f"{prefix}{name}"] = value
        else:
            found[f"{prefix}{name}"] = json.dumps(value)
    return found


def ordered(value: Scalar) -> tuple[int, int | float, str]:
    """A key by which values are sorted and compared: numbers come before text, and None comes last.

    Numbers are compared exactly; NaN equals itself, and True differs from 1.
    """
    if value is None:
        return 2, 0, ""
    if isinstance(value, str):
        return 1, 0, value
    if isinstance(value, bool):
        return 0, int(value), "bool"
    return (0, math.inf, "nan") if isinstance(value, float) and math.isnan(value) else (0, value, "")


def array(values: Sequence[Scalar]) -> npt.NDArray[np.generic]:
    """An array [values] in which different values stay different: truth values, numbers with NaN for None, or text."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there) and len(there) == len(values):
        return np.array(values, dtype=bool)
    numbers = [value for value in there if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(there):
        whole = [value for value in numbers if isinstance(value, int)]
        if len(whole) == len(values) and -(2**63) <= min(whole) and max(whole) < 2**63:
            return np.array(whole, dtype=np.int64)
        if all(-EXACT <= value <= EXACT for value in whole):
            return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    text = ["" if value is None else str(value) for value in values]
    if len(set(text)) < len({ordered(value) for value in values}):
        text = [json.dumps(value) for value in values]
    return np.array(text)
