"""Collection of all finished runs of a folder into one labelled dataset over the parameters of the sweep."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particles import Trajectory, TrajectoryError
from particles.arguments import arguments_checked
from particles.trajectory import Series, TrajectoryReader
from particles.trajectory.content.labels import TIME, without_unit
from particles.trajectory.content.provenance import distribution_version
from particles.trajectory.layout import CREATOR
from runs.recorded.flat_parameters import Scalar, flat, ordered
from runs.recorded.origins import SOURCES, mixed, recorded_sources
from runs.recorded.sweep_axes import Axes, swept
from runs.studyfile.model.identity import varied_in
from runs.system.extras import installed_by
from runs.system.refusal import Refusal

if TYPE_CHECKING:
    import xarray

#: Names of dimensions that axes of a sweep must not have.
OWN_NAMES = ("time", "file", "run")


@dataclass(frozen=True, eq=False)
class Finished:
    """One finished run: its file, parameters by dotted name, checksums of its sources, observables and their labels."""

    path: Path
    parameters: Mapping[str, Scalar]
    sources: Mapping[str, str] | None
    series: Mapping[str, Series]
    labels: Mapping[str, Mapping[str, str]]


@arguments_checked
def collect(folder: str | PathLike[str]) -> "xarray.Dataset":
    """Collect the observables of all finished runs in a folder and its subfolders into one dataset.

    The first dimensions are the parameters in which the runs differ (`sweep_axes.swept`). Then comes the time: `time`
    where all runs recorded an observable at the same times, `<name>_time` for an observable with other times, and
    `<name>_record` with the coordinate `<name>_time` [..., record] where the runs differ in their times. Cells without
    a run and missing records are NaN. `file` names each run's file. The attributes hold the parameters that all runs
    share, the files that are not finished, and the checksums of the runs' sources. The described flow is left out,
    since it follows from the parameters.

    Raises Refusal where xarray is missing, the folder does not exist or holds no finished run, a file cannot be read,
    or runs were made of different data or code.
    """
    library = xarray_or_refusal()
    root = Path(folder)
    if not root.is_dir():
        raise Refusal(f"{root} is not a folder: name the folder that holds the runs.")
    runs, unfinished = _finished(root)
    if not runs:
        raise Refusal(f"The folder {root} holds no finished run ({len(unfinished)} unfinished): run them to their end.")
    _refuse_mixed(root, runs)
    names = list(dict.fromkeys(name for run in runs for name in run.series))
    axes = swept([run.parameters for run in runs], _own_names(names), varied_in(root))
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {name: (name, values) for name, values in axes.values.items()}
    coordinates |= axes.companions
    coordinates["file"] = (tuple(axes.values), _placed(axes, [str(run.path.relative_to(root)) for run in runs]))
    for name in names:
        _add(name, [run.series.get(name) for run in runs], axes, variables, coordinates)
        variables[name] = (*variables[name], _agreed([run.labels[name] for run in runs if name in run.labels]))
    shared = {name: value for name, value in runs[0].parameters.items() if _same(runs, name)}
    attributes = {"parameters": json.dumps(shared), "unfinished": json.dumps([str(path) for path in unfinished])}
    attributes |= {"title": f"{len(runs)} runs of {root.absolute().name}", "software": CREATOR}
    attributes["version"] = distribution_version()
    attributes[SOURCES] = json.dumps({name: digest for run in runs for name, digest in (run.sources or {}).items()})
    dataset: xarray.Dataset = library.Dataset(variables, coordinates, attributes)
    for times in ("time", *(f"{observable}_time" for observable in names)):
        if times in dataset.coords:
            dataset[times].attrs |= without_unit(TIME)
    return dataset


def xarray_or_refusal() -> Any:
    """The module xarray, an optional dependency; raises Refusal where it is not installed."""
    try:
        import xarray
    except ImportError as error:
        raise Refusal(
            f"xarray is not installed, but labelled datasets are made of it: {installed_by('xarray')}."
        ) from error
    return xarray


def _finished(root: Path) -> tuple[list[Finished], list[Path]]:
    """The finished runs below a folder, sorted by path, and the paths of the others."""
    finished, unfinished = [], []
    for path in sorted(root.rglob("*.h5")):
        if path.name.startswith("."):
            continue
        try:
            with Trajectory.open(path) as trajectory:
                if not trajectory.is_complete:
                    unfinished.append(path.relative_to(root))
                    continue
                given = trajectory.parameters
                parameters = {name: value for name, value in given.items() if name not in ("flow", SOURCES)}
                sources = recorded_sources(path, given)
                series = dict(trajectory.observables)
                labels = labels_in(trajectory)
                finished.append(Finished(path, flat(parameters), sources, series, labels))
        except TrajectoryError as error:
            raise Refusal(str(error)) from error
    return finished, unfinished


def labels_in(trajectory: TrajectoryReader) -> dict[str, dict[str, str]]:
    """The labels of each observable of a file (`Observables.labels`)."""
    observables = trajectory.observables
    return {name: observables.labels(name) for name in observables}


def _agreed(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The labels of an observable on which all files agree; files of earlier layouts have none."""
    said = [words for words in labels if words]
    return {word: text for words in said[:1] for word, text in words.items() if all(w.get(word) == text for w in said)}


def _refuse_mixed(root: Path, runs: Sequence[Finished]) -> None:
    """Raise Refusal where runs were made of different source files of one name."""
    for name, firsts in mixed(run.sources for run in runs).items():
        examples = " and ".join(str(runs[first].path.relative_to(root)) for first in firsts[:2])
        raise Refusal(
            f"The runs in {root} were made of {len(firsts)} different files {name} ({examples} for example): do the "
            "older ones again with meanfield run STUDY.toml --stale redo, or keep them in folders of their own."
        )


def _add(
    name: str,
    series: Sequence[Series | None],
    axes: Axes,
    variables: dict[str, Any],
    coordinates: dict[str, Any],
) -> None:
    """Add an observable [*axes, records, ...] to the variables, and the times of its records to the coordinates."""
    there = [entry for entry in series if entry is not None]
    shape = there[0].values.shape[1:]
    if any(entry.values.shape[1:] != shape for entry in there):
        raise Refusal(f"The observable {name} has other shapes in other runs: collect those runs by themselves.")
    agreed = all(np.array_equal(entry.times, there[0].times) for entry in there)
    if agreed:
        label = "time"
        if not np.array_equal(coordinates.setdefault(label, (label, there[0].times))[1], there[0].times):
            label = f"{name}_time"
            coordinates[label] = (label, there[0].times)
    else:
        label = f"{name}_record"
        coordinates[f"{name}_time"] = ((*axes.values, label), _padded(axes, [_times(entry) for entry in series]))
    inner = tuple(f"{name}_component{axis or ''}" for axis in range(len(shape)))
    variables[name] = ((*axes.values, label, *inner), _padded(axes, [None if e is None else e.values for e in series]))


def _times(series: Series | None) -> np.ndarray | None:
    return None if series is None else series.times


def _padded(axes: Axes, records: Sequence[np.ndarray | None]) -> np.ndarray:
    """The records [records, ...] of all runs on the grid [*axes, most records, ...], float64 with NaN for none."""
    there = [entry for entry in records if entry is not None]
    longest = max(len(entry) for entry in there)
    grid = np.full((*axes.shape, longest, *there[0].shape[1:]), np.nan)
    for place, entry in zip(axes.places, records, strict=True):
        if entry is not None:
            grid[place][: len(entry)] = entry
    return grid


def _placed(axes: Axes, words: Sequence[str]) -> np.ndarray:
    """The text of every run on the grid [*axes], empty where there is no run."""
    grid = np.full(axes.shape, "", dtype=object)
    for place, word in zip(axes.places, words, strict=True):
        grid[place] = word
    return grid.astype(str)


def _own_names(observables: Sequence[str]) -> list[str]:
    """The names that parameters of a sweep must not have in the dataset."""
    return [*OWN_NAMES, *observables, *(f"{name}_{end}" for name in observables for end in ("time", "record"))]


def _same(runs: Sequence[Finished], name: str) -> bool:
    first = ordered(runs[0].parameters.get(name))
    return all(name in run.parameters and ordered(run.parameters[name]) == first for run in runs)
