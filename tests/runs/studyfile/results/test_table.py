"""The table of a study: a row a setting, in the terminal as much of it as fits, whole in result.csv."""

import csv
import math
import statistics
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from runs.studyfile.results.finished_runs import COMPLETE, FAILED, Found, Setting, found_in, settings_of
from runs.studyfile.results.table import ROWS, shown_table, write_table
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.done import done


def run(seed: int, risk: float, state: str = COMPLETE) -> Found:
    """A run with one record."""
    return Found(f"run{seed}", {"seed": seed}, state, 2.0, 1.5, {"risk": (np.array([2.0]), np.array([risk]))})


def setting(number: int, *runs: Found) -> Setting:
    """A setting of one varied key."""
    return Setting({"masses.count": number}, runs, {"masses.count": "masses.count"})


def printed(settings: list[Setting], width: int = 80) -> tuple[list[str], list[str]]:
    """Lines of the table, and what it leaves out."""
    console = Console(file=StringIO(), width=width)
    table, left = shown_table(settings, console.width)
    console.print(table)
    return console.file.getvalue().splitlines(), left  # type: ignore[attr-defined]


def test_result_csv_has_mean_and_spread_of_every_setting(tmp_path: Path) -> None:
    """Assert that the numbers are those of the last records of the complete runs, in full precision."""
    done(tmp_path)
    out = tmp_path / "out"
    settings = settings_of(found_in(out, series=True), out)
    write_table(settings, out / "result.csv")
    with (out / "result.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["masses.count"] for row in rows] == ["4", "6"]
    for row, each in zip(rows, settings, strict=True):
        ends = [run.ends["risk"] for run in each.runs]
        assert float(row["risk"]) == statistics.fmean(ends) and float(row["risk_sd"]) == statistics.stdev(ends)
        assert (float(row["risk_least"]), float(row["risk_largest"])) == (min(ends), max(ends))
        assert (row["complete"], row["runs"], row["end_time"]) == ("2", "2", "1.0")
        assert float(row["wall_seconds"]) == sum(run.seconds or math.nan for run in each.runs)


def test_runs_that_are_not_complete_do_not_count(tmp_path: Path) -> None:
    """Assert that a failed run and one whose end is no number are in no mean, and one run has no deviation."""
    rows = printed([setting(4, run(0, 0.5), run(1, 7.0, FAILED)), setting(6, run(0, math.nan))])[0]
    assert rows[2].split() == ["4", "1", "of", "2", "0.5", "2", "3"]
    assert rows[3].split() == ["6", "1", "of", "1", "-", "2", "1.5"]
    path = tmp_path / "result.csv"
    write_table([setting(4, run(0, 0.5), run(1, 7.0, FAILED)), setting(6, run(0, math.nan))], path)
    assert path.read_text().splitlines()[1:] == ["4,1,2,2.0,0.5,,0.5,0.5,3.0", "6,1,1,2.0,,,,,1.5"]


def test_hundreds_of_settings_are_cut_in_the_middle() -> None:
    """Assert that first and last settings are shown, with what is between left out and said."""
    lines, left = printed([setting(number, run(0, 1.0)) for number in range(300)])
    assert len(lines) == ROWS + 3 and left == [f"{300 - ROWS} more settings"]
    shown = [line.split()[0] for line in lines[2:]]
    assert shown[0] == "0" and shown[ROWS // 2] == "..." and shown[-1] == "299"
    assert len(printed([setting(number, run(0, 1.0)) for number in range(ROWS)])[0]) == ROWS + 2


def test_columns_that_do_not_fit_are_named() -> None:
    """Assert that no line is longer than the terminal, and that the columns left out are said."""
    many = {f"observable_{number}": (np.array([1.0]), np.array([1.0])) for number in range(20)}
    runs = (Found("a", {"seed": 0}, COMPLETE, 1.0, None, many),)
    wide = [setting(number, *runs) for number in (4, 6)]
    for width in (40, 80, 200):
        lines, left = printed(wide, width)
        assert max(map(len, lines)) <= width
        names = " ".join(lines[0].split())
        assert names.startswith("count seeds observable 0") and "..." not in names and "\u2026" not in names
        assert len(left) == 1 and left[0].startswith("observable ")


def test_what_a_file_says_is_printable() -> None:
    """Assert that names and values with escapes do not reach the terminal, and long ones are cut."""
    odd = Setting({"a.\x1b[31m": "x\x1b[2J" * 20}, (run(0, 1.0),), {"a.\x1b[31m": ""})
    assert "\x1b" not in "\n".join(printed([odd])[0])


def test_a_table_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Assert that a folder in its place is one sentence."""
    (tmp_path / "result.csv").mkdir()
    with pytest.raises(Refusal, match=r"result\.csv cannot be written \(a folder\): name another folder"):
        write_table([], tmp_path / "result.csv")
