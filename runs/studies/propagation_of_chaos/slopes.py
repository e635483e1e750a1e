"""Slopes with their intervals as rows of the table, and back."""

import math
from collections.abc import Iterator

from limits.chaos import Slope
from runs.study.table import Row, Table

#: Behind the name of a quantity, in the order of the fields of a slope.
PARTS = ("slope", "slope, low", "slope, high")


def slope_rows(experiment: str, quantity: str, flow: str, time: float, found: Slope) -> Iterator[Row]:
    """The slope and the ends of its interval of 95 %, at the time; the error of the slope is a quarter of its width."""
    errors = ((found.high - found.low) / 4.0, math.nan, math.nan)
    for part, value, error in zip(PARTS, (found.value, found.low, found.high), errors, strict=True):
        yield Row(experiment, f"{quantity}: {part}", flow, 0, time, value, error)


def slope_at(table: Table, experiment: str, quantity: str, flow: str, time: float) -> Slope:
    """The slope at a time."""
    curves = [table.at(experiment, f"{quantity}: {part}", flow) for part in PARTS]
    return Slope(*(float(curve.values[curve.x == time][0, 0]) for curve in curves))
