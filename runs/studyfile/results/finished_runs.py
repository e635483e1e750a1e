"""The runs of a study, read from its folder: their settings, states, last values and recorded numbers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import exists
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particles import Trajectory, TrajectoryError
from runs.recorded.curve_groups import dividing
from runs.recorded.flat_parameters import Scalar, flat, ordered
from runs.recorded.origins import noted_configurations, noted_seconds, until_of
from runs.studyfile.model.identity import Identity
from runs.studyfile.model.keys import path_of
from runs.studyfile.running import ERROR_FILE, RUN_FILE, Job

Numbers = npt.NDArray[np.float64]
COMPLETE, BEGUN, FAILED, WAITING = "complete", "begun", "failed", "waiting"
#: Keys in which runs of one setting may differ.
OWN = ("seed", "until")


@dataclass(frozen=True, eq=False)
class Found:
    """A run: the name of its folder, its values by dotted key, its state and its flow time.

    `seconds` is its time of work, or None. `series` are the times [records] and values [records] of every scalar
    observable.
    """

    name: str
    values: Mapping[str, Scalar]
    state: str
    time: float
    seconds: float | None
    series: Mapping[str, tuple[Numbers, Numbers]] = field(default_factory=dict)

    @property
    def ends(self) -> dict[str, float]:
        """The last value of each observable."""
        return {name: float(values[-1]) for name, (_, values) in self.series.items() if len(values)}


@dataclass(frozen=True, eq=False)
class Setting:
    """Runs that differ only in their seeds, with the `values` by dotted key in which settings differ.

    `groups` gives, for each of these keys, the key that the study varies to which it belongs, or "".
    """

    values: Mapping[str, Scalar]
    runs: tuple[Found, ...]
    groups: Mapping[str, str] = field(default_factory=dict)

    def ends(self, name: str) -> list[float]:
        """The last values of an observable in the complete runs."""
        return [run.ends[name] for run in self.runs if run.state == COMPLETE and name in run.ends]


def found_in(
    out: Path, jobs: Sequence[Job] = (), series: bool = False, known: Mapping[str, Found] | None = None
) -> list[Found]:
    """The runs in the folder of a study and the runs of `jobs`, sorted by the values that vary and by their seeds.

    With `series` the recorded numbers are read too. `known` are runs that were found before, by their names; complete
    ones among them are not opened again.
    """
    held = noted_configurations(out) | {job.folder.name: job.config.identity() for job in jobs}
    before = {name: run for name, run in (known or {}).items() if run.state == COMPLETE}
    runs = [
        before[name] if name in before and before[name].values == flat(config) else _found(out / name, config, series)
        for name, config in held.items()
    ]
    names = varied([run.values for run in runs], out)
    return sorted(runs, key=lambda run: (*(ordered(run.values.get(name)) for name in (*names, *OWN)), run.name))


def settings_of(runs: Sequence[Found], out: Path) -> list[Setting]:
    """The settings of these runs, in the order of the runs."""
    swept, groups = _swept(out), dict[str, list[Found]]()
    apart = [name for name in OWN if name != "seed" and name in swept]
    for run in runs:
        shared = {name: value for name, value in run.values.items() if name not in OWN or name in apart}
        groups.setdefault(json.dumps(shared, sort_keys=True), []).append(run)
    names = [*varied([run.values for run in runs], out), *apart]
    keys = {name: swept[rank] if (rank := _rank(name, swept)) < len(swept) else "" for name in names}
    return [
        Setting({name: group[0].values[name] for name in names if name in group[0].values}, tuple(group), keys)
        for group in groups.values()
    ]


def varied(runs: Sequence[Mapping[str, Scalar]], out: Path) -> list[str]:
    """The dotted keys in which runs differ, without seeds and ends; keys that the study varies come first."""
    names = list(dict.fromkeys(name for run in runs for name in run if name not in OWN))
    differing = [name for name in names if len({ordered(run.get(name)) for run in runs}) > 1]
    swept = _swept(out)
    return sorted(differing, key=lambda name: _rank(name, swept))


def distinguishing(settings: Sequence[Setting]) -> list[str]:
    """The keys that suffice to tell settings apart: of keys in one varied table that change together only the first."""
    groups: dict[str, list[str]] = {}
    for name, group in {name: group for setting in settings for name, group in setting.groups.items()}.items():
        groups.setdefault(group, []).append(name)
    return [name for names in groups.values() for name in _dividing(settings, names)]


def _dividing(settings: Sequence[Setting], names: Sequence[str]) -> list[str]:
    return dividing([{name: setting.values.get(name) for name in names} for setting in settings])


def _swept(out: Path) -> list[str]:
    identity = Identity.read(out)
    return [] if identity is None else [".".join(path_of(key)) for key in identity.over]


def _rank(name: str, swept: Sequence[str]) -> int:
    return next((rank for rank, key in enumerate(swept) if f"{name}.".startswith(f"{key}.")), len(swept))


def _found(folder: Path, config: Mapping[str, Any], series: bool) -> Found:
    """The run in a folder; a run whose file cannot be read counts as not begun."""
    state, time, recorded = WAITING, 0.0, dict[str, tuple[Numbers, Numbers]]()
    try:
        with Trajectory.open(folder / RUN_FILE) as trajectory:
            time = float(trajectory.times[-1]) if len(trajectory) else 0.0
            ended = until_of(trajectory.parameters.get("config"))
            longer = ended is not None and ended < config["until"]
            state = COMPLETE if trajectory.is_complete and not longer else BEGUN if time > 0.0 else WAITING
            recorded = dict(_numbers(trajectory.observables)) if series else {}
    except TrajectoryError:
        pass
    if state != COMPLETE and exists(folder / ERROR_FILE):
        state = FAILED
    return Found(folder.name, flat(config), state, time, noted_seconds(folder), recorded)


def _numbers(observables: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Numbers, Numbers]]]:
    for name, series in observables.items():
        if series.values.ndim == 1:
            yield name, (series.times.astype(np.float64), series.values.astype(np.float64))
