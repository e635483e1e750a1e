"""The part of a page on a study by name: its claims, its figures from the tidy table, its trajectories' particles."""

import bisect
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from particles import Trajectory, TrajectoryError
from particles.trajectory import TrajectoryReader
from runs.figures.palette import colours_of
from runs.pages.curves import budgeted, evenly, figure_of
from runs.pages.part import Figure, Part
from runs.pages.provenance import commands_of, rows_of
from runs.pages.trajectory_part import films_of
from runs.pages.words import counted, in_words
from runs.studies import STUDIES, named
from runs.study.claims import CLAIMS, read_claims
from runs.study.configuration import StudyConfig
from runs.study.experiment import planned
from runs.study.panels import Line, Panel
from runs.study.provenance import noted_work
from runs.study.running import CASES, RESULT, Job
from runs.study.study import Study
from runs.study.study_figures import StudyFigure, figures_of
from runs.study.table import Table
from runs.system.refusal import Refusal

#: Fields of a configuration that are options of every study, and are said apart.
COMMON = ("data", "scale", "device", "seeds", "out", "workers")
#: Most files that are named.
LINKS = 60
#: Most trajectories of a folder that are opened.
OPENED = 100


def study_part(folder: Path, held: Mapping[str, Any], share: int = 1) -> Part:
    """What a study's folder holds, `held` being its config.json; a study that is not known shows its table.

    share: of how many parts of the page this is one. Raises Refusal for tables that are damaged.
    """
    table = Table.read(folder / RESULT) if (folder / RESULT).exists() else Table()
    claims = read_claims(folder / CLAIMS) if (folder / CLAIMS).exists() else ()
    found = configured(folder, held, table)
    figures, remark = _figures(found, table, folder, share)
    remarks = held.get("remarks")
    notes = noted_work(folder)
    with ExitStack() as opened:
        trajectories = dict(opened_in(folder, opened))
        films, said = films_of(trajectories, 6 if share == 1 else 1)
        origin = rows_of(notes, "command") or rows_of([one.provenance for one in trajectories.values()], "file")
    words = [f"Data: {remarks['citation']}."] if isinstance(remarks, dict) and remarks.get("citation") else []
    return Part(
        title=str(held.get("study", folder.name)),
        kicker=f"{found[0].paper}" if found else "",
        about=tuple(filter(None, [*_about(found, table), *words, remark])),
        settings=in_words(held, without=("study", "remarks")),
        claims=tuple(claims),
        figures=figures,
        films=films,
        films_said=said,
        provenance=origin,
        commands=((command_of(*found, table),) if found else commands_of(notes)),
        links=_links(folder),
    )


def configured(folder: Path, held: Mapping[str, Any], table: Table) -> tuple[Study, StudyConfig] | None:
    """The study and its configuration from a folder; None where this version knows no such study or configuration.

    How many seeds there are is not in the configuration: it is the least number that asks for all cases that are there.
    """
    name = held.get("study")
    if not isinstance(name, str) or name not in STUDIES:
        return None
    study = named(name)
    fields = {field: value for field, value in held.items() if field in study.config.model_fields}
    most = 1 + max((row.seed for row in table if row.seed is not None), default=0)
    given = {"data": held.get("data") or None, "scale": held.get("scale", "laptop"), "device": "cpu"}
    try:
        later = study.configured(**given).model_dump()  # fields that the study got since the folder was made
        base = study.config.validated(**{**later, **fields, "device": "cpu", "seeds": most, "out": folder})
        tried = [base.model_copy(update={"seeds": count}) for count in range(1, most + 1)]
        every = _present(study, tried[-1], table)
        return study, tried[bisect.bisect_left(tried, every, key=lambda config: _present(study, config, table))]
    except (Refusal, KeyError, TypeError, ValueError):
        return None


def command_of(study: Study, config: StudyConfig, table: Table) -> str:
    """The command that makes the folder's results again: fields that differ from those of the scale are options."""
    given = {"data": config.data} if config.data else {}
    base = study.configured(**given, scale=config.scale, device="cpu")
    options = [f"--data {config.data}"] if config.data and config.data != study.config.chosen_data({}) else []
    options.append(f"--scale {config.scale}")
    options += [f"--seeds {config.seeds}"] if config.seeds != base.seeds else []
    for field in type(config).model_fields:
        value = getattr(config, field)
        if field not in COMMON and value != getattr(base, field) and value is not None:
            options.append(f"--{field.replace('_', '-')}{_typed(value)}")
    measured = {row.experiment for row in table if row.seed is not None}
    names = [one.name for one in study.experiments if one.name in measured]
    usual = set(study.usual or (one.name for one in study.experiments))
    words = names if set(names) != usual else []
    return " ".join(["meanfield run", study.name, *map(shlex.quote, words), *options])


def _typed(value: object) -> str:
    """A value of an option as it is typed."""
    if isinstance(value, bool):
        return "" if value else "=false"
    if isinstance(value, tuple | list):
        return f" {shlex.quote(','.join(map(str, value)))}"
    return f" {shlex.quote(str(value))}"


def missing(study: Study, config: StudyConfig, table: Table) -> int:
    """How many cases of the experiments that have rows are not in the folder."""
    return len(_cases(study, config, table)) - _present(study, config, table)


def _present(study: Study, config: StudyConfig, table: Table) -> int:
    """How many of them are; the more seeds, the more or as many."""
    place = config.out / CASES
    there = {path.name for path in place.iterdir()} if place.is_dir() else set()
    return sum(f"{name}.csv" in there for name in _cases(study, config, table))


def _cases(study: Study, config: StudyConfig, table: Table) -> list[str]:
    there = {row.experiment for row in table}
    chosen = [one for one in study.experiments if one.name in there]
    return [Job(one, config, case, config.out).name for one in chosen for case in planned(one, config)]


def _about(found: tuple[Study, StudyConfig] | None, table: Table) -> Iterator[str]:
    if found is None:
        yield "This version knows no such study, or no such configuration of it: its table is shown as it is."
        return
    study, config = found
    yield study.summary
    yield (
        f"Scale {config.scale}, "
        + ", ".join(
            filter(None, (f"data {config.data}" if config.data else "", counted(config.seeds, "seed"))),
        )
        + "."
    )
    left = missing(study, config, table)
    if left:
        yield f"Of {counted(len(_cases(study, config, table)), 'case')} {left} are missing: run the command again."


def _figures(
    found: tuple[Study, StudyConfig] | None, table: Table, folder: Path, share: int
) -> tuple[tuple[Figure, ...], str]:
    """The study's figures, or what the table holds where they cannot be had, with a sentence that says why."""
    drawn, remark = None, ""
    if found is not None:
        try:
            drawn = figures_of(*found, table)
        except (Refusal, LookupError, ValueError) as error:
            remark = f"The study's own figures cannot be drawn from this folder ({error}): its table is shown as it is."
    if drawn is None:
        drawn = list(plain_figures(table))
    most = budgeted([panel for figure in drawn for panel in figure.panels], share)
    there = ((one, bool(one.file) and (folder / one.file).exists()) for one in drawn)
    figures = (
        figure_of(one.title, one.panels, str(folder / one.file) if file else "", most=most) for one, file in there
    )
    return tuple(_once(figures)), remark


def _once(figures: Iterable[Figure]) -> Iterator[Figure]:
    """The figures without those that show nothing but plots of figures before, as a file for each panel does."""
    seen: set[str] = set()
    for figure in figures:
        shown = {json.dumps([plot.title, plot.data]) for plot in figure.plots}
        if not shown <= seen:
            yield figure
        seen |= shown


def plain_figures(table: Table) -> Iterator[StudyFigure]:
    """A figure for each experiment of a table, with a panel for each quantity and a colour for each curve."""
    for experiment in dict.fromkeys(row.experiment for row in table):
        rows = table.of(experiment)
        colours = colours_of(row.curve for row in rows)
        panels = []
        for quantity in dict.fromkeys(row.quantity for row in rows):
            lines = []
            for curve, predicted in dict.fromkeys((r.curve, r.seed is None) for r in rows if r.quantity == quantity):
                label = f"{curve}, predicted" if predicted else curve
                held = rows.at(experiment, quantity, curve, predicted=predicted)
                lines.append(Line.of(label, colours[curve], held, "dashed" if predicted else "dots"))
            positive = all(bool((line.values > 0.0).all()) for line in lines)
            log_x = all(bool((line.x > 0.0).all()) for line in lines)
            panels.append(Panel("", quantity, "x", tuple(lines), "", log_x=log_x, log_y=positive))
        yield StudyFigure("", experiment, panels)


def opened_in(folder: Path, opened: ExitStack) -> Iterator[tuple[Path, TrajectoryReader]]:
    """The trajectories below a folder that can be read, some of them where there are very many."""
    files = sorted(folder.rglob("*.h5"))
    for file in (files[place] for place in evenly(len(files), OPENED)):
        try:
            yield file, opened.enter_context(Trajectory.open(file))
        except TrajectoryError:
            continue


def _links(folder: Path) -> tuple[str, ...]:
    names = [path for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".png", ".h5", ".gif", ".json")]
    return tuple(map(str, names[:LINKS]))
