"""The figure of limits: every quantity against width, with error bars, and the band of its limit."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.figures.figures import add_legend, drawing, plain, plain_axes, plain_ticks
from runs.figures.palette import MOST_COLOURS
from runs.figures.written import save
from runs.limit.files.tables import Found, shown
from runs.system.refusal import Refusal

FIGURE_FILE = "limit.png"
#: The most quantities that have a panel, and panels in a row.
MOST_PANELS, COLUMNS = 12, 3
#: Inches of a panel.
WIDTH, HEIGHT = 3.7, 2.9


def draw_limits(found: Sequence[Found], out: Path, title: str) -> Path:
    """Draw E F(m) against m with error bars and the interval of each limit as a band, a colour for each point.

    Quantities are those at the end of training. Widths that the study names are marked. Raises Refusal where numbers
    are too large to draw, OSError where the file cannot be written.
    """
    path = out / FIGURE_FILE
    names = list(dict.fromkeys(value.name for one in found for _, value in shown(one)))
    left = len(names) - MOST_PANELS
    rows = -(-min(len(names), MOST_PANELS) // COLUMNS)
    columns = min(COLUMNS, len(names))
    width = max(4.8, WIDTH * columns)
    with drawing(f"The figure {path}", advice="do without, with --no-summary"):
        figure = Figure(figsize=(width, HEIGHT * rows + 0.8), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        colours = list(zip(found, cycle(MOST_COLOURS)))
        for axis, name in zip(axes.flat, names[:MOST_PANELS], strict=False):
            for one, colour in colours:
                _draw(axis, one, name, colour)
            axis.set_title(plain(name.replace("_", " ")), fontsize=10.5, loc="left")
            axis.set_xlabel("particles $m$")
            _finish(axis, [one.widths for one in found])
        for axis in axes.flat[min(len(names), MOST_PANELS) :]:
            axis.set_axis_off()
        more = f", {left} more quantities in limit.csv" if left > 0 else ""
        figure.suptitle(f"{plain(title)}: the limit of infinitely many particles{more}", fontsize=12)
        if len(found) > 1:
            add_legend(figure, {plain(one.point.label): colour for one, colour in colours}, width)
        save(figure, path)
    return path


def _draw(axis: Axes, found: Found, name: str, colour: str) -> None:
    """One quantity of one point."""
    for place, value in shown(found):
        if value.name != name:
            continue
        if not np.isfinite([value.low, value.high]).all():
            raise Refusal(f"The limit of {name} has no finite interval, so its band cannot be drawn: see limit.csv.")
        axis.axhspan(value.low, value.high, color=colour, alpha=0.2, linewidth=0)
        axis.axhline(value.value, color=colour, lw=1.2, ls="--")
        errors = found.errors[:, place]
        axis.errorbar(found.widths, found.means[:, place], errors, color=colour, lw=1.4, marker="o", ms=4, capsize=2)
        for width in found.point.widths:
            axis.axvline(width, color="0.7", lw=0.8, ls=":", zorder=0.5)


def _finish(axis: Axes, widths: Sequence[np.ndarray]) -> None:
    axis.set_xscale("log")
    plain_ticks(axis.xaxis, list(widths))
    plain_axes(axis)
