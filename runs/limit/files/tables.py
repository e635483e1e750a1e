"""What was found of the limits of a study, as rows: limit.csv, levels.csv, and the table in the terminal."""

import math
from collections.abc import Sequence
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
from runs.recorded.curve_groups import short_names, value_text
from runs.recorded.flat_parameters import Scalar
from runs.studyfile.results.index import write_rows
from runs.system.printable import printable

LIMIT_FILE, LEVELS_FILE = "limit.csv", "levels.csv"
#: The error of a network, relative to the limit, for which a width is named.
ERROR = 0.01
#: Blanks between two columns in a terminal, and the most digits of a number.
GAP, DIGITS = 2, 12

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """The limit of one point: what was measured, what was found of it, and the seconds of work on all its samples."""

    point: Point
    quantities: tuple[Quantity, ...]
    limit: InfiniteWidth
    seconds: float

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
            rows.append([*row, limit.cost, one.seconds, limit.reason])
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


def shown_table(found: Sequence[Found], width: int) -> tuple[Table, list[str]]:
    """The limits at the end of training for lines of `width` letters, and the names of columns that do not fit."""
    columns = _columns(found)
    fitting, used = 0, 0
    for name, cells in columns:
        used += max(len(name), *map(len, cells)) + GAP
        fitting += used <= width or fitting < 2
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), show_edge=False)
    for name, _ in columns[:fitting]:
        table.add_column(Text(name), justify="right", no_wrap=True)
    for row in zip(*(cells for _, cells in columns[:fitting]), strict=True):
        table.add_row(*map(Text, row))
    return table, [name for name, _ in columns[fitting:]]


def _columns(found: Sequence[Found]) -> list[tuple[str, list[str]]]:
    """Names and cells, the most important first."""
    keys = settings_of([one.point for one in found])
    words, confidence = short_names(keys), 100.0 * found[0].limit.confidence
    numbers = ("limit", f"{confidence:g} % interval", "m for 1 %", "converged", "error", "bias")
    rows = []
    for one in found:
        for place, quantity in at_end(one.quantities):
            leading = [value_text(key, one.point.varied.get(key)) for key in keys]
            value, error, bias, ends = _cells(one.limit.values[place])
            measured = [value, ends, _width(one.width_for(place)), "yes" if one.limit.converged else "no", error, bias]
            rows.append([*leading, quantity.words, *measured])
    names = [*(words[key] for key in keys), "quantity", *numbers]
    return [(printable(name), [printable(row[column]) for row in rows]) for column, name in enumerate(names)]


def at_end(quantities: Sequence[Quantity]) -> list[tuple[int, Quantity]]:
    """The quantities at the end of training, with their places."""
    last = max(quantity.time for quantity in quantities)
    return [(place, quantity) for place, quantity in enumerate(quantities) if quantity.time == last]


def _cells(value: LimitValue) -> list[str]:
    """The numbers of a limit, to the digits that its standard error leaves."""
    spread = max(value.standard_error, value.bias)
    digits = _digits(abs(value.value) / spread) if 0.0 < spread < math.inf else DIGITS
    ends = f"{value.low:.{digits}g} to {value.high:.{digits}g}"
    return [f"{value.value:.{digits}g}", f"{value.standard_error:.1e}", f"{value.bias:.1e}", ends]


def _digits(ratio: float) -> int:
    """Significant digits of a number that is so many times its error: two of the error are shown."""
    return max(2, min(DIGITS, 2 + math.ceil(math.log10(ratio)))) if ratio > 0.0 else 2


def _width(width: Estimated | None) -> str:
    if width is None or not math.isfinite(width.value):
        return "-"
    return f"{math.ceil(width.value)}"
