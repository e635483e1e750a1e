"""The table of a study, with a row for each setting and the last values of its runs, in the terminal and result.csv."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from runs.recorded.curve_groups import short_names, value_text
from runs.recorded.flat_parameters import Scalar
from runs.studyfile.results.finished_runs import COMPLETE, Setting, distinguishing
from runs.studyfile.results.index import write_rows
from runs.system.printable import printable
from runs.system.refusal import Refusal

RESULT_FILE = "result.csv"
#: Statistics of an observable's last values over the seeds of a setting, by the ending of their column.
SPREADS = {"": statistics.fmean, "_sd": lambda ends: statistics.stdev(ends) if len(ends) > 1 else math.nan}
SPREADS |= {"_least": min, "_largest": max}
#: Largest number of rows of the table in a terminal, and of letters in a cell.
ROWS, LETTERS = 24, 18
#: Number of letters between two columns.
GAP = 3


def write_table(settings: Sequence[Setting], path: Path) -> None:
    """Write result.csv whole; raises Refusal where it cannot be written."""
    try:
        write_rows(result_rows(settings), path)
    except OSError as error:
        raise Refusal(f"The table {path} cannot be written ({error.strerror}): name another folder.") from error


def result_rows(settings: Sequence[Setting]) -> list[list[Scalar]]:
    """A row of names, and for each setting a row with its values, its complete runs, their end time and last values.

    Last values of each observable are given by mean, standard deviation, minimum and maximum over the seeds.
    wall_seconds is the sum over all runs.
    """
    keys = list(dict.fromkeys(name for setting in settings for name in setting.values))
    names = _observables(settings)
    rows: list[list[Scalar]] = [
        [*keys, "complete", "runs", "end_time", *(name + end for name in names for end in SPREADS), "wall_seconds"]
    ]
    for setting in settings:
        row: list[Scalar] = [setting.values.get(key) for key in keys]
        row += [len(_complete(setting)), len(setting.runs), _end_time(setting)]
        for name in names:
            ends = setting.ends(name)
            row += [_known(spread, ends) for spread in SPREADS.values()]
        rows.append([*row, _seconds(setting)])
    return rows


def shown_table(settings: Sequence[Setting], width: int) -> tuple[Table, list[str]]:
    """The table for lines of `width` letters, and sentences on the rows and columns that do not fit."""
    columns = _columns(settings)
    fitting, used = 0, 0
    for name, cells in columns:
        used += max(len(name), *map(len, cells)) + GAP
        fitting += used <= width or fitting < 2
    kept, left = columns[:fitting], [name for name, _ in columns[fitting:]]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), show_edge=False)
    for name, _ in kept:
        table.add_column(Text(name), justify="right", no_wrap=True)
    half = ROWS // 2
    some = (
        range(len(settings)) if len(settings) <= ROWS else [*range(half), *range(len(settings) - half, len(settings))]
    )
    for number, row in enumerate(some):
        if number and row != some[number - 1] + 1:
            table.add_row(*[Text("...")] * len(kept))
        table.add_row(*(Text(cells[row]) for _, cells in kept))
    remarks = [f"{len(settings) - len(some)} more settings"] if len(some) < len(settings) else []
    return table, [*remarks, *([", ".join(left)] if left else [])]


def _columns(settings: Sequence[Setting]) -> list[tuple[str, list[str]]]:
    """The names and cells of the columns in a terminal, the most important first."""
    keys = distinguishing(settings)
    words = short_names(keys)
    columns = [(words[key], [_cell(key, setting.values.get(key)) for setting in settings]) for key in keys]
    columns.append(("seeds", [f"{len(_complete(each))} of {len(each.runs)}" for each in settings]))
    for name in _observables(settings):
        columns.append((name.replace("_", " "), [_spread(setting.ends(name)) for setting in settings]))
    columns.append(("time", [_number(_end_time(setting)) for setting in settings]))
    columns.append(("wall s", [_number(_seconds(setting)) for setting in settings]))
    return [(_cut(name), [_cut(cell) for cell in cells]) for name, cells in columns]


def _observables(settings: Sequence[Setting]) -> list[str]:
    return list(dict.fromkeys(name for setting in settings for run in setting.runs for name in run.series))


def _complete(setting: Setting) -> list[float]:
    return [run.time for run in setting.runs if run.state == COMPLETE]


def _end_time(setting: Setting) -> float | None:
    """The earliest flow time at which complete runs ended; None where none is complete."""
    return min(_complete(setting), default=None)


def _seconds(setting: Setting) -> float | None:
    known = [run.seconds for run in setting.runs if run.seconds is not None]
    return sum(known) if known else None


def _known(spread: object, ends: Sequence[float]) -> float | None:
    """A statistic of the last values; None where it is not finite."""
    value = spread(ends) if ends and callable(spread) and all(map(math.isfinite, ends)) else math.nan
    return value if math.isfinite(value) else None


def _spread(ends: Sequence[float]) -> str:
    """Mean and standard deviation over the seeds, as text."""
    mean, deviation = (_known(SPREADS[end], ends) for end in ("", "_sd"))
    if mean is None:
        return "-"
    return f"{mean:.4g}" if deviation is None else f"{mean:.4g} +- {deviation:.1g}"


def _cell(key: str, value: Scalar) -> str:
    return "-" if value is None else value_text(key, value)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _cut(text: str) -> str:
    text = printable(text)
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 3]}..."
