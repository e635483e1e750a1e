"""From one table of values and a sweep to the list of its runs: product, zip or random draws, times the seeds."""

import copy
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from runs.studyfile.model.config import Interval, RunConfig, SweepTable
from runs.studyfile.model.draws import drawn
from runs.studyfile.model.keys import Keys, label, path_of, paths_in, set_all, written
from runs.studyfile.model.sections import validated
from runs.system.refusal import Refusal, chosen

#: So many runs at most in one study.
MOST_RUNS = 100_000
#: So many characters of a value are shown in a sentence.
LONGEST = 60

#: What a run may be made longer by, in a study that does not vary it.
UNTIL = ("until",)
#: The values of the varied keys at one point of a sweep.
Point = dict[Keys, Any]


def expanded(values: Mapping[str, Any], sweep: SweepTable | None, seeds: Sequence[int]) -> list[RunConfig]:
    """Every run once, seed by seed within each point of the sweep.

    A swept key is set inside a swept table that holds it, whichever the file names first.
    Raises Refusal where a key cannot be swept, lists are missing or of unequal length, or a run's values are not valid.
    """
    _check_number(sweep, len(seeds))
    runs: dict[str, RunConfig] = {}
    for point in points(sweep):
        changed = copy.deepcopy(dict(values))
        try:
            set_all(changed, point)
            first = validated(RunConfig, {**changed, "seed": seeds[0]})
            first = first.ending_apart() if UNTIL in point else first
            for seed in seeds:
                run = first.model_copy(update={"seed": seed})
                runs.setdefault(run.digest, run)
        except Refusal as error:
            raise Refusal(_at(str(error), point)) from error
    return list(runs.values())


def swept_paths(sweep: SweepTable | None) -> dict[Keys, Any]:
    """What each key of a sweep is varied over. Raises Refusal for what is not a key of a run, or is one named twice."""
    found: dict[Keys, Any] = {}
    for key, source in ({} if sweep is None else sweep.over).items():
        path = path_of(key)
        if path[0] in ("seed", "seeds"):
            raise Refusal(
                f"{key} is not a key of [sweep.over]: every point of a sweep has all seeds of the study, so write "
                f"seeds = {_shown(source) if isinstance(source, list) else '[0, 1, 2, 3]'} above the tables."
            )
        chosen("key of [sweep.over]", path[0], [name for name in RunConfig.model_fields if name != "seed"])
        if path in found:
            raise Refusal(f"[sweep.over] names {written(path)} twice: leave one of the two out.")
        found[path] = source
    return found


def points(sweep: SweepTable | None) -> list[Point]:
    """The points of the sweep, in the order of the file; one without any key where there is none."""
    sources = swept_paths(sweep)
    if sweep is None:
        return [{}]
    if sweep.kind == "random":
        columns = {path: _drawn(path, source, sweep) for path, source in sources.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for path, source in sources.items():
        if not isinstance(source, list) or not source:
            raise Refusal(_no_list(path, source))
    if sweep.kind == "zip":
        lengths = {written(path): len(source) for path, source in sources.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{key} has {length}" for key, length in lengths.items())
            raise Refusal(f"A zipped sweep takes lists of one length, but {said}: make them equal, or take product.")
    rows = zip(*sources.values(), strict=True) if sweep.kind == "zip" else product(*sources.values())
    return [dict(zip(sources, row, strict=True)) for row in rows]


def _check_number(sweep: SweepTable | None, seeds: int) -> None:
    """Raise Refusal for more runs than a folder and a patient user can hold, before the list of them is made."""
    number = seeds
    if sweep is not None:
        lengths = [len(values) for values in sweep.over.values() if isinstance(values, list)]
        number *= math.prod(lengths) if sweep.kind == "product" else sweep.count or max(lengths, default=1)
    if number > MOST_RUNS:
        raise Refusal(f"The study asks for {number} runs, but {MOST_RUNS} at most are taken: split it into several.")


def _drawn(path: Keys, source: object, sweep: SweepTable) -> list[Any]:
    """What a key is at each of `count` draws: independent of the other keys, and more draws begin with these."""
    generator = np.random.default_rng([sweep.seed, *written(path).encode()])
    count = sweep.count or 0
    if isinstance(source, list) and source:
        return [source[number] for number in generator.integers(len(source), size=count)]
    if not isinstance(source, dict) or next(_unquoted(path, source), None):
        raise Refusal(_no_list(path, source, "a list or a table with low and high"))
    interval = validated(Interval, source, f"sweep.over.{written(path)}")
    return [*drawn(generator, interval.low, interval.high, interval.log, count)]


def _no_list(path: Keys, source: object, needed: str = "a list of values") -> str:
    """The sentence for a key of a sweep without values, which often is a dotted key without its quotes."""
    key = written(path)
    if isinstance(source, dict) and not source.keys() & Interval.model_fields.keys():
        meant = list(_unquoted(path, source)) or [(inner, []) for inner in paths_in(source, path)]
        lines = [f'"{written(inner)}" = {_shown(held) if held else "[...]"}' for inner, held in meant]
        return f"[sweep.over] takes a dotted key in quotes: write {' and '.join(lines)}."
    if isinstance(source, dict):
        return f'[sweep.over] {key} is an interval, but draws need [sweep] kind = "random": add it, or write a list.'
    return f"[sweep.over] {key} is {source!r}, but {needed} is needed: write {label(path)} = [...]."


def _unquoted(path: Keys, source: object) -> Iterator[tuple[Keys, Any]]:
    """Lists and intervals in tables below a key, with the dotted key of each: they were meant to be keys themselves."""
    for name, held in source.items() if isinstance(source, dict) else ():
        if isinstance(held, list) or isinstance(held, dict) and held.keys() & Interval.model_fields.keys():
            yield (*path, str(name)), held
        else:
            yield from _unquoted((*path, str(name)), held)


def _at(said: str, point: Point) -> str:
    """A refusal with the point of the sweep at which it holds."""
    where = ", ".join(f"{written(path)} = {_shown(value)}" for path, value in point.items())
    return f"{said} That is the point {where} of the sweep." if point else said


def _shown(value: object) -> str:
    """A value as TOML would write it, cut where it is long."""
    if isinstance(value, dict):
        text = "{ " + ", ".join(f"{name} = {_shown(held)}" for name, held in value.items()) + " }"
    elif isinstance(value, list):
        text = "[" + ", ".join(map(_shown, value)) + "]"
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
