"""Pictures of what was recorded: observables over time, and particles where they began and where they are.

matplotlib is imported when a picture is drawn, and nowhere else below `runs`.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from particles.arguments.display import line
from particles.arguments.integers import whole
from particles.cloud import ParticleCloud
from particles.errors import ShapeError

#: Curves of one observable that are drawn each; of more entries the median and the range.
MOST_CURVES = 8
#: Particles that are drawn; of more those of the largest masses.
MOST_PARTICLES = 5_000
#: Area of a particle of mean mass, in square points.
AREA = 12.0
#: Values go over more than this factor where their axis is logarithmic.
DECADES = 100.0
#: Times crowd at the start where half of them lie before this part of the last one; then their axis is logarithmic.
CROWDED = 0.1
#: Width and height of one panel in inches, and panels side by side.
PANEL, ROW = (4.6, 3.4), 3


class Curve(NamedTuple):
    """One observable: times [records], values [records, ...], and its name in words."""

    times: np.ndarray
    values: np.ndarray
    label: str


def panels(count: int, axes: Any = None) -> np.ndarray:
    """The axes given, or new ones: as many as are needed, in one row of an array.

    Raises TypeError for what are no axes, ShapeError where another number of them is given.
    """
    if axes is not None:
        given = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
        if not all(callable(getattr(one, "plot", None)) and hasattr(one, "set_xscale") for one in given):
            raise TypeError(f"{line(axes)} was given as axes, but those of matplotlib are needed; leave axes out.")
        if len(given) != count:
            raise ShapeError(f"{len(given)} axes were given for {count} panels; give as many, or leave axes out.")
        return given
    from matplotlib import pyplot

    columns = min(count, ROW)
    rows = -(-count // columns)
    size = (PANEL[0] * columns, PANEL[1] * rows)
    figure, grid = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for spare in grid.ravel()[count:]:
        figure.delaxes(spare)
    return np.asarray(grid).ravel()[:count]


def draw_curve(
    axes: Any, name: str, curve: Curve, log_time: bool | None = None, log_values: bool | None = None
) -> None:
    """Draw one observable over time.

    An axis is logarithmic where that is asked for or, with None, where it helps. What is zero there stays in the
    picture: below all positive numbers such an axis is linear, and its label says so.
    """
    times = np.asarray(curve.times, dtype=np.float64)
    inner = curve.values.shape[1:]
    rows = np.asarray(curve.values, dtype=np.float64).reshape(len(times), math.prod(inner))
    if rows.size:
        _draw_rows(axes, name, times, rows, list(np.ndindex(inner)))
    if log_time is None:
        log_time = times.size > 2 and float(np.median(times)) < CROWDED * float(times[-1])
    if log_values is None:
        log_values = _spans_decades(rows, with_zero=log_time)
    _scale(axes, "x", times, "flow time", log_time)
    _scale(axes, "y", rows, curve.label, log_values)


def _draw_rows(axes: Any, name: str, times: np.ndarray, rows: np.ndarray, entries: list[tuple[int, ...]]) -> None:
    """Draw values [times, entries]: a curve for each entry, or the median and the range of many."""
    mark = "o" if len(times) == 1 else None
    if rows.shape[1] > MOST_CURVES:
        axes.fill_between(times, rows.min(axis=1), rows.max(axis=1), alpha=0.25, label="from least to most")
        axes.plot(times, np.median(rows, axis=1), marker=mark, label=f"median of {rows.shape[1]}")
        _legend(axes, name)
        return
    for entry, column in zip(entries, rows.T, strict=True):
        axes.plot(times, column, marker=mark, label=entry_name(name, entry))
    if len(entries) > 1:
        _legend(axes)


def _spans_decades(numbers: np.ndarray, with_zero: bool) -> bool:
    """Whether numbers go over decades, and all of them are positive or, where that is allowed, zero."""
    finite = numbers[np.isfinite(numbers)]
    positive = finite[finite > 0.0]
    allowed = finite.size == positive.size or (with_zero and finite.min() == 0.0)
    return bool(positive.size and allowed and positive.max() > DECADES * positive.min())


def _scale(axes: Any, which: str, numbers: np.ndarray, label: str, log: bool) -> None:
    """Label an axis, and make it logarithmic as far as numbers are positive."""
    finite = numbers[np.isfinite(numbers)]
    positive = finite[finite > 0.0]
    if log and positive.size == finite.size > 0:
        axes.set(**{f"{which}scale": "log"})
    elif log and positive.size:
        least = 10.0 ** math.floor(math.log10(float(positive.min())))
        getattr(axes, f"set_{which}scale")("symlog", linthresh=least)
        label = f"{label} (linear below {least:.2g})"
    elif log:
        label = f"{label} (linear, as nothing is positive)"
    axes.set(**{f"{which}label": label})


def draw_particles(
    axes: Any, start: ParticleCloud, end: ParticleCloud, columns: list[int], names: Sequence[str], until: str
) -> None:
    """Draw a cloud where it began, in circles, and where it is, in discs, whose areas are masses."""
    heaviest = torch.argsort(end.masses, descending=True)[:MOST_PARTICLES]
    looks: list[dict[str, Any]] = [
        {"facecolors": "none", "edgecolors": "0.6", "linewidths": 0.6, "label": "start"},
        {"color": "C0", "alpha": 0.7, "linewidths": 0.0, "label": until},
    ]
    mean = float(end.masses[heaviest].mean())
    for cloud, look in zip((start, end), looks, strict=True):
        points = cloud.positions[heaviest][:, columns].cpu().numpy()
        axes.scatter(*_plane(points), s=AREA * cloud.masses[heaviest].cpu().numpy() / mean, **look)
    axes.set_xlabel(names[columns[0]])
    axes.set_ylabel(names[columns[1]] if len(columns) > 1 else "")
    _legend(axes)
    drawn = f"the {len(heaviest)} heaviest of {end.count} particles" if len(heaviest) < end.count else "particles"
    axes.set_title(f"{drawn}, area = mass")


def _legend(axes: Any, title: str | None = None) -> None:
    """Explain the curves beside the panel, where nothing is hidden."""
    axes.legend(title=title, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, frameon=False)


def checked_coordinates(coordinates: Sequence[int], dim: int) -> list[int]:
    """The numbers of one or two different coordinates of a particle; raises ValueError for anything else."""
    chosen = [whole(one, "A coordinate", 0) for one in coordinates]
    if not (0 < len(chosen) <= 2 and len(set(chosen)) == len(chosen) and max(chosen) < dim):
        raise ValueError(
            f"Coordinates {line(chosen)} are to be drawn, but one or two different ones from 0 to {dim - 1} are needed."
        )
    return chosen


def _plane(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points [particles, 1 or 2] in the plane; those of one coordinate lie on a line."""
    return points[:, 0], points[:, 1] if points.shape[1] > 1 else np.zeros(len(points))


def entry_name(name: str, entry: tuple[int, ...]) -> str:
    """The name of an entry of an observable, such as gram[0,1]; of a number the name of the observable."""
    return name + (f"[{','.join(map(str, entry))}]" if entry else "")


def chosen_names(names: Sequence[str], chosen: Sequence[str], where: str) -> list[str]:
    """The names of the observables to be drawn, all where none is chosen; raises KeyError for one not recorded."""
    if not names:
        raise KeyError(f"{where} holds no observable, but one or more are to be drawn.")
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise KeyError(f"{where} holds {', '.join(names)}, not {unknown[0]!r}.")
    return list(chosen or names)
