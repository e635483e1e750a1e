"""The summary at the end of a study: its table in the terminal and in result.csv, its figure, and their paths."""

from collections.abc import Iterator, Sequence
from os.path import getmtime, isfile
from pathlib import Path

from rich.console import Console

from particles import TrajectoryError
from runs.studyfile.results.finished_runs import Setting, found_in, settings_of
from runs.studyfile.results.index import INDEX_FILE
from runs.studyfile.results.table import RESULT_FILE, shown_table, write_table
from runs.studyfile.running import RUN_FILE, Job
from runs.system.refusal import Refusal


def summarised(jobs: Sequence[Job], console: Console) -> Iterator[str]:
    """Show the table of all runs in the folder, write it and the figures, and yield lines with their paths.

    Figures that are newer than every run stay as they are. A figure or table that cannot be made gives a line, not an
    error.
    """
    out = jobs[0].out
    settings = settings_of(found_in(out, jobs, series=True), out)
    table, left = shown_table(settings, console.width)
    console.print(table)
    if left:
        yield f"only in {out / RESULT_FILE}: {'; '.join(left)}"
    try:
        write_table(settings, out / RESULT_FILE)
        yield f"table: {out / RESULT_FILE}"
        yield from (f"figure: {path}" for path in _drawn(settings, out))
    except (Refusal, TrajectoryError) as error:
        yield str(error)
    if isfile(out / INDEX_FILE):
        yield f"which run lies where: {out / INDEX_FILE}"


def draw_folder(folder: Path, out: Path) -> list[Path]:
    """Draw the figures of a study from the files in its folder; raises Refusal where there is nothing to draw."""
    settings = settings_of(found_in(folder, series=True), folder)
    drawn = _figures(settings, out, _title(settings, folder)) if settings else []
    if not drawn:
        raise Refusal(f"The folder {folder} holds no run of a study file with a record after time zero: name one.")
    return drawn


def _drawn(settings: Sequence[Setting], out: Path) -> list[Path]:
    """The paths of the figures, which are drawn if the curves are missing or older than a run."""
    from runs.studyfile.results.figure import FIGURE_FILE
    from runs.studyfile.results.map_figure import MAP_FILE

    path = out / FIGURE_FILE
    files = [out / run.name / RUN_FILE for setting in settings for run in setting.runs]
    if isfile(path) and all(getmtime(file) <= getmtime(path) for file in files if isfile(file)):
        return [each for each in (path, out / MAP_FILE) if isfile(each)]
    return _figures(settings, out, _title(settings, out))


def _figures(settings: Sequence[Setting], out: Path, title: str) -> list[Path]:
    """The curves and, of a study that varies two numbers, the map: the paths of what was drawn."""
    from runs.studyfile.results.figure import FIGURE_FILE, draw_study
    from runs.studyfile.results.map_figure import MAP_FILE, draw_map

    drawn = draw_study(settings, out / FIGURE_FILE, title), draw_map(settings, out / MAP_FILE, title)
    return [path for path in drawn if path is not None]


def _title(settings: Sequence[Setting], out: Path) -> str:
    runs = sum(len(setting.runs) for setting in settings)
    return f"{out.resolve().name}, {runs} runs" if runs > 1 else out.resolve().name
