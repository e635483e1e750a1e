"""Rows as a CSV file, and the table for the terminal."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from scipy import stats

from runs.batch.output_folder import replace_text
from runs.studies.kernel_limits.config import KERNELS, NETWORKS, Config
from runs.studies.kernel_limits.measure import Row
from runs.system.files import opened_text


@dataclass(frozen=True)
class Table:
    """What the study found: every row, and where the files are."""

    config: Config
    rows: tuple[Row, ...]
    files: tuple[Path, ...]

    def at(self, panel: str, curve: str, *, predicted: bool = False) -> dict[float, list[float]]:
        """The values of one curve by x, one per seed in the order of seeds; or the predicted one."""
        found: dict[float, list[float]] = {}
        for row in self.rows:
            if (row.panel, row.curve, row.seed is None) == (panel, curve, predicted):
                found.setdefault(row.x, []).append(row.value)
        return found

    def final_gaps(self, network: str) -> dict[float, list[float]]:
        """The gaps at the last time by width."""
        widths = self.config.widths
        return {float(width): list(self.at(f"gap-{network}", f"{width}").values())[-1] for width in widths}


def slope(values: dict[float, list[float]]) -> tuple[float, float]:
    """Slope of log value against log x, and half the width of its 95 % confidence interval by Student's law."""
    places = np.log(np.repeat(list(values), [len(row) for row in values.values()]))
    fit = stats.linregress(places, np.log(np.concatenate(list(values.values()))))
    return float(fit.slope), float(stats.t.ppf(0.975, len(places) - 2) * fit.stderr)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a CSV file with a header; the seed of a predicted row is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    replace_text(path, text.getvalue())


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a CSV file; none where there is no file."""
    if not path.exists():
        return ()
    with opened_text(path) as file:
        return tuple(
            Row(
                row["panel"],
                row["curve"],
                int(row["seed"]) if row["seed"] else None,
                float(row["x"]),
                float(row["value"]),
            )
            for row in csv.DictReader(file)
        )


def summary(table: Table) -> RichTable:
    """Means over seeds at the least and greatest width, what is predicted for the latter, and slopes against width."""
    least, greatest = (float(width) for width in (table.config.widths[0], table.config.widths[-1]))
    shown = RichTable(title=f"{table.config.data}, n = {table.config.rows}", box=SIMPLE_HEAD)
    for name in ("", f"m = {least:g}", f"m = {greatest:g}", "predicted", "slope"):
        shown.add_column(name, justify="right" if name else "left", no_wrap=True)
    for setting in KERNELS:
        values = table.at("kernel", setting.name)
        limit = table.at("kernel", setting.name, predicted=True)[greatest][0]
        shown.add_row(f"kernel, {setting.label}", *_ends(values, least, greatest), f"{limit:.3g}", _slope(values))
    for network in NETWORKS:
        values = table.final_gaps(network.name)
        shown.add_row(f"gap, {network.label}", *_ends(values, least, greatest), "", _slope(values))
    return shown


def _ends(values: dict[float, list[float]], least: float, greatest: float) -> tuple[str, str]:
    first, last = (f"{math.fsum(values[width]) / len(values[width]):.3g}" for width in (least, greatest))
    return first, last


def _slope(values: dict[float, list[float]]) -> str:
    fitted, half = slope(values)
    return f"{fitted:+.2f} ± {half:.2f}"
