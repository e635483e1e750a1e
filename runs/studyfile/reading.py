"""Reading a study file: TOML text, what --set changes in it, and the runs it asks for."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs.refusal import Refusal, chosen
from runs.studyfile.config import RunConfig, SweepTable
from runs.studyfile.grid import MOST_RUNS, expanded, set_key
from runs.studyfile.sections import validated

#: Keys beside those of a run: `seed` is written as `seeds`, a number from 0 or a list.
AROUND = ("seeds", "sweep")


@dataclass(frozen=True)
class StudyFile:
    """A study as it was read: its file and its runs."""

    path: Path
    runs: tuple[RunConfig, ...]

    @property
    def name(self) -> str:
        """The name of the file, without its ending."""
        return self.path.stem

    @property
    def folder(self) -> Path:
        """Where the file lies, and with it what the user wrote for it."""
        return self.path.resolve().parent


def read_study(path: Path, settings: Sequence[str] = ()) -> StudyFile:
    """The study in a TOML file, changed by settings of the form key=value with dotted keys.

    Raises Refusal with one sentence for a file that cannot be read, unknown keys, and values that do not do.
    """
    values = _parsed(path)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise Refusal(f"--set {setting!r} is not of the form key=value: write for example --set masses.count=100.")
        set_key(values, key.strip(), _value(text.strip()))
    known = [*(name for name in RunConfig.model_fields if name != "seed"), *AROUND]
    for key in values:
        chosen("key of the study", key, known)
    seeds, sweep = values.pop("seeds", 1), values.pop("sweep", None)
    table = None if sweep is None else validated(SweepTable, sweep, "sweep")
    return StudyFile(path, tuple(expanded(values, table, _seeds(seeds))))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal(f"The study file {path} cannot be read ({error.strerror}): check the name.") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"The study file {path} is not UTF-8 text: give a TOML file.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refusal(f"The study file {path} is not valid TOML ({error or 'nested too deeply'}): mend it.") from error


def _value(text: str) -> object:
    """A TOML value, or the text itself where it is none: --set scaling=ntk needs no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _seeds(given: object) -> list[int]:
    """The seeds 0, 1, ... up to a number, or those of a list."""
    if type(given) is int and given > MOST_RUNS:
        raise Refusal(f"seeds is {given}, but {MOST_RUNS} runs at most are taken: split the study into several.")
    numbers = list(range(given)) if type(given) is int else given
    if not isinstance(numbers, list) or not numbers or not all(type(seed) is int and seed >= 0 for seed in numbers):
        raise Refusal(f"seeds is {given!r}, but a positive number or a list of seeds is needed: write seeds = 3.")
    return list(dict.fromkeys(numbers))
