"""Pictures from trajectory files: observables with their spread over files, particles at chosen times."""

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import numpy as np

from particles import Trajectory, TrajectoryError
from particles.trajectory import Series, TrajectoryReader
from runs.figures import COLOURS, Array, CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves
from runs.refusal import Refusal

#: Particles are shown at so many times, from the first frame to the last, where none are chosen.
SHOWN_TIMES = 4


def plot_files(files: Sequence[Path], folder: Path, times: Sequence[float] = ()) -> list[Path]:
    """Draw `curves.png` from all files and `FILE-particles.png` from each of them into a folder; the paths written.

    Curves: one panel per scalar observable against time on a log axis, time zero left out. Files that recorded it at
    the same times are one curve, their mean with the band from smallest to largest; otherwise each file is a curve.
    Particles: their first two coordinates at the times (the frame nearest to each), grey where they started.
    Raises Refusal where there is nothing to draw, a time is not covered or a file cannot be read.
    """
    written = []
    try:
        with warnings.catch_warnings(), ExitStack() as opened:
            warnings.simplefilter("error", RuntimeWarning)
            warnings.filterwarnings("ignore", "Attempting to set identical")  # matplotlib widens the limits itself
            trajectories = {file: opened.enter_context(Trajectory.open(file)) for file in files}
            folder.mkdir(parents=True, exist_ok=True)
            panels = curve_panels(trajectories)
            if panels:
                written.append(folder / "curves.png")
                columns = min(3, len(panels))
                title = files[0].name if len(files) == 1 else f"{len(files)} files"
                draw_curves(panels, written[-1], title=title, time_label="flow time", columns=columns)
            for file, trajectory in trajectories.items():
                clouds = cloud_panels(trajectory, times)
                if clouds:
                    written.append(folder / f"{file.stem}-particles.png")
                    labels = ("1st coordinate", "2nd coordinate")
                    draw_clouds(clouds, written[-1], title=f"{file.name}, area = mass", axis_labels=labels)
    except (TrajectoryError, ValueError) as error:
        raise Refusal(str(error)) from error
    except RuntimeWarning as error:
        raise Refusal(f"{files[0]} or a file beside it holds numbers too large to draw ({error}).") from error
    except OSError as error:
        raise Refusal(f"The folder {folder} cannot be written ({error.strerror}): name another one.") from error
    if not written:
        raise Refusal(f"{files[0]} has no record after time zero and no frame of two coordinates: nothing to draw.")
    return written


def curve_panels(trajectories: dict[Path, TrajectoryReader]) -> list[CurvePanel]:
    """A panel for every observable that is a number and was recorded after time zero in some file."""
    found: dict[str, dict[str, Series]] = {}
    for file, trajectory in trajectories.items():
        for name, series in trajectory.observables.items():
            if series.values.ndim == 1 and bool((series.times > 0.0).any()):
                found.setdefault(name, {})[file.stem] = series
    return [_panel(name, series) for name, series in found.items()]


def cloud_panels(trajectory: TrajectoryReader, times: Sequence[float] = ()) -> list[CloudPanel]:
    """The first two coordinates of the particles at the start and at each of the times; none for one coordinate."""
    if not len(trajectory) or trajectory[0].dim < 2:
        return []
    recorded = trajectory.times
    if not times:
        count = min(SHOWN_TIMES, len(trajectory))
        times = recorded[np.unique(np.linspace(0, len(recorded) - 1, count).round().astype(int))].tolist()
    before = _plane(trajectory, recorded[0])
    panels = []
    for time, colour in zip(times, cycle(COLOURS), strict=False):
        nearest = recorded[np.argmin(np.abs(recorded - time))]
        cloud = trajectory.at(time)
        masses = cloud.masses.double().numpy()
        panels.append(CloudPanel(f"time {nearest:.4g}", colour, before, _plane(trajectory, time), masses))
    return panels


def _plane(trajectory: TrajectoryReader, time: float) -> Array:
    points: Array = trajectory.at(time).positions[:, :2].double().numpy()
    return points


def _panel(name: str, series: dict[str, Series]) -> CurvePanel:
    first, *others = series.values()
    if others and all(np.array_equal(first.times, other.times) for other in others):
        series_of = {f"mean and range of {len(series)} files": list(series.values())}
    else:
        series_of = {stem: [entry] for stem, entry in series.items()}
    curves = tuple(_curve(label, colour, some) for (label, some), colour in zip(series_of.items(), cycle(COLOURS)))
    positive = all(bool((curve.values > 0.0).all()) for curve in curves)
    return CurvePanel(name.replace("_", " "), "", curves, log_values=positive)


def _curve(label: str, colour: str, series: Sequence[Series]) -> Curve:
    later = series[0].times > 0.0
    values = np.stack([entry.values[later] for entry in series]).astype(np.float64)
    return Curve(label, colour, series[0].times[later], values)
