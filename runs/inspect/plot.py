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
from runs.figures.figures import Array, CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves, drawing, plain
from runs.figures.palette import COLOURS
from runs.recorded.curve_groups import names_of, settings_of
from runs.recorded.origins import mixed, recorded_sources, told_apart
from runs.system.files import check_open
from runs.system.refusal import Refusal

#: Number of times at which particles are shown, from the first frame to the last, where no times are chosen.
SHOWN_TIMES = 4


def plot_files(files: Sequence[Path], folder: Path, times: Sequence[float] = ()) -> tuple[list[Path], list[str]]:
    """Draw files into a folder and return the paths written, with sentences on what could not be drawn.

    - `curves.png` has a panel for each scalar observable, against time on a log axis, without time zero. Files that
      differ only in their seeds and recorded at the same times are one curve, their mean, with a band from the smallest
      to the largest value.
    - `NAME-particles.png` shows, for each file, the first two coordinates at the times (by the frame nearest to each),
      and in grey where they started.
    - `NAME-features.png` is drawn for each file whose inputs are points in the plane; see `feature_maps`.

    Runs made of different data or code are never one curve, and a sentence says so. Raises Refusal where there is
    nothing to draw, a time is not covered or a file cannot be read.
    """
    written: list[Path] = []
    remarks: list[str] = []
    check_open(len(files), "draw fewer files at once")
    try:
        with drawing(f"{files[0]} or a file beside it"), ExitStack() as opened:
            trajectories = {file: opened.enter_context(Trajectory.open(file)) for file in files}
            folder.mkdir(parents=True, exist_ok=True)
            written += _draw_observables(trajectories, folder)
            remarks += _different_sources(trajectories)
            names = names_of(list(trajectories))
            titles = _titles(trajectories)
            for file, trajectory in trajectories.items():
                shown = _shown(trajectory, times)
                written += _draw_particles(trajectory, shown, folder / f"{names[file]}-particles.png", titles[file])
                try:
                    written += _draw_features(
                        file, trajectory, shown, folder / f"{names[file]}-features.png", titles[file]
                    )
                except Refusal as error:
                    remarks.append(str(error))
    except TrajectoryError as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        raise Refusal(f"The folder {folder} cannot be written ({error.strerror}): name another one.") from error
    if not written:
        raise Refusal(f"{files[0]} has no record after time zero and no frame of two coordinates: nothing to draw.")
    return written, remarks


def curve_panels(trajectories: dict[Path, TrajectoryReader]) -> list[CurvePanel]:
    """A panel for every scalar observable that some file recorded after time zero; a setting keeps its colour."""
    settings = settings_of(told_apart({file: trajectory.parameters for file, trajectory in trajectories.items()}))
    names = names_of(list(trajectories))
    found: dict[str, dict[Path, Series]] = {}
    for file, trajectory in trajectories.items():
        for name, series in trajectory.observables.items():
            if series.values.ndim == 1 and bool((series.times > 0.0).any()):
                found.setdefault(name, {})[file] = series
    groups = {
        observable: {
            label: some
            for setting, members in settings.items()
            for label, some in _curves_of(setting, {names[file]: series[file] for file in members if file in series})
        }
        for observable, series in found.items()
    }
    colours = dict(zip(dict.fromkeys(label for group in groups.values() for label in group), cycle(COLOURS)))
    panels = []
    for observable, group in groups.items():
        curves = tuple(_curve(label, colours[label], some) for label, some in group.items())
        positive = all(bool((curve.values > 0.0).all()) for curve in curves)
        panels.append(CurvePanel(plain(observable.replace("_", " ")), "", curves, log_values=positive))
    return panels


def cloud_panels(trajectory: TrajectoryReader, times: Sequence[float] = ()) -> list[CloudPanel]:
    """Panels with the first two coordinates of particles at the start and at each time; none for one coordinate."""
    if not len(trajectory) or trajectory[0].dim < 2:
        return []
    recorded = trajectory.times
    before = _plane(trajectory, recorded[0])
    panels = []
    for time, colour in zip(_shown(trajectory, times), cycle(COLOURS), strict=False):
        nearest = recorded[np.argmin(np.abs(recorded - time))]
        cloud = trajectory.at(time)
        masses = cloud.masses.double().numpy()
        panels.append(CloudPanel(f"time {nearest:.4g}", colour, before, _plane(trajectory, time), masses))
    return panels


def _shown(trajectory: TrajectoryReader, times: Sequence[float]) -> Sequence[float]:
    """The given times, or those of some frames from the first to the last where none are given."""
    if times or not len(trajectory):
        return times
    recorded = trajectory.times
    count = min(SHOWN_TIMES, len(recorded))
    evenly: list[float] = recorded[np.unique(np.linspace(0, len(recorded) - 1, count).round().astype(int))].tolist()
    return evenly


def _draw_observables(trajectories: dict[Path, TrajectoryReader], folder: Path) -> list[Path]:
    panels = curve_panels(trajectories)
    path = folder / "curves.png"
    if not panels:
        return []
    title = plain(next(iter(trajectories)).name) if len(trajectories) == 1 else f"{len(trajectories)} files"
    draw_curves(panels, path, title=title, time_label="flow time", columns=min(3, len(panels)))
    return [path]


def _draw_particles(trajectory: TrajectoryReader, times: Sequence[float], path: Path, title: str) -> list[Path]:
    panels = cloud_panels(trajectory, times)
    if not panels:
        return []
    draw_clouds(panels, path, title=f"{title}, area = mass", axis_labels=("1st coordinate", "2nd coordinate"))
    return [path]


def _draw_features(
    file: Path, trajectory: TrajectoryReader, times: Sequence[float], path: Path, title: str
) -> list[Path]:
    drawn = feature_map(file, trajectory, times)
    if drawn is None:
        return []
    draw_features(drawn, path, title=title)
    return [path]


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


def _plane(trajectory: TrajectoryReader, time: float) -> Array:
    points: Array = trajectory.at(time).positions[:, :2].double().numpy()
    return points


def _curve(label: str, colour: str, series: Sequence[Series]) -> Curve:
    later = series[0].times > 0.0
    values = np.stack([entry.values[later] for entry in series]).astype(np.float64)
    return Curve(plain(label), colour, series[0].times[later], values)
