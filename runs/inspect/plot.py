"""Pictures of trajectory files: observables with their spread over files, particles and features at chosen times."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import numpy as np

from particles import Trajectory, TrajectoryError
from particles.trajectory import Series, TrajectoryReader
from runs.figures.feature_figure import draw_features
from runs.figures.feature_maps import feature_map
from runs.figures.figures import CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves, drawing, plain
from runs.figures.palette import COLOURS
from runs.inspect.curve_colours import groups_of
from runs.inspect.plot_choice import Choice, Places, chosen_observables, nearest_time, other_times, shown_times
from runs.recorded.curve_groups import names_of, settings_of
from runs.recorded.network_from_file import inputs_of
from runs.recorded.origins import mixed, recorded_sources, told_apart
from runs.recorded.plane import FIRST, Plane, plane_of
from runs.system.files import check_open
from runs.system.overwriting import check_free
from runs.system.refusal import Refusal

#: The figures, as the names of their files end.
CURVES, PARTICLES, FEATURES = "curves", "particles", "features"


def plot_files(
    files: Sequence[Path], out: Path, times: Sequence[float] = (), choice: Choice | None = None, force: bool = True
) -> tuple[list[Path], list[str]]:
    """Draw files into a folder and return the paths written, with sentences on what could not be drawn.

    - `curves.png` has a panel for each scalar observable, against time on a log axis, without time zero. Files that
      differ only in their seeds and recorded at the same times are one curve, their mean, with a band from the smallest
      to the largest value.
    - `NAME-particles.png` shows, for each file, the first two coordinates at the times (by the frame nearest to each),
      and in grey where they started.
    - `NAME-features.png` is drawn for each file whose inputs are points in the plane; see `feature_maps`.

    `out` may also be the name of a file that ends in .png, .pdf or .svg: the first figure has that name, and the others
    have it with their own behind its stem. `choice` says more of what is drawn, `times` being those of its own.

    Runs made of different data or code are never one curve, and a sentence says so. Raises Refusal where there is
    nothing to draw, a time is not covered, a file cannot be read, and, without `force`, where a figure is there.
    """
    choice = choice or Choice(times)
    places = Places(out)
    written: list[Path] = []
    remarks: list[str] = []
    check_open(len(files), "draw fewer files at once")
    try:
        with drawing(f"{files[0]} or a file beside it"), ExitStack() as opened:
            trajectories = {file: opened.enter_context(Trajectory.open(file)) for file in files}
            panels = curve_panels(trajectories, choice)
            names, titles = names_of(list(trajectories)), _titles(trajectories)
            drawn = _planned(trajectories, bool(panels), choice)
            clouds = {file: _clouds(trajectories[file], choice) for kind, file in drawn if file and kind == PARTICLES}
            paths = places.of([f"{names[file]}-{kind}" if file else kind for kind, file in drawn])
            check_free(paths, force)
            places.folder.mkdir(parents=True, exist_ok=True)
            remarks += [*_different_sources(trajectories), *other_times(trajectories, choice.times)]
            for (kind, file), path in zip(drawn, paths, strict=True):
                if kind == CURVES or file is None:
                    _draw_observables(trajectories, panels, path, choice)
                elif kind == PARTICLES:
                    _draw_particles(*clouds[file], path, titles[file])
                else:
                    try:
                        _draw_features(file, trajectories[file], path, titles[file], choice)
                    except Refusal as error:
                        remarks.append(str(error))
                        continue
                written.append(path)
    except TrajectoryError as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        raise Refusal(f"The folder {places.folder} cannot be written ({error.strerror}): name another one.") from error
    if not written:
        raise Refusal(f"{files[0]} has no record after time zero and no frame of two coordinates: nothing to draw.")
    return written, remarks


def curve_panels(trajectories: Mapping[Path, TrajectoryReader], choice: Choice = Choice()) -> list[CurvePanel]:
    """A panel for every scalar observable that some file recorded after time zero; a setting keeps its colour.

    Where time is linear, what was recorded at time zero counts too.
    """
    names = names_of(list(trajectories))
    groups = groups_of(trajectories, choice.by)
    asked = chosen_observables(trajectories.values(), choice.observables)
    found: dict[str, dict[str, tuple[str, list[Series]]]] = {}
    for observable in asked:
        for group, members in groups.files.items():
            series = {names[file]: one for file in members if (one := _series(trajectories[file], observable, choice))}
            for label, some in _curves_of(group, series):
                found.setdefault(observable, {})[label] = group, some
    labels = {label: group for curves in found.values() for label, (group, _) in curves.items()}
    colours = groups.colours(labels)
    panels = []
    for observable, curves in found.items():
        drawn = tuple(_curve(*colours[label], some, choice) for label, (_, some) in curves.items())
        log = choice.log if choice.log is not None else all(bool((curve.values > 0.0).all()) for curve in drawn)
        if log and not any(bool((curve.values > 0.0).any()) for curve in drawn):
            raise Refusal(f"No value of {observable} is positive, as a logarithmic axis needs: leave --log out.")
        panels.append(CurvePanel(plain(observable.replace("_", " ")), "", drawn, log_values=log))
    return panels


def cloud_panels(trajectory: TrajectoryReader, times: Sequence[float] = (), plane: Plane = FIRST) -> list[CloudPanel]:
    """Panels with particles in the plane at the start and at each time; none for particles of one coordinate."""
    if not len(trajectory) or trajectory[0].dim < 2:
        return []
    before = plane.of(trajectory[0].positions)
    panels = []
    for time, colour in zip(shown_times(trajectory, times), cycle(COLOURS), strict=False):
        cloud = trajectory.at(time)
        masses = cloud.masses.double().numpy()
        nearest = nearest_time(trajectory, time)
        title = f"time {nearest:.6g}" + ("" if nearest == time else f" (asked for: {time:.6g})")
        panels.append(CloudPanel(title, colour, before, plane.of(cloud.positions), masses))
    return panels


def _planned(
    trajectories: Mapping[Path, TrajectoryReader], curves: bool, choice: Choice
) -> list[tuple[str, Path | None]]:
    """The kinds of the figures that there will be, each with its file, if it is of one file."""
    drawn: list[tuple[str, Path | None]] = [(CURVES, None)] if curves else []
    for file, trajectory in trajectories.items():
        if choice.only_curves or not len(trajectory):
            continue
        if trajectory[0].dim > 1:
            drawn.append((PARTICLES, file))
        if inputs_of(trajectory.parameters) == 2:
            drawn.append((FEATURES, file))
    return drawn


def _draw_observables(
    trajectories: Mapping[Path, TrajectoryReader], panels: Sequence[CurvePanel], path: Path, choice: Choice
) -> None:
    title = plain(next(iter(trajectories)).name) if len(trajectories) == 1 else f"{len(trajectories)} files"
    draw_curves(
        panels,
        path,
        title=title,
        time_label="flow time",
        columns=min(3, len(panels)),
        scale=groups_of(trajectories, choice.by).scale,
        log_time=choice.log_time,
    )


def _clouds(trajectory: TrajectoryReader, choice: Choice) -> tuple[list[CloudPanel], Plane]:
    plane = plane_of(trajectory, choice.coordinates)
    return cloud_panels(trajectory, choice.times, plane), plane


def _draw_particles(panels: Sequence[CloudPanel], plane: Plane, path: Path, title: str) -> None:
    draw_clouds(panels, path, title=title, axis_labels=plane.labels)


def _draw_features(file: Path, trajectory: TrajectoryReader, path: Path, title: str, choice: Choice) -> None:
    drawn = feature_map(file, trajectory, shown_times(trajectory, choice.times))
    if drawn is not None:
        draw_features(drawn, path, title=title)


def _different_sources(trajectories: Mapping[Path, TrajectoryReader]) -> list[str]:
    """A sentence for every source that is not the same file for all runs."""
    origins = (recorded_sources(file, trajectory.parameters) for file, trajectory in trajectories.items())
    return [
        f"The runs were made of {len(firsts)} different files {name}: each has curves of its own."
        for name, firsts in mixed(origins).items()
    ]


def _titles(trajectories: Mapping[Path, TrajectoryReader]) -> dict[Path, str]:
    """The title of each file: its name, with its setting where there are several."""
    names = names_of(list(trajectories))
    settings = settings_of(told_apart({file: trajectory.parameters for file, trajectory in trajectories.items()}))
    setting = {file: label for label, members in settings.items() for file in members}
    return {file: plain(", ".join(filter(None, (setting[file], name)))) for file, name in names.items()}


def _curves_of(setting: str, series: Mapping[str, Series]) -> Iterator[tuple[str, list[Series]]]:
    """The curves of one setting by label: one for all files that recorded at the same times, else one for each file."""
    if len(series) > 1 and _agree([entry.times for entry in series.values()]):
        yield ", ".join(filter(None, (setting, f"mean and range of {len(series)} files"))), list(series.values())
        return
    for name, entry in series.items():
        yield (setting or name) if len(series) == 1 else ", ".join(filter(None, (setting, name))), [entry]


def _agree(times: Sequence[np.ndarray]) -> bool:
    return all(np.array_equal(times[0], others) for others in times)


def _series(trajectory: TrajectoryReader, observable: str, choice: Choice) -> Series | None:
    """The records of an observable that are numbers, where there are some to be drawn."""
    series = trajectory.observables.get(observable)
    if series is None or series.values.ndim > 1 or not len(series.times):
        return None
    return series if not choice.log_time or bool((series.times > 0.0).any()) else None


def _curve(label: str, colour: str, series: Sequence[Series], choice: Choice) -> Curve:
    shown = series[0].times > 0.0 if choice.log_time else slice(None)
    values = np.stack([entry.values[shown] for entry in series]).astype(np.float64)
    return Curve(plain(label), colour, series[0].times[shown], values)
