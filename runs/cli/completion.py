"""Completion in bash, zsh and fish of what typer does not know: studies, their experiments, options and values, files.

Where nothing is offered the shell completes names of files, as it does for trajectories and folders.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from runs.studies import STUDIES, summary
from runs.system.options import DATA_SETS, DEVICES, SCALES
from runs.system.printable import shortened

if TYPE_CHECKING:
    from runs.cli.study_words import Words

#: What is offered: a word, and what it is.
Offer = tuple[str, str]
#: Letters of what a word is, at most.
LETTERS = 50


def _told(word: str, what: str) -> Offer:
    """A word with what it is, in so few letters that typer does not break the line, which fish would take for words."""
    return word, shortened(what, LETTERS)


def _words_after(context: typer.Context) -> "Words":
    """The words that may follow the name of a study, found by Python's own parser, which other commands do without."""
    from runs.cli.study_words import words_of

    return words_of(str(context.params.get("study")))


def _that_begin(words: Sequence[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


def studies(incomplete: str) -> list[Offer]:
    """Names of studies."""
    return [_told(name, summary(name)) for name in _that_begin(list(STUDIES), incomplete)]


def studies_and_files(incomplete: str) -> list[Offer]:
    """Names of studies, and study files of the folder in which one is; the shell completes what lies elsewhere."""
    files = sorted(path.name for path in Path().glob("*.toml"))
    return [*studies(incomplete), *((name, "a study file") for name in _that_begin(files, incomplete))]


def scales(incomplete: str) -> list[str]:
    """Scales."""
    return _that_begin(SCALES, incomplete)


def data_sets(incomplete: str) -> list[str]:
    """Data sets."""
    return _that_begin(DATA_SETS, incomplete)


def devices(incomplete: str) -> list[str]:
    """Devices."""
    return _that_begin(DEVICES, incomplete)


def after_study(context: typer.Context, incomplete: str) -> list[Offer]:
    """What may follow the name of a study: values of the option that stands before, experiments and options."""
    words = _words_after(context)
    given = list(context.params.get("rest") or ())
    if given and given[-1] in words.options:
        values = words.options[given[-1]]
        if values:
            return [(value, "") for value in _that_begin(values, incomplete)]
    if incomplete.startswith("-"):
        return [_told(option, words.helps.get(option, "")) for option in _that_begin(list(words.options), incomplete)]
    return [(name, "an experiment") for name in _that_begin(words.experiments, incomplete) if name not in given]


def observables(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the observables of the first file, the last of a list between commas being completed."""
    files = context.params.get("files") or context.args  # where an option has no value yet, typer parses nothing
    before, comma, last = incomplete.rpartition(",")
    names: Sequence[str] = ()
    if files and Path(files[0]).is_file():
        from particles import Trajectory, TrajectoryError

        try:
            with Trajectory.open(Path(files[0])) as trajectory:
                names = [name for name, series in trajectory.observables.items() if series.values.ndim == 1]
        except TrajectoryError:
            return []
    return [f"{before}{comma}{name}" for name in _that_begin(names, last)]
