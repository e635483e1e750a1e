"""Slopes and values from samples."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from runs.studies.propagation_of_chaos.config import Config
from runs.studies.propagation_of_chaos.experiment import Part
from runs.studies.propagation_of_chaos.results import (
    Row,
    Table,
    is_done,
    rows_of,
    samples_of,
    summary,
    values_of,
    write,
)


def planted(config: Config, folder: Path, kind: str) -> Part:
    """Samples whose deviation is 1 / sqrt(count), or whose W_2^2 and floor are 5 / count and 4 / count."""
    part = Part(
        Config.validated(**{**config.model_dump(), "out": folder, "seeds": 4, "distance_seeds": 2}), "ntk", kind
    )
    lines = ["time,count,prediction,second_moment,kernel" if kind == "observables" else "time,count,square,floor"]
    for time in config.times:
        for count in part.counts:
            for sign in (-1, 1) * (part.repetitions // 2):
                values = [2.0 + sign / count**0.5] * 3 if kind == "observables" else [5.0 / count, 4.0 / count]
                lines.append(",".join(map(str, [time, count, *values])))
        if kind == "distances":
            lines.append(f"{time},64,0.25,0.25")
    part.path.write_text("\n".join(lines) + "\n")
    return part


def test_slopes_of_planted_deviations(config: Config, tmp_path: Path) -> None:
    """Assert that deviations that fall as the root of the count have slope -1/2, at every time."""
    rows = rows_of(samples_of(planted(config, tmp_path, "observables")))
    assert [(row.quantity, row.time) for row in rows] == [
        (name, time) for time in config.times for name in ("prediction", "second_moment", "kernel")
    ]
    assert all(row.slope == pytest.approx(-0.5, abs=1e-12) and row.low <= -0.5 <= row.high for row in rows)


def test_distances_are_rooted_and_their_excess_is_not(config: Config, tmp_path: Path) -> None:
    """Assert that W_2 is the root of the mean square, slope -1/2, and the excess is that of the squares, 1 / count."""
    samples = samples_of(planted(config, tmp_path, "distances"))
    assert all(row.slope == pytest.approx(-0.5, abs=1e-12) for row in rows_of(samples))
    values = {(value.quantity, value.count): value for value in values_of(samples) if value.time == config.times[0]}
    assert values["square", 8].value == pytest.approx((5.0 / 8.0) ** 0.5, rel=1e-12)
    assert values["floor", 16].value == pytest.approx(0.5, rel=1e-12)
    assert values["square", 8].excess == pytest.approx(1.0 / 8.0, rel=1e-12)
    assert values["square", 64].value == 0.5


def test_samples_are_complete_only_with_all_their_rows(config: Config, tmp_path: Path) -> None:
    """Assert that a missing file, a missing row and more seeds each leave work to do."""
    part = planted(config, tmp_path, "observables")
    assert is_done(part)
    more = Config.validated(**{**part.config.model_dump(), "seeds": 5})
    assert not is_done(Part(more, "ntk", "observables"))
    assert not is_done(Part(part.config, "gradient", "observables"))
    part.path.write_text("".join(part.path.read_text().splitlines(keepends=True)[:-1]))
    assert not is_done(part)


def test_table_shows_slopes_with_intervals_and_failures(config: Config) -> None:
    """Assert that slope and interval of the last time stand in a table of 80 columns, and a missing part as failed."""
    rows = tuple(Row("gradient", time, "kernel", -0.25 * time, -0.6, -0.4) for time in config.times)
    console = Console(file=io.StringIO(), width=80)
    console.print(summary(Table(config, rows, (), (), ())))
    said = console.file.getvalue()
    assert "-0.10" in said and "[-0.60, -0.40]" in said and "failed" in said and "time 0.4" in said


def test_rows_survive_the_file(tmp_path: Path) -> None:
    """Assert that a row is written with its header and full digits."""
    write(tmp_path / "result.csv", Row, [Row("ntk", 1.0, "kernel", -1 / 3, -0.5, 0.1)])
    assert (tmp_path / "result.csv").read_text() == (
        "flow,time,quantity,slope,low,high\nntk,1.0,kernel,-0.3333333333333333,-0.5,0.1\n"
    )
