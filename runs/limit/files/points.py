"""The networks of a study file whose limit is asked for: one for each point of its sweep, whatever its width."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runs.recorded.curve_groups import dividing
from runs.recorded.flat_parameters import Scalar, flat
from runs.studyfile.model.config import RunConfig, Times, digest_of
from runs.studyfile.model.reading import StudyFile
from runs.system.refusal import Refusal

#: Keys that say when and what is kept of single runs, or which they are.
OF_RUNS = ("seed", "frames", "records")
#: More times than these are a curve that no estimate needs.
MOST_TIMES = 200


@dataclass(frozen=True)
class Point:
    """One network of infinitely many particles: a run of any width, the widths that the file names, and what it varies.

    `times` are those at which it is measured, the last of them the end of training.
    """

    config: RunConfig
    widths: tuple[int, ...]
    times: tuple[float, ...]
    varied: Mapping[str, Scalar]

    def identity(self) -> dict[str, Any]:
        """What decides the numbers, without the width."""
        return _identity(self.config) | {"times": list(self.times)}

    @property
    def digest(self) -> str:
        """The name of its folder."""
        return digest_of(self.identity(), whole=True)

    @property
    def label(self) -> str:
        """What it varies, in words; nothing where the study is one point."""
        return ", ".join(f"{name} = {value}" for name, value in self.varied.items())


def points_of(study: StudyFile) -> tuple[Point, ...]:
    """The points of a study, in its order. Runs that differ in width, seed and times of frames alone are one.

    Raises Refusal where a run has what no limit has.
    """
    groups: dict[str, list[RunConfig]] = {}
    for run in study.runs:
        groups.setdefault(json.dumps(_identity(run) | {"times": times_of(run)}, sort_keys=True), []).append(run)
    for runs in groups.values():
        _check(runs[0])
    parameters = [flat(_identity(runs[0])) for runs in groups.values()]
    names = dividing(parameters)
    return tuple(
        Point(
            runs[0],
            tuple(sorted({int(run.masses.given()["count"]) for run in runs})),
            tuple(times_of(runs[0])),
            {name: held.get(name) for name in names},
        )
        for runs, held in zip(groups.values(), parameters, strict=True)
    )


def times_of(run: RunConfig) -> list[float]:
    """The times at which a run is recorded, the end among them; the end alone where `records` is left out."""
    asked = [] if run.records is None else _recorded(run, run.records)
    if len(asked) > MOST_TIMES:
        raise Refusal(
            f"records asks for {len(asked)} times, but a limit is estimated at {MOST_TIMES} at most: take fewer, or "
            "leave records out for the end alone."
        )
    return sorted({*(time for time in asked if time < run.until * (1.0 - 1e-9)), run.until})


def _recorded(run: RunConfig, times: Times) -> list[float]:
    if times.count is not None:
        return [float(time) for time in np.geomspace(times.first or 0.0, times.last or 0.0, times.count)]
    apart = times.time
    if apart is None:
        step = run.integrator.given().get("step")
        if not isinstance(step, float | int):
            raise Refusal("records = { steps = ... } needs an integrator with a step: take time = ... for this one.")
        apart = step * (times.steps or 1)
    if run.until / apart > MOST_TIMES:
        return [apart] * (MOST_TIMES + 1)
    return [number * apart for number in range(1, int(run.until / apart * (1.0 + 1e-9)) + 1)]


def _identity(run: RunConfig) -> dict[str, Any]:
    held = run.identity()
    masses = {name: value for name, value in held["masses"].items() if name not in ("count", "seed")}
    return {name: value for name, value in held.items() if name not in OF_RUNS} | {"masses": masses}


def _check(run: RunConfig) -> None:
    for key in ("stop_below", "stop_above"):
        if getattr(run, key) is not None:
            raise Refusal(f"{key} ends clouds of one network at different times, which have no limit: leave it out.")
    if run.law.given().get("points") == "sobol":
        raise Refusal(
            'The points of [law] are "sobol", but such clouds do not fluctuate as networks do: take "random", or ask '
            "limits.infinite_width in Python."
        )


def settings_of(points: Sequence[Point]) -> list[str]:
    """The names of what the points vary."""
    return list(dict.fromkeys(name for point in points for name in point.varied))
