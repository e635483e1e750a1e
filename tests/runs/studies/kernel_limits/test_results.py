"""Rows as a CSV file and as a table."""

import io
import math
from pathlib import Path

from rich.console import Console

from runs.studies.kernel_limits.config import KERNELS, NETWORKS, configured
from runs.studies.kernel_limits.measure import Row
from runs.studies.kernel_limits.results import Table, read_rows, slope, summary, write_rows


def table(out: Path) -> Table:
    """A table whose kernels fall like m^(-1/2) and whose gaps like 1/m, for two seeds that differ by a factor."""
    config = configured(data="simulated", scale="smoke", device="cpu", out=out)
    rows = [Row("kernel", setting.name, None, width, 2.0 / width) for setting in KERNELS for width in config.widths]
    for seed in (0, 1):
        for width in config.widths:
            rows += [Row("kernel", setting.name, seed, width, (1.0 + seed) * width**-0.5) for setting in KERNELS]
            for network in NETWORKS:
                rows += [Row(f"gap-{network.name}", f"{width}", seed, time, time / width) for time in (1.0, 5.0)]
    return Table(config, tuple(rows), ())


def test_rows_survive_the_file(tmp_path: Path) -> None:
    """Assert that what is read is what was written, to the last bit, predicted rows included; no file has no rows."""
    rows = (Row("kernel", "a", 3, 64.0, 1.0 / 3.0), Row("kernel", "a", None, 64.0, math.pi * 1e-17))
    write_rows(tmp_path / "result.csv", rows)
    assert read_rows(tmp_path / "result.csv") == rows
    assert read_rows(tmp_path / "other.csv") == ()


def test_curves_have_seeds_apart_from_what_is_predicted(tmp_path: Path) -> None:
    """Assert that values are kept by x with one per seed, that predicted ones are not among them, and final gaps."""
    found = table(tmp_path)
    assert found.at("kernel", "gamma0.2") == {16.0: [0.25, 0.5], 64.0: [0.125, 0.25]}
    assert found.at("kernel", "gamma0.2", predicted=True) == {16.0: [0.125], 64.0: [0.03125]}
    assert found.final_gaps("lazy") == {16.0: [5.0 / 16.0] * 2, 64.0: [5.0 / 64.0] * 2}


def test_slope_has_students_interval(tmp_path: Path) -> None:
    """Assert that a power law has its exponent, and scatter by a factor of two the interval of four points."""
    fitted, half = slope(table(tmp_path).at("kernel", "gamma0.0"))
    # Residuals are +-log(2)/2; t(0.975, 2) = 4.302653 and log(64/16) = 2 log 2.
    assert abs(fitted + 0.5) < 1e-12
    assert abs(half - 4.302653 * math.sqrt(0.5) * math.log(2.0) / (2.0 * math.log(2.0))) < 1e-6
    assert abs(slope(table(tmp_path).final_gaps("ntk"))[0] + 1.0) < 1e-12


def test_summary_shows_both_ends_and_slopes(tmp_path: Path) -> None:
    """Assert that every setting has its line with means, prediction and slope."""
    said = io.StringIO()
    Console(file=said, width=100).print(summary(table(tmp_path)))
    lines = {line.strip().rsplit("  ", 4)[0].strip(): line for line in said.getvalue().splitlines()}
    assert all(any(label in line for line in lines) for label in ("kernel, γ = 0.5, α = 0.7", "gap, mean field"))
    line = next(line for line in said.getvalue().splitlines() if "kernel, γ = 1" in line)
    assert line.split()[-6:] == ["0.375", "0.188", "0.0312", "-0.50", "±", "1.52"]
