"""Tables of limits: rows of limit.csv and levels.csv, and what fits a terminal."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from runs.limit.files.tables import LEVELS_FILE, LIMIT_FILE, shown_table, write_tables
from tests.runs.limit.files.found import TIMES, found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of two points."""
    out = tmp_path_factory.mktemp("tables")
    assert write_tables([found(rate=0.5), found(rate=2.0)], out) == [out / LIMIT_FILE, out / LEVELS_FILE]
    return out


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_quantity_of_every_point_has_a_row(both: Path) -> None:
    """Assert that limits are around the truth with their intervals, and how networks of few particles differ."""
    table = rows(both / LIMIT_FILE)
    assert len(table) == 2 * 3 * len(TIMES) and {row["rate"] for row in table} == {"0.5", "2.0"}
    first = table[0]
    assert (first["quantity"], first["entry"], first["time"], first["verdict"]) == ("risk", "", "0.0", "converged")
    assert float(first["low"]) < 1.0 < float(first["high"]) and 0.0 < float(first["standard_error"]) < 0.1
    assert float(first["correction_low"]) < 1.0 < float(first["correction_high"])
    assert float(first["width_for_1_percent"]) > 4.0 and first["seconds"] == "2.5"
    signs = next(row for row in table if row["quantity"] == "out_puts" and row["entry"] == "1")
    assert signs["fluctuation"] == "" and signs["width_for_1_percent"] == ""  # the limit is random


def test_levels_add_up_to_the_finite_widths(both: Path) -> None:
    """Assert that a row of each width holds E F(m), which for the risk at time zero is 1 + 1 / m."""
    table = [row for row in rows(both / LEVELS_FILE) if row["quantity"] == "risk" and row["time"] == "0.0"]
    assert [row["width"] for row in table] == ["4", "8", "16"] * 2
    for row in table:
        away = float(row["value"]) - 1.0 - 1.0 / float(row["width"])
        assert abs(away) < 5.0 * float(row["standard_error"]) < 0.25
    sums = np.cumsum([float(row["difference"]) for row in table[:3]])
    assert sums.tolist() == pytest.approx([float(row["value"]) for row in table[:3]])


@pytest.mark.parametrize("width", [40, 79, 200])
def test_the_terminal_has_what_fits(width: int) -> None:
    """Assert that rows are those of the end, in lines that are not broken, and what does not fit is named."""
    shown = [found(rate=0.5), found(rate=2.0)]
    table, left = shown_table(shown, width)
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    lines = out.getvalue().splitlines()
    assert len(lines) == 2 + 6 and all(len(line) <= width for line in lines)
    assert ("out_puts[1]" in lines[-1]) and ("bias" in left) == (width < 100) and ("bias" in lines[0]) == (width > 100)
    if width > 100:
        assert lines[-1].split()[-4:-2] == ["-", "yes"] and lines[3].split()[2:5:2] == ["3", "to"]
