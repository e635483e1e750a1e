"""From one table of values and a sweep to the list of its runs: product, zip or random draws, times the seeds."""

import copy
import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from runs.refusal import Refusal
from runs.studyfile.config import Interval, RunConfig, SweepTable
from runs.studyfile.sections import validated

#: So many runs at most in one study.
MOST_RUNS = 100_000


def expanded(values: Mapping[str, Any], sweep: SweepTable | None, seeds: Sequence[int]) -> list[RunConfig]:
    """Every run once, seed by seed within each point of the sweep.

    Raises Refusal where lists are missing or of unequal length, or a run's values are not valid.
    """
    _check_number(sweep, len(seeds))
    runs: dict[str, RunConfig] = {}
    for point in points(sweep):
        changed = copy.deepcopy(dict(values))
        for key, value in point.items():
            set_key(changed, key, value)
        for seed in seeds:
            run = validated(RunConfig, {**changed, "seed": seed})
            runs.setdefault(run.digest, run)
    return list(runs.values())


def _check_number(sweep: SweepTable | None, seeds: int) -> None:
    """Raise Refusal for more runs than a folder and a patient user can hold, before the list of them is made."""
    number = seeds
    if sweep is not None:
        lengths = [len(values) for values in sweep.over.values() if isinstance(values, list)]
        number *= math.prod(lengths) if sweep.kind == "product" else sweep.count or max(lengths, default=1)
    if number > MOST_RUNS:
        raise Refusal(f"The study asks for {number} runs, but {MOST_RUNS} at most are taken: split it into several.")


def points(sweep: SweepTable | None) -> list[dict[str, Any]]:
    """The values of the varied keys at every point of the sweep; one point without any where there is none."""
    if sweep is None:
        return [{}]
    if sweep.kind == "random":
        return _draws(sweep)
    for key, values in sweep.over.items():
        if not isinstance(values, list) or not values:
            raise Refusal(f"[sweep.over] {key} is {values!r}, but a list of values is needed: write {key} = [...].")
    if sweep.kind == "zip":
        lengths = {key: len(values) for key, values in sweep.over.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{key} has {length}" for key, length in lengths.items())
            raise Refusal(f"A zipped sweep takes lists of one length, but {said}: make them equal, or take product.")
    columns = sweep.over.values()
    rows = zip(*columns, strict=True) if sweep.kind == "zip" else product(*columns)
    return [dict(zip(sweep.over, row, strict=True)) for row in rows]


def set_key(values: dict[str, Any], key: str, value: object) -> None:
    """Set a dotted key such as "masses.gamma"; a section given by its kind alone becomes a table."""
    *tables, last = key.split(".")
    here = values
    for name in tables:
        inner = here.get(name, {})
        here[name] = {"kind": inner} if isinstance(inner, str) else inner
        if not isinstance(here[name], dict):
            raise Refusal(f"The key {key} leads through {name}, which is {inner!r} and no table: check the name.")
        here = here[name]
    here[last] = value


def _draws(sweep: SweepTable) -> list[dict[str, Any]]:
    """`count` points whose entries are drawn independently, key by key in the order of the file."""
    generator = np.random.default_rng(sweep.seed)
    columns = {key: _column(key, source, sweep.count or 0, generator) for key, source in sweep.over.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(key: str, source: object, count: int, generator: np.random.Generator) -> list[Any]:
    if isinstance(source, list) and source:
        return [source[number] for number in generator.integers(len(source), size=count)]
    if not isinstance(source, dict):
        raise Refusal(f"[sweep.over] {key} is {source!r}, but a list or a table with low and high is needed.")
    interval = validated(Interval, source, f"sweep.over.{key}")
    if interval.log:
        return [math.exp(u) for u in generator.uniform(math.log(interval.low), math.log(interval.high), size=count)]
    return [float(u) for u in generator.uniform(interval.low, interval.high, size=count)]
