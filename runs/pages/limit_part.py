"""The part of a page on limits of infinite width: a row for each limit, and the widths from which each was found."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from runs.figures.palette import colours_of
from runs.limit.files.figure import FIGURE_FILE
from runs.limit.files.tables import LEVELS_FILE, LIMIT_FILE
from runs.pages.curves import budgeted, evenly, figure_of
from runs.pages.part import Part, Sheet
from runs.pages.words import counted, in_words
from runs.recorded.curve_groups import short_names
from runs.study.panels import Line, Panel
from runs.system.files import opened_text
from runs.system.refusal import Refusal

#: Most rows of the table, and most quantities that have a plot.
ROWS, PLOTS = 200, 12
#: What tells one quantity from another, in both files; the settings of a point stand before it.
QUANTITY = ("quantity", "entry", "time")
#: Columns of limit.csv that are shown beside settings and quantity.
SHOWN = (
    "value",
    "standard_error",
    "bias",
    "low",
    "high",
    "verdict",
    "correction",
    "fluctuation",
    "width_for_1_percent",
)

Row = Mapping[str, str]


def limit_part(folder: Path, held: Mapping[str, object], share: int = 1) -> Part:
    """What the folder of `meanfield limit` holds, `held` being its config.json. Raises Refusal for damaged tables."""
    limits, levels = _read(folder / LIMIT_FILE), _read(folder / LEVELS_FILE)
    keys = _settings(limits)
    panels = list(_panels(limits, levels, keys))
    link = folder / FIGURE_FILE
    drawn = figure_of(
        "Means of networks of finite width, and their limit",
        panels[:PLOTS],
        str(link) if link.is_file() else "",
        most=budgeted(panels, share),
        remark="Bars are two standard errors to either side, dashed lines are the limits.",
    )
    verdicts = [row["verdict"] for row in limits]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
    files = (folder / name for name in (LIMIT_FILE, LEVELS_FILE, FIGURE_FILE))
    return Part(
        title=folder.resolve().name,
        about=(f"What networks of infinitely many particles do: {counted(len(limits), 'limit')}, {counts}.",),
        settings=in_words(held, without=("remarks",)),
        sheets=(_sheet(limits, keys),),
        figures=(drawn,) if panels else (),
        links=tuple(str(file) for file in files if file.is_file()),
    )


def _read(path: Path) -> list[Row]:
    """The rows of a table; none where there is no file. Raises Refusal for one that is damaged."""
    if not path.is_file():
        return []
    try:
        with opened_text(path) as file:
            rows: list[Row] = list(csv.DictReader(file))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise Refusal(f"{path} cannot be read ({error}): estimate the limits again, which writes it.") from error
    wanted = {*QUANTITY, "value", "standard_error", "verdict" if path.name == LIMIT_FILE else "width"}
    if any(None in row or None in row.values() or wanted - row.keys() for row in rows):
        raise Refusal(f"{path} is damaged: estimate the limits again, which writes it.")
    return rows


def _settings(rows: Sequence[Row]) -> list[str]:
    """The columns before that of the quantity."""
    names = list(rows[0]) if rows else []
    return names[: names.index("quantity")] if names else []


def _sheet(limits: Sequence[Row], keys: Sequence[str]) -> Sheet:
    entries = [name for name in QUANTITY if any(row[name] for row in limits)]
    names = [*keys, *entries, *(name for name in SHOWN if limits and name in limits[0])]
    chosen = evenly(len(limits), ROWS)
    cells = tuple(tuple(_cell(limits[place].get(name, "")) for name in names) for place in chosen)
    remark = f"Shown are {len(chosen)} of {len(limits)} limits." if len(chosen) < len(limits) else ""
    return Sheet("Limits, with their intervals", tuple(name.replace("_", " ") for name in names), cells, remark)


def _panels(limits: Sequence[Row], levels: Sequence[Row], keys: Sequence[str]) -> Iterator[Panel]:
    """A panel for each quantity at its last time: the mean at each width, with the limit of each point."""
    words = short_names(keys)
    last: dict[tuple[str, str], float] = {}
    for row in levels:
        name = row["quantity"], row["entry"]
        last[name] = max(last.get(name, -math.inf), _number(row["time"]))
    labels = {_point(row, keys): ", ".join(f"{words[key]} {row[key]}" for key in keys) for row in levels}
    colours = colours_of(labels.values())
    for (quantity, entry), time in last.items():
        lines = []
        for point, label in labels.items():
            own = [
                [row for row in rows if _is_of(row, (quantity, entry, time)) and _point(row, keys) == point]
                for rows in (levels, limits)
            ]
            x, values, errors = (_column(own[0], name) for name in ("width", "value", "standard_error"))
            if not len(x):
                continue
            lines.append(Line(label, colours[label], x, values[:, None], "dots", errors[:, None]))
            ends = np.array([x.min(), x.max()])
            lines += [
                Line("", colours[label], ends, np.full((2, 1), _number(row["value"])), "dashed") for row in own[1]
            ]
        title = " ".join(filter(None, (quantity.replace("_", " "), entry)))
        yield Panel("", title, "particles m", tuple(lines), f"time {time:g}", log_y=False)


def _point(row: Row, keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(row[key] for key in keys)


def _is_of(row: Row, wanted: tuple[str, str, float]) -> bool:
    return (row["quantity"], row["entry"], _number(row["time"])) == wanted


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([_number(row[name]) for row in rows])


def _number(text: str) -> float:
    """A number in a cell, NaN where there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _cell(text: str) -> str:
    number = _number(text)
    return text if math.isnan(number) else f"{number:.5g}"
