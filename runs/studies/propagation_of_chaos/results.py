"""Slopes and values per count from the samples, as CSV files and as a table for the terminal."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable

from limits.chaos import Approach, Array, deviation, root_mean, slope
from runs.batch.output_folder import replace_text
from runs.studies.propagation_of_chaos.config import FLOWS, Config
from runs.studies.propagation_of_chaos.experiment import COLUMNS, Part
from runs.system.files import opened_text

#: Quantities of the table in their order, with the words of its header.
QUANTITIES = {
    "prediction": "prediction",
    "second_moment": "second moment",
    "kernel": "kernel",
    "square": "W2",
    "floor": "floor of W2",
}


@dataclass(frozen=True)
class Row:
    """Slope in the count of one quantity of one flow at one time, with its 95 % interval.

    Of observables the deviation over clouds, of W_2 and its floor the root mean square.
    """

    flow: str
    time: float
    quantity: str
    slope: float
    low: float
    high: float


@dataclass(frozen=True)
class Value:
    """One quantity at one count: deviation or root mean square; for W_2 the excess of its square over the floor's.

    The last W_2 and floor of a flow and time belong to the first two stand-ins: W_2 between them, their own error.
    """

    flow: str
    time: float
    quantity: str
    count: int
    value: float
    excess: float
    excess_error: float


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of one part: tables[time][quantity] [counts, repetitions], and the stand-ins' W_2 by time."""

    part: Part
    tables: dict[float, dict[str, Array]]
    own: dict[float, float]


@dataclass(frozen=True)
class Table:
    """What the study found, a sentence per part that failed, and where the files are."""

    config: Config
    rows: tuple[Row, ...]
    values: tuple[Value, ...]
    failures: tuple[str, ...]
    files: tuple[Path, ...]


def is_done(part: Part) -> bool:
    """Whether the part's samples are there, as many as are wanted."""
    if not part.path.exists():
        return False
    with opened_text(part.path) as file:
        lines = sum(1 for _ in file) - 1
    extra = 0 if part.kind == "observables" else 1
    return lines == len(part.config.times) * (len(part.counts) * part.repetitions + extra)


def samples_of(part: Part) -> Samples:
    """The samples of a part that is done."""
    with opened_text(part.path) as file:
        records = list(csv.DictReader(file))
    tables: dict[float, dict[str, Array]] = {}
    own: dict[float, float] = {}
    size = len(part.counts) * part.repetitions
    for time in part.config.times:
        mine = [record for record in records if float(record["time"]) == time]
        shape = (len(part.counts), part.repetitions)
        tables[time] = {
            name: np.array([float(record[name]) for record in mine[:size]]).reshape(shape)
            for name in COLUMNS[part.kind]
        }
        if part.kind == "distances":
            own[time] = float(mine[-1]["square"]) ** 0.5
    return Samples(part, tables, own)


def rows_of(samples: Samples) -> list[Row]:
    """The slopes."""
    statistic = deviation if samples.part.kind == "observables" else root_mean
    found = []
    for time, table in samples.tables.items():
        for name, values in table.items():
            fitted = slope(samples.part.counts, values, statistic)
            found.append(Row(samples.part.flow, time, name, fitted.value, fitted.low, fitted.high))
    return found


def values_of(samples: Samples) -> list[Value]:
    """The values per count."""
    part, found, none = samples.part, [], float("nan")
    for time, table in samples.tables.items():
        if part.kind == "observables":
            for name, values in table.items():
                pairs = zip(part.counts, deviation(values), strict=True)
                found += [Value(part.flow, time, name, count, float(value), none, none) for count, value in pairs]
            continue
        squares, floors = table["square"], table["floor"]
        excesses = Approach(part.counts, squares, floors).excess
        for row, (count, excess) in enumerate(zip(part.counts, excesses, strict=True)):
            value, floor = float(root_mean(squares[row])), float(root_mean(floors[row]))
            found.append(Value(part.flow, time, "square", count, value, excess.value, excess.error))
            found.append(Value(part.flow, time, "floor", count, floor, none, none))
        for name in ("square", "floor"):
            found.append(Value(part.flow, time, name, part.config.limit_count, samples.own[time], none, none))
    return found


def write(path: Path, kind: type, rows: Sequence[Row] | Sequence[Value]) -> None:
    """Write rows as a CSV file with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    replace_text(path, text.getvalue())


def summary(table: Table) -> RichTable:
    """Slopes at the last time with their intervals, one row per quantity, one column per flow."""
    config, last = table.config, table.config.times[-1]
    title = f"Slopes in the number of particles: {config.data}, time {last:g}, {config.seeds} clouds of each count"
    shown = RichTable(title=title, box=SIMPLE_HEAD)
    shown.add_column("", no_wrap=True)
    for words in FLOWS.values():
        shown.add_column(words.replace(", ", "\n"), justify="right", no_wrap=True)
    for name, words in QUANTITIES.items():
        found = {row.flow: row for row in table.rows if (row.quantity, row.time) == (name, last)}
        shown.add_row(words, *(_shown(found.get(flow)) for flow in FLOWS))
    return shown


def _shown(row: Row | None) -> str:
    return "failed" if row is None else f"{row.slope:.2f}\n[{row.low:.2f}, {row.high:.2f}]"
