"""What was found of the limits of a study, as rows: limit.csv, levels.csv, and the table in the terminal."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from limits import Estimated, InfiniteWidth, LimitValue
from particles import Unresolved
from runs.limit.files.points import Point, settings_of
from runs.limit.moments import Quantity
from runs.recorded.flat_parameters import Scalar
from runs.studyfile.results.index import write_rows
from runs.system.printable import printable

LIMIT_FILE, LEVELS_FILE = "limit.csv", "levels.csv"
#: The error of a network, relative to the limit, for which a width is named.
ERROR = 0.01

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """The limit of one point: what was measured, and what was found of it, at relative or absolute `tolerance`."""

    point: Point
    quantities: tuple[Quantity, ...]
    limit: InfiniteWidth

    @cached_property
    def widths(self) -> Array:
        """The widths of the levels [levels]."""
        return np.array([level.width for level in self.limit.levels], dtype=np.float64)

    @cached_property
    def means(self) -> Array:
        """E F(m) at the width of each level [levels, quantities]: the sum of the differences up to there."""
        return np.cumsum([level.mean for level in self.limit.levels], axis=0)

    @cached_property
    def errors(self) -> Array:
        """The standard errors of these [levels, quantities]."""
        squares = [level.variance / level.samples for level in self.limit.levels]
        return np.asarray(np.sqrt(np.cumsum(squares, axis=0)))

    def width_for(self, place: int) -> Estimated | None:
        """The width for an error of 1 % of a quantity; None where its limit is random, or zero."""
        try:
            return self.limit.finite_width.width_for(self.limit.names[place], ERROR, relative=True)
        except Unresolved:
            return None

    def fluctuation(self, place: int) -> Estimated | None:
        """m times the variance at width m; None where it does not fall."""
        try:
            return self.limit.finite_width.fluctuation(self.limit.names[place])
        except Unresolved:
            return None


def write_tables(found: Sequence[Found], out: Path) -> list[Path]:
    """Write limit.csv and levels.csv and return their paths. Raises OSError where they cannot be written."""
    paths = [out / LIMIT_FILE, out / LEVELS_FILE]
    for path, rows in zip(paths, (limit_rows(found), level_rows(found)), strict=True):
        write_rows(rows, path)
    return paths


def limit_rows(found: Sequence[Found]) -> list[list[Scalar]]:
    """A row of names, and one for each quantity of each point: its limit, and how networks of width m differ from it.

    correction is the c of E F(m) = F + c / m and fluctuation m times the variance of F(m), both with intervals.
    """
    keys = settings_of([one.point for one in found])
    pairs = ("correction", "fluctuation", "width_for_1_percent")
    ends = ("value", "standard_error", "bias", "low", "high", "confidence", "verdict")
    intervals = [f"{name}{end}" for name in pairs for end in ("", "_low", "_high")]
    rows: list[list[Scalar]] = [
        [*keys, "quantity", "entry", "time", *ends, *intervals, "particles", "seconds", "reason"]
    ]
    for one in found:
        limit = one.limit
        for place, (quantity, value) in enumerate(zip(one.quantities, limit.values, strict=True)):
            row: list[Scalar] = [one.point.varied.get(key) for key in keys]
            row += [quantity.name, quantity.entry, quantity.time, value.value, value.standard_error, value.bias]
            row += [value.low, value.high, limit.confidence, limit.verdict]
            correction = limit.finite_width.correction(value.name)
            for estimated in (correction, one.fluctuation(place), one.width_for(place)):
                row += [None] * 3 if estimated is None else [estimated.value, estimated.low, estimated.high]
            rows.append([*row, limit.cost, limit.seconds, limit.reason])
    return [[None if isinstance(cell, float) and math.isnan(cell) else cell for cell in row] for row in rows]


def level_rows(found: Sequence[Found]) -> list[list[Scalar]]:
    """A row of names, and one for each width of each quantity of each point.

    value is E F(m) at this width with its standard error, difference the mean of a level, with its variance.
    """
    keys = settings_of([one.point for one in found])
    ends = ("width", "samples", "value", "standard_error", "difference", "variance", "particles")
    rows: list[list[Scalar]] = [[*keys, "quantity", "entry", "time", *ends]]
    for one in found:
        for place, quantity in enumerate(one.quantities):
            leading: list[Scalar] = [one.point.varied.get(key) for key in keys]
            leading += [quantity.name, quantity.entry, quantity.time]
            for number, level in enumerate(one.limit.levels):
                numbers = (one.means, one.errors)
                measured = [float(table[number, place]) for table in numbers]
                rows.append(
                    [*leading, level.width, level.samples, *measured]
                    + [float(level.mean[place]), float(level.variance[place]), level.cost]
                )
    return rows


def shown_table(found: Sequence[Found]) -> Table:
    """The limits for the terminal, the last time of every observable where there are several."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    keys = settings_of([one.point for one in found])
    confidence = 100.0 * found[0].limit.confidence
    heads = ["limit", "standard error", "bias", f"{confidence:g} % interval", "verdict", "width for 1 %"]
    for name in [*keys, "quantity"]:
        table.add_column(Text(printable(name.rsplit(".", 1)[-1])))
    for name in heads:
        table.add_column(Text(name), justify="right")
    for one in found:
        for place, value in shown(one):
            cells = [str(one.point.varied.get(key)) for key in keys]
            cells += [value.name, *_cells(value), one.limit.verdict, _width(one.width_for(place))]
            table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def shown(found: Found) -> Iterator[tuple[int, LimitValue]]:
    """The quantities at the end of training, with their places."""
    last = max(quantity.time for quantity in found.quantities)
    for place, (quantity, value) in enumerate(zip(found.quantities, found.limit.values, strict=True)):
        if quantity.time == last:
            yield place, value


def _cells(value: LimitValue) -> list[str]:
    """The numbers of a limit, to the digits that its standard error leaves."""
    spread = max(value.standard_error, value.bias)
    digits = 6 if not 0.0 < spread < math.inf or value.value == 0.0 else _digits(abs(value.value) / spread)
    ends = f"{value.low:.{digits}g} to {value.high:.{digits}g}"
    return [f"{value.value:.{digits}g}", f"{value.standard_error:.1e}", f"{value.bias:.1e}", ends]


def _digits(ratio: float) -> int:
    """Significant digits of a number that is so many times its error: two of the error are shown."""
    return min(12, max(2, 2 + math.ceil(math.log10(ratio)) if ratio > 1.0 else 2))


def _width(width: Estimated | None) -> str:
    if width is None or not math.isfinite(width.value):
        return "-"
    return f"{math.ceil(width.value)}"
