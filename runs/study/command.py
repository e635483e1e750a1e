"""A study as the command line calls it: options are the fields of its configuration; what was found is printed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table as RichTable

from runs.study.configuration import StudyConfig
from runs.study.running import run_study
from runs.study.study import Study
from runs.study.table import Row, Table
from runs.system.refusal import Refusal, chosen
from runs.system.verbosity import progress_console


def command(
    study: Study, given: Mapping[str, Any], rest: Sequence[str], page: Callable[[Path], None] | None = None
) -> bool:
    """Run a study, or the experiments that are named, and print its table; whether every case is complete.

    given: options that the command line knows, None where they are not given; rest: what it does not know, names of
    experiments and options that are fields of the configuration; page: writes the page of a folder, at the end.
    """
    names, options = parsed(study, rest)
    config = study.configured(**given, **options)
    console = progress_console()
    table = run_study(study, config, only=names or study.usual, console=console)
    shown = Console()
    for part in summaries(study, config, table):
        shown.print(part)
    for file in table.files:
        shown.print(f"  {file}", highlight=False, soft_wrap=True)
    for failure in table.failures:
        Console(stderr=True).print(f"Failed: {failure}", highlight=False, soft_wrap=True)
    if page is not None and table.files:
        page(config.out)
    return not table.failures


def parsed(study: Study, rest: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Names of experiments, and values of options as --name VALUE, --name=VALUE, or --name for what is on or off."""
    names: list[str] = []
    options: dict[str, Any] = {}
    left = list(rest)
    while left:
        word = left.pop(0)
        if not word.startswith("-"):
            names.append(word)
            continue
        option, equals, value = word.partition("=")
        field = _field(study, option)
        flag = field in study.config.switches or study.config.model_fields[field].annotation is bool
        if not equals and not flag:
            if not left:
                raise Refusal(f"The option {option} needs a value: give {option} VALUE.")
            value = left.pop(0)
        options[field] = True if flag and not equals else _value(study.config, field, value)
    study.chosen(names)
    return names, options


def _field(study: Study, option: str) -> str:
    """The field or switch that an option sets; a Refusal lists the options where there is none."""
    known = {f"--{name.replace('_', '-')}": name for name in (*study.config.model_fields, *study.config.switches)}
    if not study.config.data_sets:
        del known["--data"]
    try:
        return known[chosen("option", option, tuple(known))]
    except Refusal as error:
        raise Refusal(f"{study.name}: {error}") from error


def _value(config: type[StudyConfig], field: str, text: str) -> Any:
    """What pydantic is given: a text, or for several values the texts between commas."""
    annotation = config.model_fields[field].annotation if field in config.model_fields else bool
    many = tuple in (get_origin(annotation), *map(get_origin, get_args(annotation)))
    return text.split(",") if many else text


def summaries(study: Study, config: StudyConfig, table: Table) -> list[Group]:
    """For each experiment a title and a table: quantities down, curves across, means over seeds at the last x.

    With several seeds half their range stands below, else a standard error where there is one.
    """
    shown = []
    for experiment in study.experiments:
        rows = [row for row in table.of(experiment.name) if row.seed is not None]
        words = experiment.words or {name: name for row in rows for name in (row.quantity, row.curve)}
        quantities = [name for name in words if any(row.quantity == name for row in rows)]
        curves = [name for name in words if any(row.curve == name for row in rows)]
        if not quantities:
            continue
        part = RichTable(box=SIMPLE_HEAD)
        part.add_column("", no_wrap=True)
        for curve in curves:
            part.add_column(words[curve].replace(", ", "\n"), justify="right", no_wrap=True)
        for quantity in quantities:
            cells = ([row for row in rows if (row.quantity, row.curve) == (quantity, curve)] for curve in curves)
            part.add_row(words[quantity], *map(_cell, cells))
        shown.append(Group(f"{experiment.title}: {experiment.about(config)}", part))
    return shown


def _cell(rows: Sequence[Row]) -> str:
    if not rows:
        return "-"
    last = max(row.x for row in rows)
    found = [row for row in rows if row.x == last or len({row.x for row in rows}) == 1]
    values = np.array([row.value for row in found])
    spread = float(np.ptp(values)) / 2.0 if len(values) > 1 else found[0].error
    return f"{values.mean():.3g}" + ("" if np.isnan(spread) else f"\n± {spread:.2g}")
