"""The end values of the runs as rows, a CSV file and a table for the terminal."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable

from particles import Trajectory
from runs.batch.output_folder import replace_text
from runs.studies.asymmetric_scaling.config import SETTINGS, Config
from runs.studies.asymmetric_scaling.experiment import Run
from runs.system.files import opened_text

#: Observables in the order of the table, with the words of its header.
COLUMNS = {
    "train_risk": "train risk",
    "test_risk": "test risk",
    "train_accuracy": "train accuracy",
    "test_accuracy": "test accuracy",
    "largest_movement": "largest movement",
    "mean_movement": "mean movement",
    "mass_weighted_movement": "movement by mass",
    "gram_change": "Gram change",
    "smallest_eigenvalue": "smallest eigenvalue",
}

#: Of what is recorded as a list at the end, the entry shown: its place, and the words of the header.
REUSED = {
    "pruned_train_risk": (-1, "train, 95 % pruned"),
    "pruned_test_risk": (-1, "test, 95 % pruned"),
    "pruned_test_accuracy": (-1, "accuracy, 95 % pruned"),
    "transfer_risk": (0, "transfer, 10 features"),
    "transfer_accuracy": (0, "its accuracy"),
}


@dataclass(frozen=True)
class Row:
    """End values of one complete run; seconds: of the process that completed it, NaN where that is not known.

    What is pruned is without 95 % of the particles, what is transferred with the fewest features. Accuracies are NaN
    where the network does not classify.
    """

    setting: str
    gamma: float
    alpha: float
    seed: int
    steps: int
    time: float
    train_risk: float
    test_risk: float
    train_accuracy: float
    test_accuracy: float
    largest_movement: float
    mean_movement: float
    mass_weighted_movement: float
    gram_change: float
    smallest_eigenvalue: float
    pruned_train_risk: float
    pruned_test_risk: float
    pruned_test_accuracy: float
    transfer_risk: float
    transfer_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Table:
    """What the study found: one row per complete run, a sentence per run that failed, and where the files are."""

    config: Config
    rows: tuple[Row, ...]
    failures: tuple[str, ...]
    files: tuple[Path, ...]


def row_of(run: Run, seconds: float) -> Row:
    """The last record of every observable of a complete run."""
    with Trajectory.open(run.path) as trajectory:
        last = {name: series.values[-1] for name, series in trajectory.observables.items()}
        steps, time = int(trajectory.steps[-1]), float(trajectory.times[-1])
    ends = {name: float(last.get(name, math.nan)) for name in COLUMNS}
    ends |= {name: float(last[name][place]) if name in last else math.nan for name, (place, _) in REUSED.items()}
    return Row(
        setting=run.setting.name,
        gamma=run.setting.gamma,
        alpha=math.nan if run.setting.alpha is None else run.setting.alpha,
        seed=run.seed,
        steps=steps,
        time=time,
        seconds=round(seconds, 2),
        **ends,
    )


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a CSV file with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    replace_text(path, text.getvalue())


def known_seconds(path: Path) -> Mapping[tuple[str, int], float]:
    """Seconds by setting and seed from an earlier table; empty where there is none."""
    if not path.exists():
        return {}
    with opened_text(path) as file:
        return {(row["setting"], int(row["seed"])): float(row["seconds"]) for row in csv.DictReader(file)}


def summary(table: Table) -> RichTable:
    """Mean end values of each setting and, with several seeds, half their range below."""
    config = table.config
    seeds = "one seed" if config.seeds == 1 else f"mean ± half the range of {config.seeds} seeds"
    shown = RichTable(title=f"{config.data}, {config.steps:,} steps, {seeds}", box=SIMPLE_HEAD)
    by_setting = {setting.label: [row for row in table.rows if row.setting == setting.name] for setting in SETTINGS}
    shown.add_column("", no_wrap=True)
    for label in by_setting:
        shown.add_column(label.replace(", ", "\n"), justify="right", no_wrap=True)
    for name, words in lines(config).items():
        shown.add_row(words, *(_spread([getattr(row, name) for row in rows]) for rows in by_setting.values()))
    return shown


def lines(config: Config) -> dict[str, str]:
    """What a table shows, with its words; accuracies only where the network classifies."""
    every = COLUMNS | {name: words for name, (_, words) in REUSED.items()}
    return {name: words for name, words in every.items() if config.classifies or "accuracy" not in name}


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "failed"
    mean = f"{fmean(values):.3g}"
    return mean if len(values) == 1 else f"{mean}\n± {(max(values) - min(values)) / 2.0:.2g}"
