"""Figures by matplotlib's object interface on the Agg canvas: curves with spread, and particles before and after.

No global state of pyplot is used, so figures can be drawn in any thread and without a display.
"""

import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from runs.system.files import replacing
from runs.system.printable import printable
from runs.system.refusal import Refusal

Array = npt.NDArray[np.float64]

#: Four colours that differ for every common kind of colour blindness (Okabe and Ito 2008).
COLOURS = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
#: These and four more, one for each curve that a legend names at most.
MOST_COLOURS = (*COLOURS, "#56B4E9", "#CC79A7", "#000000", "#8C564B")
#: The scale of colours for numbers: matplotlib's viridis without the colours that are too light on white.
VIRIDIS = [colormaps["viridis"](0.88 * part / 63.0) for part in range(64)]
DOTS_PER_INCH = 150
#: The formats of figures, as their names end.
KINDS = ("png", "pdf", "svg")
GREY = "0.35"
#: The largest number that is drawn; the squares of larger ones are not finite.
LARGEST = 1e150

#: Mean width of a letter of a title or a legend, and width of a line with its gaps in a legend, in inches.
LETTER, LINE = 0.088, 0.75

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


@dataclass(frozen=True)
class ColourScale:
    """Colours for values from `low` to `high`, linear or logarithmic, for a colour bar."""

    label: str
    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, label: str, values: Sequence[float]) -> "ColourScale":
        """The scale of these values; it is logarithmic if they are positive and span a decade."""
        low, high = min(values), max(values)
        return cls(label, low, high, log=low > 0.0 and high >= 10.0 * low)

    @property
    def mappable(self) -> ScalarMappable:
        """The object from which matplotlib makes a colour bar, without the lightest colours."""
        kind = LogNorm if self.log else Normalize
        return ScalarMappable(kind(self.low, self.high), LinearSegmentedColormap.from_list("", VIRIDIS))

    def colour(self, value: float) -> str:
        """The colour of a value, as a hexadecimal text."""
        red, green, blue, _ = self.mappable.to_rgba(np.array([value]))[0]
        return to_hex((float(red), float(green), float(blue)))


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
    """Draw panels of curves against time on a log axis, with one legend or colour bar, into a file.

    A single panel is drawn wider. Title and legend have as many lines as the width needs; a legend names at most eight
    curves and says how many more there are.
    """
    rows = -(-len(panels) // columns)
    width = 3.6 * columns if columns > 1 else 4.8
    figure = Figure(figsize=(width, 2.75 * rows + 0.8), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True)
    for axis, panel in zip(axes.flat, panels, strict=False):
        _draw_panel(axis, panel, log_time)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis in axes.flat[max(0, len(panels) - columns) : len(panels)]:
        axis.set_xlabel(time_label)
        axis.tick_params(labelbottom=True)
    figure.suptitle(fitted_title(title, width), fontsize=12)
    if scale is None:
        add_legend(figure, {curve.label: curve.colour for panel in panels for curve in panel.curves}, width)
    else:
        figure.colorbar(scale.mappable, ax=axes, label=scale.label, aspect=30, pad=0.02)
    save(figure, path)


def draw_clouds(panels: Sequence[CloudPanel], path: Path, *, title: str, axis_labels: tuple[str, str]) -> None:
    """Draw particles into a PNG file: a grey dot at the start, a line, and a coloured dot at the end of each.

    The area of a dot grows with the mass. All panels have the same limits, so lengths can be compared, and heavy
    particles lie on top.
    """
    width = 2.75 * len(panels)
    lines = textwrap.wrap(title, max(20, int(width / LETTER)))
    above = 0.22 * max(len(panel.title.splitlines()) for panel in panels) + 0.26 * len(lines)
    figure = Figure(figsize=(width, 2.9 + above), layout="compressed")
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
    figure.suptitle("\n".join(lines), fontsize=12)
    save(figure, path)


def fitted_title(title: str, width: float) -> str:
    """A title in as many lines as a figure of so many inches asks for."""
    return textwrap.fill(title, int(width / LETTER))


def add_legend(
    figure: Figure, colours: Mapping[str, str], width: float, styles: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Add a legend below the panels, with at most eight curves; `styles` are matplotlib's, of those that have one."""
    named = dict(list(colours.items())[: len(MOST_COLOURS)])
    if len(named) < len(colours):
        named[f"and {len(colours) - len(named)} more"] = "none"
    drawn = {label: {**(styles or {}).get(label, {}), "lw": 2.2} for label in named}
    handles = [Line2D([], [], color=colour, label=label, **drawn[label]) for label, colour in named.items()]
    ncols = _legend_columns(list(named), width)
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols, frameon=False, fontsize=10.5)


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """The largest number of columns that fit and are evenly filled: rows of four, two or one for four labels."""
    fitting = max(1, int(width / (LINE + LETTER * max(len(label) for label in labels))))
    rows = -(-len(labels) // fitting)
    return -(-len(labels) // rows)


def _draw_panel(axis: Axes, panel: CurvePanel, log_time: bool) -> None:
    if log_time:
        axis.set_xscale("log")
    if panel.curves and log_time:
        plain_ticks(axis.xaxis, [curve.times for curve in panel.curves])
    if panel.log_values:
        axis.set_yscale("log")
        plain_ticks(axis.yaxis, [curve.values for curve in panel.curves])
    crowd = min(1.0, len(MOST_COLOURS) / max(1, len(panel.curves)))
    for curve in panel.curves:
        mean, low, high = curve.values.mean(axis=0), curve.values.min(axis=0), curve.values.max(axis=0)
        if len(curve.values) > 1:
            axis.fill_between(curve.times, low, high, color=curve.colour, alpha=0.2 * crowd**1.5, linewidth=0)
        axis.plot(curve.times, mean, color=curve.colour, lw=1.0 + 0.8 * crowd)
    axis.set_title(panel.title, fontsize=10.5, loc="left")
    axis.set_title(panel.formula, fontsize=9, loc="right", color=GREY)
    plain_axes(axis)


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
    axis.scatter(before[:, 0], before[:, 1], s=areas, color="0.7", edgecolors="0.4", linewidths=edges)
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


def save(figure: Figure, path: Path) -> None:
    """Write a figure under a temporary name first, so that the file is never half written: PNG, PDF or SVG by its name.

    Raises Refusal for a name with another ending; one without an ending is a PNG.
    """
    FigureCanvasAgg(figure)
    kind = kind_of(path)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=DOTS_PER_INCH, format=kind)


def kind_of(path: Path) -> str:
    """The format of a figure by the ending of its name; raises Refusal for one that is not written."""
    kind = path.suffix.lower().removeprefix(".") or KINDS[0]
    if kind not in KINDS:
        raise Refusal(f"{path} ends in {path.suffix}, but figures are .png, .pdf or .svg: name such a file.")
    return kind
