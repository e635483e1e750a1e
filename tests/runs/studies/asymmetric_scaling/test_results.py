"""The end values as rows, as a CSV file and as a table."""

import csv
import io
import math
from pathlib import Path

from rich.console import Console

from particles import Trajectory
from runs.studies.asymmetric_scaling.config import SETTINGS, configured
from runs.studies.asymmetric_scaling.experiment import Run
from runs.studies.asymmetric_scaling.results import (
    COLUMNS,
    REUSED,
    Row,
    Table,
    known_seconds,
    lines,
    row_of,
    summary,
    write_rows,
)
from tests.runs.conftest import Smoke

#: Numbers of a row, and lines of the table of a network with one output.
NUMBERS, SHOWN = len(COLUMNS) + len(REUSED), 10


def row(setting: int = 1, seed: int = 0, value: float = 0.25, seconds: float = 1.5) -> Row:
    """A row with one value everywhere."""
    chosen = SETTINGS[setting]
    alpha = math.nan if chosen.alpha is None else chosen.alpha
    return Row(chosen.name, chosen.gamma, alpha, seed, 10, 20.0, *[value] * NUMBERS, seconds)


def printed(*rows: Row, seeds: int) -> str:
    """The table on a terminal of 80 columns."""
    config = configured(data="simulated", scale="laptop", device="cpu", seeds=seeds)
    console = Console(file=io.StringIO(), width=80)
    console.print(summary(Table(config, rows, (), ())))
    return console.file.getvalue()


def test_row_holds_the_last_record_of_each_observable(smoke: Smoke) -> None:
    """Assert that a row's numbers are those at the end of the file, and its setting and seed those of the run."""
    config = configured(data="diabetes", scale="smoke", device="cpu", out=smoke.folder)
    found = row_of(Run(config, SETTINGS[2], 0), seconds=1.234)
    with Trajectory.open(smoke.folder / "gamma0.2-seed0.h5") as trajectory:
        for name in COLUMNS.keys() & trajectory.observables.keys():
            assert getattr(found, name) == trajectory.observables[name].values[-1]
        assert math.isnan(found.test_accuracy) and math.isnan(found.transfer_accuracy)
        assert found.pruned_train_risk == trajectory.observables["pruned_train_risk"].values[-1, 19]
        assert found.pruned_test_risk == trajectory.observables["pruned_test_risk"].values[-1, 19]
        assert found.transfer_risk == trajectory.observables["transfer_risk"].values[-1, 0]
    assert (found.setting, found.gamma, found.alpha, found.seed) == ("gamma0.2", 0.2, 0.5, 0)
    assert (found.steps, found.time, found.seconds) == (500, 1000.0, 1.23)


def test_csv_file_has_one_row_per_run_and_gives_the_seconds_back(tmp_path: Path) -> None:
    """Assert that numbers survive the file exactly, and the seconds can be read by setting and seed."""
    path = tmp_path / "result.csv"
    write_rows(path, [row(0, 0, 0.1), row(1, 2, 1e-17, seconds=9.5)])
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["train_risk"]) for line in lines] == [0.1, 1e-17]
    assert math.isnan(float(lines[0]["alpha"])) and lines[1]["alpha"] == "0.7"
    assert known_seconds(path) == {("gamma1.0", 0): 1.5, ("gamma0.5", 2): 9.5}
    assert known_seconds(tmp_path / "none.csv") == {}


def test_table_shows_mean_and_half_range_over_seeds() -> None:
    """Assert that seeds with 1, 2 and 6 read as 3 plus or minus 2.5."""
    text = printed(row(0, 0, 1.0), row(0, 1, 2.0), row(0, 2, 6.0), seeds=3)
    assert "simulated, 15,000 steps, mean ± half the range of 3 seeds" in text
    assert text.count("± 2.5") == SHOWN
    assert all(f"{words} " in text for name, words in COLUMNS.items() if "accuracy" not in name)


def test_table_of_one_seed_has_no_spread_and_names_what_failed() -> None:
    """Assert that one seed shows values alone, and that a setting without a complete run is shown as failed."""
    text = printed(row(0), row(1), row(2), seeds=1)
    assert "one seed" in text and "±" not in text
    assert text.count("failed") == SHOWN


def test_table_fits_a_terminal_of_eighty_columns() -> None:
    """Assert that long numbers are neither cut nor broken."""
    rows = [row(setting, seed, value) for setting in range(4) for seed, value in enumerate((0.000123456, 0.000345678))]
    text = printed(*rows, seeds=2)
    assert "…" not in text
    assert text.count("0.000235") == text.count("± 0.00011") == 4 * SHOWN


def test_accuracies_are_shown_where_the_network_classifies() -> None:
    """Assert that the table has their lines with several outputs and not with one."""
    config = configured(data="simulated", scale="laptop", device="cpu")
    added = lines(config.model_copy(update={"outputs": 10})).keys() - lines(config).keys()
    assert added == {"train_accuracy", "test_accuracy", "pruned_test_accuracy", "transfer_accuracy"}
