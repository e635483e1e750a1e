"""The part of a page on the folder of a study file: a row and a curve for each setting, and some runs' particles."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from runs.pages.curves import budgeted, evenly, figure_of, panel_of
from runs.pages.part import Figure, Part, Sheet
from runs.pages.provenance import commands_of, rows_of
from runs.pages.study_part import opened_in
from runs.pages.trajectory_part import films_of
from runs.pages.words import counted, in_words, said
from runs.recorded.flat_parameters import Scalar
from runs.study.panels import Heat
from runs.studyfile.results.figure import FIGURE_FILE, curve_panels
from runs.studyfile.results.finished_runs import Found, Setting, distinguishing, found_in, settings_of
from runs.studyfile.results.index import INDEX_FILE
from runs.studyfile.results.map_figure import MAP_FILE, maps_of
from runs.studyfile.results.table import RESULT_FILE, result_rows

#: Most rows and columns of a table.
ROWS, COLUMNS = 200, 14
#: Trajectories of particles on a page that is this part alone.
FILMS = 6


def sweep_part(folder: Path, share: int = 1) -> Part:
    """What the folder of a study file holds; share: of how many parts of the page this is one."""
    runs = found_in(folder, series=True)
    settings = settings_of(runs, folder)
    with ExitStack() as opened:
        trajectories = dict(opened_in(folder, opened))
        films, left = films_of(trajectories, FILMS if share == 1 else 1)
        notes = [trajectory.provenance for trajectory in trajectories.values()]
    names = [folder / name for name in (RESULT_FILE, INDEX_FILE, FIGURE_FILE, MAP_FILE)]
    return Part(
        title=folder.resolve().name,
        about=(_about(runs, settings),),
        settings=_settings(runs, settings),
        sheets=_sheets(settings),
        figures=tuple(_figures(settings, folder, share)),
        films=films,
        films_said=left,
        provenance=rows_of(notes, "file"),
        commands=commands_of(notes),
        links=(*(str(name) for name in names if name.is_file()), *map(str, list(trajectories)[:ROWS])),
    )


def _about(runs: Sequence[Found], settings: Sequence[Setting]) -> str:
    states = Counter(run.state for run in runs)
    spoken = ", ".join(f"{count} {state}" for state, count in states.items())
    keys = ", ".join(key.replace("_", " ") for key in distinguishing(settings))
    varied = f"; what varies is {keys}" if keys else ""
    return f"{counted(len(runs), 'run')} of {counted(len(settings), 'setting')}: {spoken}{varied}."


def _settings(runs: Sequence[Found], settings: Sequence[Setting]) -> list[tuple[str, str]]:
    """What all runs have in common; keys that vary, with their values."""
    rows: dict[str, Any] = {}
    for name in dict.fromkeys(name for run in runs for name in run.values):
        values: list[Scalar] = list(dict.fromkeys(run.values.get(name) for run in runs))
        rows[name] = values[0] if len(values) == 1 else values
    return in_words(rows)


def _sheets(settings: Sequence[Setting]) -> tuple[Sheet, ...]:
    """The table of result.csv with the columns in which settings differ, cut where it is long."""
    heads, *rows = result_rows(settings)
    keys = list(dict.fromkeys(name for setting in settings for name in setting.values))
    kept = [*distinguishing(settings), *(str(head) for head in heads[len(keys) :])]
    wanted = [name for name in kept if not name.endswith(("_least", "_largest"))]
    columns = [heads.index(name) for name in wanted[:COLUMNS]]
    chosen = evenly(len(rows), ROWS)
    cells = tuple(tuple(_cell(rows[number][column]) for column in columns) for number in chosen)
    left = [
        f"{len(chosen)} of {len(rows)} settings" if len(chosen) < len(rows) else "",
        f"{len(columns)} of {len(heads)} columns" if len(columns) < len(heads) else "",
    ]
    remark = ", ".join(filter(None, left))
    shown = tuple(str(heads[column]).replace("_sd", " ± sd").replace("_", " ") for column in columns)
    return (Sheet("Last values of complete runs, means over seeds", shown, cells, remark and f"Shown are {remark}."),)


def _cell(value: Scalar) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else said(value)


def _figures(settings: Sequence[Setting], folder: Path, share: int) -> list[Figure]:
    curves, scale, drawn = curve_panels(settings)
    panels = [panel_of(panel) for panel in curves]
    remark = f"{drawn} of {len(settings)} settings are drawn." if drawn < len(settings) else ""
    figures = []
    if panels:
        most = budgeted(panels, share)
        link = str(folder / FIGURE_FILE) if (folder / FIGURE_FILE).is_file() else ""
        figures.append(figure_of("Observables against time", panels, link, most=most, scale=scale, remark=remark))
    maps = [Heat(file=MAP_FILE, **vars(one)) for one in maps_of(settings)]
    if maps:
        link = str(folder / MAP_FILE) if (folder / MAP_FILE).is_file() else ""
        figures.append(figure_of("Last values, means over seeds", maps, link))
    return figures
