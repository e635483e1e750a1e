"""Figures by matplotlib's object interface on the Agg canvas: curves with spread, and particles before and after.

No global state of pyplot is used, so figures can be drawn in any thread and without a display.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from runs.figures.direct_labels import label_curves
from runs.figures.palette import (
    COLOURS,
    GREY,
    MARKERS,
    MOST_COLOURS,
    OTHERS,
    SCALE,
    START,
    ColourScale,
    in_order,
    marker_of,
)
from runs.figures.settle import FORMULA, TITLE, settle
from runs.figures.written import prepared, save
from runs.system.printable import printable
from runs.system.refusal import Refusal

Array = npt.NDArray[np.float64]

#: The largest number that is drawn; the squares of larger ones are not finite.
LARGEST = 1e150

#: What the label of a logarithmic axis says where there are numbers at zero.
WITHOUT_ZERO = " (log, zero left out)"
#: What the legend of particles says of coloured discs.
AT_THE_TIME, AT_THE_END = ("where it is at the time above; area: mass", "where it ends, in colour; area: mass")
#: Of a legend in inches: mean width of a letter, width of a line with its gaps, and height of an entry.
LETTER, LINE, ENTRY = 0.085, 0.75, 0.23

#: A particle with more than this many equal shares of the mass is drawn on top and in full colour.
HEAVY = 5.0


@dataclass(frozen=True, eq=False)
class Curve:
    """One observable of several runs, `values` [runs, times] at common `times`, drawn as mean and min-max band."""

    label: str
    colour: str
    times: Array
    values: Array


@dataclass(frozen=True, eq=False)
class CurvePanel:
    """One pair of axes with a title in words, a formula beside it, and curves."""

    title: str
    formula: str
    curves: tuple[Curve, ...]
    log_values: bool = True


@dataclass(frozen=True, eq=False)
class CloudPanel:
    """Particles in the plane, `before` and `after` [particles, 2], with their masses [particles]."""

    title: str
    colour: str
    before: Array
    after: Array
    masses: Array


def draw_curves(
    panels: Sequence[CurvePanel],
    path: Path,
    *,
    title: str,
    time_label: str,
    columns: int = 3,
    scale: ColourScale | None = None,
    log_time: bool = True,
) -> None:
    """Draw panels of curves against time into a PNG, PDF or SVG file, with one legend or colour bar.

    A logarithmic axis of time has no zero, and its label says so: curves hold none then. A single panel is drawn
    wider. A legend names at most eight curves, sorted; the others are grey.
    """
    rows = -(-len(panels) // columns)
    width = 3.6 * columns if columns > 1 else 4.8
    figure = Figure(figsize=(width, 2.75 * rows + 0.8), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True)
    told = scale is None and len({curve.label for panel in panels for curve in panel.curves}) > 1
    for axis, panel in zip(axes.flat, panels, strict=False):
        _draw_panel(axis, panel, told, log_time)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis in axes.flat[max(0, len(panels) - columns) : len(panels)]:
        axis.set_xlabel(f"{time_label}{WITHOUT_ZERO if log_time else ''}")
        axis.tick_params(labelbottom=True)
    figure.suptitle(title, fontsize=12)
    if scale is None:
        colours = {curve.label: curve.colour for panel in panels for curve in panel.curves}
        add_legend(figure, colours, width, {label: sparse(colour) for label, colour in colours.items() if told})
    else:
        figure.colorbar(mappable(scale), ax=axes, label=scale.label, aspect=30, pad=0.02)
    if others := [line for line in axes.flat[0].lines if line.get_color() == OTHERS]:
        settle(prepared(figure))
        label_curves(axes.flat[0], others)
    save(figure, path)


def draw_clouds(
    panels: Sequence[CloudPanel], path: Path, *, title: str, axis_labels: tuple[str, str], end: str = AT_THE_TIME
) -> None:
    """Draw particles into a PNG, PDF or SVG file: a grey disc at the start, a line, and a coloured disc at the end.

    The area of a disc grows with the mass. All panels have the same limits, so lengths can be compared, and heavy
    particles lie on top. The legend says which disc is which, `end` being its words for the coloured one.
    """
    width = max(3.6, 2.75 * len(panels))
    above = 0.22 * max(len(panel.title.splitlines()) for panel in panels) + 0.26
    figure = Figure(figsize=(width, 0.95 * width / len(panels) + 0.7 + above), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    points = np.concatenate([ends for panel in panels for ends in (panel.before, panel.after)])
    middle = (points.max(axis=0) + points.min(axis=0)) / 2.0
    reach = 0.54 * float(np.ptp(points, axis=0).max())
    for axis, panel in zip(axes, panels, strict=True):
        _draw_cloud(axis, panel)
        axis.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] - reach, middle[1] + reach))
        axis.set_box_aspect(1.0)
        axis.set_xlabel(axis_labels[0])
    axes[0].set_ylabel(axis_labels[1])
    figure.suptitle(title, fontsize=12)
    figure.legend(handles=start_and_end(end), loc="outside lower center", ncols=2, frameon=False, fontsize=9.5)
    save(figure, path)


def start_and_end(end: str) -> list[Line2D]:
    """The entries of a legend that say which disc of a particle is its start."""
    disc = {"ls": "", "marker": "o", "ms": 6.0}
    return [
        Line2D([], [], color=START, markeredgecolor="0.4", label="where a particle starts", **disc),  # type: ignore[arg-type]
        Line2D([], [], color=COLOURS[0], label=end, **disc),  # type: ignore[arg-type]
    ]


def mappable(scale: ColourScale) -> ScalarMappable:
    """The object from which matplotlib makes a colour bar."""
    kind = LogNorm if scale.log else Normalize
    return ScalarMappable(kind(scale.low, scale.high), LinearSegmentedColormap.from_list("", SCALE))


def add_legend(
    figure: Figure, colours: Mapping[str, str], width: float, styles: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Add a legend below the panels, with at most eight curves; `styles` are matplotlib's, of those that have one."""
    most = len(MOST_COLOURS)
    named = {label: colours[label] for label in in_order(label for label in colours if colours[label] != OTHERS)[:most]}
    if len(named) < len(colours):
        named = dict(list(named.items())[: most - 1])
        named[f"{len(colours) - len(named)} others"] = OTHERS
    drawn = {label: {**(styles or {}).get(label, {}), "lw": 2.0, "markevery": None} for label in named}
    handles = [Line2D([], [], color=colour, label=label, **drawn[label]) for label, colour in named.items()]
    ncols = _legend_columns(list(named), width)
    wide, high = figure.get_size_inches()
    figure.set_size_inches(wide, high + ENTRY * (-(-len(named) // ncols) - 1))
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols, frameon=False, fontsize=10)


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """The largest number of columns that fit and are evenly filled: rows of four, two or one for four labels."""
    fitting = max(1, int(width / (LINE + LETTER * max(len(label) for label in labels))))
    rows = -(-len(labels) // fitting)
    return -(-len(labels) // rows)


def _draw_panel(axis: Axes, panel: CurvePanel, told: bool, log_time: bool) -> None:
    curves = panel.curves
    if log_time:
        axis.set_xscale("log")
        if curves:
            plain_ticks(axis.xaxis, [curve.times for curve in curves])
    if panel.log_values:
        axis.set_yscale("log")
        plain_ticks(axis.yaxis, [curve.values for curve in curves])
    crowd = min(1.0, len(MOST_COLOURS) / max(1, len(curves)))
    for curve in sorted(curves, key=lambda curve: curve.colour != OTHERS):
        mean, low, high = curve.values.mean(axis=0), curve.values.min(axis=0), curve.values.max(axis=0)
        if len(curve.values) > 1:
            axis.fill_between(curve.times, low, high, color=curve.colour, alpha=0.2 * crowd**1.5, linewidth=0)
        marked = sparse(curve.colour) if told and curve.colour in MARKERS else {}
        axis.plot(curve.times, mean, color=curve.colour, lw=1.0 + 0.8 * crowd, label=curve.label, **marked)
    titled(axis, panel.title, panel.formula)
    plain_axes(axis)


def titled(axis: Axes, title: str, formula: str) -> None:
    """A title in words on the left and its formula on the right, by names that `settle` knows."""
    axis.set_title(title, fontsize=10.5, loc="left", gid=TITLE)
    axis.set_title(formula, fontsize=9, loc="right", color=GREY, gid=FORMULA)


def sparse(colour: str) -> dict[str, Any]:
    """The few markers along a curve of this colour, by which it is known in grey too."""
    place = list(MARKERS).index(colour) if colour in MARKERS else 0
    return {"marker": marker_of(colour), "ms": 4.5, "markevery": (0.02 + 0.03 * place, 0.27)}


def _draw_cloud(axis: Axes, panel: CloudPanel) -> None:
    heavy = panel.masses * len(panel.masses) > HEAVY
    _draw_layer(axis, panel, ~heavy, strength=0.4)
    _draw_layer(axis, panel, heavy, strength=1.0)
    axis.set_title(panel.title, fontsize=10.5)
    plain_axes(axis)


def _draw_layer(axis: Axes, panel: CloudPanel, chosen: npt.NDArray[np.bool_], strength: float) -> None:
    """Draw some of the particles: grey discs, lines, coloured discs; a lighter particle has a thinner line."""
    before, after, masses = panel.before[chosen], panel.after[chosen], panel.masses[chosen]
    areas = 1.5 + 250.0 * masses
    widths = 0.4 + 4.0 * np.sqrt(masses)
    edges = list(0.06 * np.sqrt(areas))
    axis.scatter(before[:, 0], before[:, 1], s=areas, color=START, edgecolors="0.4", linewidths=edges)
    lines = list(np.stack([before, after], axis=1))
    axis.add_collection(LineCollection(lines, colors=panel.colour, linewidths=widths, alpha=0.8 * strength, zorder=1.5))
    discs = axis.scatter(after[:, 0], after[:, 1], s=areas, color=panel.colour, edgecolors="white", linewidths=edges)
    discs.set_alpha(strength)


def plain_ticks(axis: Axis, arrays: Sequence[Array]) -> None:
    """Label ticks 0.2 and 0.5 instead of powers of ten where the values span less than two decades."""
    low, high = (reduce(arrays) for reduce in (_smallest, _largest))
    if low > 0.0 and high / low < 100.0:
        subs = (1.0, 2.0, 5.0) if high / low > 5.0 else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _smallest(arrays: Iterable[Array]) -> float:
    return min(float(array.min()) for array in arrays)


def _largest(arrays: Iterable[Array]) -> float:
    return max(float(array.max()) for array in arrays)


def plain_axes(axis: Axes) -> None:
    """No frame above and on the right, a faint grid."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=9)
    axis.grid(alpha=0.25, linewidth=0.6)


def plain(text: str) -> str:
    """Text of unknown origin for a figure, without formulas and without characters that control a terminal."""
    return printable(text).replace("$", r"\$")


@contextmanager
def drawing(
    subject: str, said: str = "holds numbers too large to draw", advice: str = "draw another one"
) -> Iterator[None]:
    """A context without matplotlib's warnings, in which numbers too large to draw raise Refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (RuntimeWarning, OverflowError, ValueError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{subject} {said} ({error}): {advice}.") from error


def check_drawable(values: Array, subject: str) -> None:
    """Raise Refusal for numbers that cannot be drawn: beyond 1e150, or not finite."""
    if not bool(np.all(np.abs(values) <= LARGEST)):
        raise Refusal(f"{subject} holds numbers beyond {LARGEST:g}, or none, too large to draw: draw another one.")
