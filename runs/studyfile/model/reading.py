"""Reading a study file: TOML text, what --set changes in it, and the runs it asks for."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runs.studyfile.model.config import RunConfig, SweepTable
from runs.studyfile.model.keys import Keys, label, path_of, paths_in, set_all, written
from runs.studyfile.model.kinds import SEEDS
from runs.studyfile.model.run_grid import MOST_RUNS, expanded, points, swept_paths
from runs.studyfile.model.sections import validated
from runs.studyfile.model.toml_text import Unreadable, parsed, read_toml
from runs.system.printable import shortened
from runs.system.refusal import Refusal, chosen

#: Keys beside those of a run: `seed` is written as `seeds`, a number from 0 or a list.
AROUND = ("seeds", "sweep")
#: What is said to the command instead.
OPTIONS = ("out", "workers", "scheduler", "ensemble")


@dataclass(frozen=True)
class StudyFile:
    """A study as it was read: its file, its runs, its sweep, and how many runs it asks for, repeated ones included."""

    path: Path
    runs: tuple[RunConfig, ...]
    sweep: SweepTable | None = None
    asked: int = 0

    @property
    def name(self) -> str:
        """The name of the file, without its ending."""
        return self.path.stem

    @property
    def folder(self) -> Path:
        """Where the file lies, and with it what the user wrote for it."""
        return self.path.resolve().parent


def read_study(path: Path, settings: Sequence[str] = ()) -> StudyFile:
    """The study in a TOML file, changed by settings of the form key=value with dotted keys, in any order.

    Raises Refusal with one sentence for a file that cannot be read, unknown keys, values that do not do, and settings
    that would not be heard: of a key that is set twice, or that the sweep varies.
    """
    values = parsed(path)
    changes = _changes(settings)
    set_all(values, changes)
    known = [*(name for name in RunConfig.model_fields if name != "seed"), *AROUND]
    for key in values:
        if key in OPTIONS:
            raise Refusal(f"{key} is not a key of the study: give it to the command, as --{key}.")
        chosen("key of the study", key, known)
    seeds, sweep = values.pop("seeds", 1), values.pop("sweep", None)
    table = None if sweep is None else validated(SweepTable, sweep, "sweep")
    _check_heard(changes, table)
    numbers = _seeds(seeds)
    runs = tuple(expanded(values, table, numbers))
    return StudyFile(path, runs, table, len(points(table)) * len(numbers))


def _changes(settings: Sequence[str]) -> dict[Keys, object]:
    """What --set changes, by the path of its key."""
    changes: dict[Keys, object] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise Refusal(f"--set {setting!r} is not of the form key=value: write for example --set masses.count=100.")
        path = path_of(key.strip())
        if path in changes:
            raise Refusal(f"--set gives {written(path)} twice: leave one of the two out.")
        changes[path] = _value(written(path), text.strip())
    return changes


def _check_heard(changes: Mapping[Keys, object], sweep: SweepTable | None) -> None:
    """Raise Refusal where every point of the sweep has a value of its own for what --set gives."""
    for varied in swept_paths(sweep):
        for path, value in changes.items():
            if any(inner[: len(varied)] == varied for inner in paths_in(value, path)):
                key = written(varied)
                raise Refusal(
                    f"--set {written(path)}=... would not be heard, since [sweep.over] varies {key}: set its values "
                    f"instead, --set 'sweep.over.{label(varied)}=[...]'."
                )


def _value(key: str, text: str) -> object:
    """A TOML value, or the text itself where it is none: --set scaling=ntk needs no quotes."""
    try:
        held = read_toml(f"value = {text}")
    except Unreadable as error:
        raise Refusal(f"The value of --set {key} {error}.") from error
    except tomllib.TOMLDecodeError:
        return text
    return held["value"] if len(held) == 1 else text


def _seeds(given: object) -> list[int]:
    """The seeds 0, 1, ... up to a number, or those of a list."""
    if type(given) is int and given > MOST_RUNS:
        raise Refusal(f"seeds is {given}, but {MOST_RUNS} runs at most are taken: split the study into several.")
    numbers = list(range(given)) if type(given) is int else given
    known = isinstance(numbers, list) and all(type(seed) is int and 0 <= seed < SEEDS for seed in numbers)
    if not known or not isinstance(numbers, list) or not numbers:
        said = (
            f"seeds is {shortened(repr(given))}, but a positive number or a list of seeds from 0 to 2^64 - 1 is needed"
        )
        raise Refusal(f"{said}: write seeds = 3.")
    return list(dict.fromkeys(numbers))
