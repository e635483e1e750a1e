"""The figures of a study as data: which panels go into which file, under which title."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from particles import TrajectoryError
from runs.batch.standing_processes import standing_processes
from runs.study.configuration import StudyConfig
from runs.study.panels import AnyPanel, by_file, draw
from runs.study.study import Study
from runs.study.table import Table
from runs.system.refusal import Refusal


@dataclass(frozen=True, eq=False)
class StudyFigure:
    """The panels of one file."""

    file: str
    title: str
    panels: Sequence[AnyPanel]


def figures_of(study: Study, config: StudyConfig, table: Table, without: Sequence[str] = ()) -> list[StudyFigure]:
    """The figures of the experiments that have measured something, but for some by name.

    Experiments that name one file share its figure.
    Raises Refusal where a trajectory that is shown cannot be read.
    """
    measured = {row.experiment for row in table if row.seed is not None} - set(without)
    try:
        shown = {one: by_file(one.panels(config, table)) for one in study.experiments if one.name in measured}
    except TrajectoryError as error:
        raise Refusal(f"The figures cannot be drawn: {error}") from error
    figures = []
    for name in dict.fromkeys(file for files in shown.values() for file in files):
        owners = [one for one, own in shown.items() if name in own]
        single = len(owners) == 1
        title = f"{owners[0].title}: {owners[0].about(config)}" if single else f"{study.title}: {config.about}"
        figures.append(StudyFigure(name, title, [panel for one in owners for panel in shown[one][name]]))
    return figures


def draw_all(figures: Sequence[StudyFigure], folder: Path, workers: int = 0) -> None:
    """Draw the figures into a folder, by at most so many processes, those of most panels first; 0: here.

    The files have the same bytes for any number of processes.
    """
    count = min(workers, len(figures))
    drawn = partial(_drawn, folder)
    largest_first = sorted(figures, key=lambda figure: -len(figure.panels))
    if count <= 1:
        for figure in largest_first:
            drawn(figure)
        return
    with standing_processes(count) as spread:
        spread(drawn, largest_first)


def _drawn(folder: Path, figure: StudyFigure) -> None:
    draw(figure.panels, folder / figure.file, figure.title)
