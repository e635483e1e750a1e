"""Origins of the runs in files: recorded checksums of data and modules, and their comparison between files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os.path import isdir, isfile
from pathlib import Path

from particles import Trajectory, TrajectoryError
from runs.batch.output_folder import CONFIG_FILE
from runs.system.files import json_in

#: The parameter of a trajectory that holds the checksums.
SOURCES = "sources"
#: Largest depth of nested tables in a configuration.
NESTED = 30
#: Number of digits of a checksum that are shown.
SHOWN = 6


def recorded_sources(path: Path, parameters: Mapping[str, object]) -> dict[str, str] | None:
    """The SHA-256 of the source files of a trajectory, by name; None where they are not recorded.

    They are among its parameters; older files have them in the config.json beside them.
    """
    held = parameters.get(SOURCES)
    if held is None and "config" in parameters:
        beside = _configuration(path.parent)
        held = beside.get(SOURCES) if beside.get("config") == parameters["config"] else None
    return _checksums(held)


def noted_until(folder: Path) -> float | None:
    """The end time of a run by the config.json of its folder, or None."""
    return until_of(_configuration(folder).get("config"))


def noted_seconds(folder: Path) -> float | None:
    """The seconds of work on a run by the config.json of its folder, or None."""
    remarks = _configuration(folder).get("remarks")
    seconds = remarks.get("seconds") if isinstance(remarks, Mapping) else None
    return float(seconds) if isinstance(seconds, int | float) else None


def noted_configurations(folder: Path) -> dict[str, Mapping[str, object]]:
    """The configurations of the runs of study files in the subfolders of a folder, by the name of the subfolder."""
    places = sorted(folder.glob(f"*/{CONFIG_FILE}")) if isdir(folder) else []
    found = {place.parent.name: _configuration(place.parent).get("config") for place in places}
    return {name: config for name, config in found.items() if isinstance(config, Mapping) and _is_run(config)}


def _is_run(config: Mapping[str, object]) -> bool:
    """Whether this can be the configuration of a run: it has a seed and an end time, and is not nested too deeply."""
    return type(config.get("seed")) is int and until_of(config) is not None and _is_shallow(config)


def _is_shallow(value: object, depth: int = NESTED) -> bool:
    if not isinstance(value, Mapping):
        return True
    return depth > 0 and all(_is_shallow(part, depth - 1) for part in value.values())


def noted_sources(folder: Path) -> dict[str, str] | None:
    """The checksums by the config.json of a run's folder, or None; the trajectory beside it is not opened."""
    return _checksums(_configuration(folder).get(SOURCES))


@dataclass(frozen=True)
class Held:
    """The state of a trajectory: whether it is complete, its last time, and the checksums of its sources.

    `until` is the end time in its configuration, or None, and `kept` says whether it holds a state from which it can be
    continued.
    """

    complete: bool
    time: float
    sources: Mapping[str, str]
    until: float | None = None
    kept: bool = False

    @property
    def begun(self) -> bool:
        """Whether the trajectory holds more than a start."""
        return self.complete or self.time > 0.0


def held_in(path: Path) -> Held | None:
    """The state of the trajectory at a path; None where there is none that can be read."""
    if not isfile(path):
        return None
    try:
        with Trajectory.open(path) as trajectory:
            time = float(trajectory.times[-1]) if len(trajectory) else 0.0
            given = trajectory.parameters
            kept = trajectory.kept_step is not None
            sources = recorded_sources(path, given) or {}
            return Held(trajectory.is_complete, time, sources, until_of(given.get("config")), kept)
    except TrajectoryError:
        return None


def is_longer(until: float, held: Held | None) -> bool:
    """Whether a run until then goes beyond the end that its trajectory has."""
    return held is not None and held.until is not None and held.until < until


def mixed(origins: Iterable[Mapping[str, str] | None]) -> dict[str, list[int]]:
    """The names of sources that differ between runs, each with the number of the first run for each version."""
    found: dict[str, dict[str, int]] = {}
    for number, sources in enumerate(origins):
        for name, digest in (sources or {}).items():
            found.setdefault(name, {}).setdefault(digest, number)
    return {name: list(firsts.values()) for name, firsts in found.items() if len(firsts) > 1}


def told_apart(parameters: Mapping[Path, Mapping[str, object]]) -> dict[Path, dict[str, object]]:
    """The parameters of trajectories, in which `made_of` stands for the sources that differ between them."""
    origins = {path: recorded_sources(path, given) for path, given in parameters.items()}
    different = mixed(origins.values())
    found = {}
    for path, given in parameters.items():
        found[path] = {name: value for name, value in given.items() if name != SOURCES}
        own = [f"{name} {digest[:SHOWN]}" for name, digest in (origins[path] or {}).items() if name in different]
        if own:
            found[path]["made_of"] = " ".join(own)
    return found


def _checksums(held: object) -> dict[str, str] | None:
    return {str(name): str(digest) for name, digest in held.items()} if isinstance(held, Mapping) else None


def until_of(config: object) -> float | None:
    """The end time of a run by its configuration, or None."""
    until = config.get("until") if isinstance(config, Mapping) else None
    return float(until) if isinstance(until, int | float) else None


def _configuration(folder: Path) -> Mapping[str, object]:
    """The content of the config.json of a folder; empty where there is none that can be read."""
    try:
        held = json_in(folder / CONFIG_FILE)
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
