"""Draws the committed figures of studies anew, from their committed tables: `python -m runs.studies.redraw [NAME...]`.

Figures of trajectories are left as they are; they are drawn at the end of a run.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from runs.studies import STUDIES, named
from runs.study.panels import draw
from runs.study.running import RESULT
from runs.study.study_figures import figures_of
from runs.study.table import Table
from runs.system.refusal import Refusal


def redraw(name: str, folder: Path | None = None) -> list[Path]:
    """Draw the figures of a study that follow from the table beside its code, there or in a folder; their paths."""
    study = named(name)
    home = home_of(name)
    config, table = study.configured(scale="laptop", device="cpu", out=home), Table.read(home / RESULT)
    written = []
    for experiment in study.experiments:
        others = [other.name for other in study.experiments if other != experiment]
        try:
            figures_of(study, config, table, others)
        except Refusal:
            table = Table(tuple(row for row in table if row.experiment != experiment.name))
    for figure in figures_of(study, config, table):
        written.append((folder or home) / figure.file)
        draw(figure.panels, written[-1], figure.title)
    return written


def home_of(name: str) -> Path:
    """The folder of a study's code."""
    return Path(str(import_module(STUDIES[name]).__file__)).parent


def main(names: Sequence[str]) -> None:
    """Draw the figures of the named studies, of all for no name, and print their paths."""
    for name in names or STUDIES:
        for path in redraw(name):
            print(f"  {path}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
