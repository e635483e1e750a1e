"""The figures of limits: every quantity against width and against time, with error bars and the band of its limit."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runs.figures.figures import add_legend, drawing, plain, plain_axes, plain_ticks, titled
from runs.figures.palette import COLOURS, colours_of
from runs.figures.written import save
from runs.limit.files.points import settings_of
from runs.limit.files.tables import Found, at_end
from runs.recorded.curve_groups import short_names, value_text
from runs.system.refusal import Refusal

FIGURE_FILE, TIMES_FILE = "limit.png", "limit_times.png"
#: The most quantities that have a panel, and panels in a row.
MOST_PANELS, COLUMNS = 12, 3
#: Inches of a panel.
WIDTH, HEIGHT = 3.7, 2.9
#: The fewest times of a curve.
FEWEST_TIMES = 3

Array = NDArray[np.float64]
#: Draws one quantity, by its name, of one limit in a colour.
Draw = Callable[[Axes, Found, str, str], None]


def draw_limits(found: Sequence[Found], out: Path, title: str) -> list[Path]:
    """Draw quantities at the end of training against width and, where there are several times, limits against time.

    limit.png has E F(m) with its standard errors and the interval of the limit as a band, with a colour for each point
    and marks at widths that the study names; limit_times.png the band over time, with E F(m) at the first width. Raises
    Refusal where numbers are too large to draw, OSError where a file cannot be written.
    """
    said = f"{plain(title)}: the limit of infinitely many particles"
    drawn = [_figure(found, out / FIGURE_FILE, said, "particles $m$ (dotted: as in the file)", _against_width)]
    if len({quantity.time for one in found for quantity in one.quantities}) >= FEWEST_TIMES:
        said += f" (dotted: of {found[0].widths[0]:.0f})"
        drawn.append(_figure(found, out / TIMES_FILE, said, "flow time", _against_time))
    return drawn


def _figure(found: Sequence[Found], path: Path, title: str, label: str, draw: Draw) -> Path:
    names = list(dict.fromkeys(quantity.words for one in found for _, quantity in at_end(one.quantities)))
    left = len(names) - MOST_PANELS
    columns, rows = min(COLUMNS, len(names)), -(-min(len(names), MOST_PANELS) // COLUMNS)
    width = max(4.8, WIDTH * columns)
    labels = _labels(found)
    colours = colours_of(labels) if len(found) > 1 else {labels[0]: COLOURS[0]}
    with drawing(f"The figure {path}", advice="do without, with --no-summary"):
        figure = Figure(figsize=(width, HEIGHT * rows + 0.8), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for axis, name in zip(axes.flat, names[:MOST_PANELS], strict=False):
            axis.set_xscale("log")
            for one, said in zip(found, labels, strict=True):
                draw(axis, one, name, colours[said])
            plain_ticks(axis.xaxis, [_positive(line.get_xdata()) for line in axis.get_lines() if line.get_zorder() > 1])
            titled(axis, plain(name.replace("_", " ")), "")
            axis.set_xlabel(label)
            plain_axes(axis)
        for axis in axes.flat[min(len(names), MOST_PANELS) :]:
            axis.set_axis_off()
        more = f", {left} more quantities in limit.csv" if left > 0 else ""
        figure.suptitle(f"{title}{more}", fontsize=12)
        if len(found) > 1:
            add_legend(figure, colours, width)
        save(figure, path)
    return path


def _labels(found: Sequence[Found]) -> list[str]:
    """What tells the points apart, in words."""
    words = short_names(settings_of([one.point for one in found]))
    return [
        plain(", ".join(f"{words[key]} {value_text(key, value)}" for key, value in one.point.varied.items()))
        for one in found
    ]


def _against_width(axis: Axes, found: Found, name: str, colour: str) -> None:
    for place, quantity in at_end(found.quantities):
        if quantity.words != name:
            continue
        value = found.limit.values[place]
        _check_finite(name, np.array([value.low, value.high]))
        axis.axhspan(value.low, value.high, color=colour, alpha=0.2, linewidth=0)
        axis.axhline(value.value, color=colour, lw=1.2, ls="--", zorder=0.6)
        errors = found.errors[:, place]
        axis.errorbar(found.widths, found.means[:, place], errors, color=colour, lw=1.4, marker="o", ms=4, capsize=2)
        for width in found.point.widths:
            axis.axvline(width, color="0.7", lw=0.8, ls=":", zorder=0.5)


def _against_time(axis: Axes, found: Found, name: str, colour: str) -> None:
    places = [place for place, one in enumerate(found.quantities) if one.words == name and one.time > 0.0]
    times = np.array([found.quantities[place].time for place in places])
    values = [found.limit.values[place] for place in places]
    low, high = np.array([value.low for value in values]), np.array([value.high for value in values])
    _check_finite(name, np.concatenate([low, high]))
    axis.fill_between(times, low, high, color=colour, alpha=0.2, linewidth=0)
    axis.plot(times, [value.value for value in values], color=colour, lw=1.6)
    axis.plot(times, found.means[0, places], color=colour, lw=1.0, ls=":")


def _check_finite(name: str, ends: Array) -> None:
    if not np.isfinite(ends).all():
        raise Refusal(f"The limit of {name} has no finite interval, so its band cannot be drawn: see limit.csv.")


def _positive(values: object) -> Array:
    found = np.asarray(values, dtype=np.float64)
    return found[found > 0.0]
