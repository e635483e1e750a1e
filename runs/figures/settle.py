"""The last look at a figure before it is written: what its layout measures too wide or hidden is mended.

Titles and labels are wrapped, a formula that touches its title goes below it, labels of ticks are thinned out, and a
legend that lies on data goes below its axes. The figure grows by what this takes, so that axes keep their size.
"""

import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator
from matplotlib.transforms import ScaledTranslation

#: Layouts that are tried at most; each mends what the one before shows.
MOST = 6
#: Gaps in points: between a title and its formula, labels of ticks, a legend and what is above it, text and the edge.
BESIDE, TICK_GAP, ABOVE, EDGE = 8.0, 3.5, 4.0, 4.0
#: Inches around panels.
PAD = 0.06
#: Names by which titles and formulas of panels are found, and legends that lie below their axes.
TITLE, FORMULA, BELOW = "title", "formula", "below"
#: Spaces at which no line is broken: beside = and beside numbers.
TOGETHER = re.compile(r" (?==)|(?<==) |(?<=[A-Za-z]) (?=\d)|(?<=\d) (?=[A-Za-z])")
#: The smallest letters to which a word is shrunk that fits nowhere, by how much at a time, and what is shrunk to fit
#: instead of broken.
SMALLEST, SHRUNK, SLIGHTLY = 6.0, 0.9, 1.08


def settle(figure: Figure) -> None:
    """Mend a figure until its layout shows nothing to mend, and keep that layout. It needs an Agg canvas."""
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=PAD, h_pad=PAD)
    for _ in range(MOST):
        figure.draw_without_rendering()
        if not any([_mend_page(figure), *(_mend_panel(axes) for axes in figure.axes)]):
            figure.set_layout_engine("none")
            return


def _mend_page(figure: Figure) -> bool:
    """Title and legends of the whole figure; whether something was changed."""
    width, mended = figure.bbox.width - 2.0 * EDGE * _unit(figure), False
    if figure.get_suptitle():
        mended = _fit(next(text for text in figure.texts if text.get_text() == figure.get_suptitle()), width)
    for legend in list(figure.legends):
        columns = len({round(text.get_window_extent().x0) for text in legend.get_texts()})
        if columns > 1 and legend.get_window_extent().width > width:
            _again(figure, legend, ncols=_evenly(len(legend.get_texts()), columns - 1), loc="outside lower center")
            legend.remove()
            mended = True
    return mended


def _mend_panel(axes: Axes) -> bool:
    """Title, formula, labels, ticks and legend of one pair of axes; whether something was changed."""
    if not axes.axison:
        return False
    own = {text.get_gid(): text for text in axes.get_children() if isinstance(text, Text)}
    title, formula = own.get(TITLE, axes.title), own.get(FORMULA)
    wide, cell = axes.bbox.width, _cell(axes)
    tests = [_fit(title, wide), _fit(axes.xaxis.label, cell), _fit(axes.yaxis.label, axes.bbox.height, upright=True)]
    if formula is not None and formula.get_text():
        tests += [_fit(formula, wide), _part(title, formula, wide)]
    return any([*tests, _thin_out(axes), _uncover(axes)])


def _fit(text: Text, room: float, upright: bool = False) -> bool:
    """Break the lines of a text that are longer than the room, or make one that cannot be broken smaller."""
    if not text.get_text().strip():
        return False
    box = text.get_window_extent()
    length = box.height if upright else box.width
    if length <= room:
        return False
    size = float(text.get_fontsize())
    if length <= SLIGHTLY * room and size > SMALLEST:
        text.set_fontsize(0.99 * size * room / length)
        return True
    before = text.get_text()
    lines = before.splitlines()
    most = max(8, int(max(map(len, lines)) * room / length))
    text.set_text("\n".join(piece for line in lines for piece in _pieces(line, most)))
    if text.get_text() == before and size > SMALLEST:
        text.set_fontsize(max(SMALLEST, SHRUNK * size))
        return True
    _grow(text.figure, 0.0 if upright else text.get_window_extent().height - box.height)
    return text.get_text() != before


def _pieces(line: str, most: int) -> list[str]:
    """A line in pieces of so many letters; neither formulas nor x = 1, time 5 and 2 seeds are broken."""
    parts = line.split("$")
    whole = "$".join(part.replace(" ", "\0") if place % 2 else part for place, part in enumerate(parts))
    whole = TOGETHER.sub("\0", whole)
    return [piece.replace("\0", " ") for piece in textwrap.wrap(whole, most, break_long_words="$" not in line)] or [""]


def _part(title: Text, formula: Text, room: float) -> bool:
    """Put a title a line above its formula where both do not fit into one."""
    wide = title.get_window_extent().width + formula.get_window_extent().width + BESIDE * _unit(title.figure)
    if not title.get_text() or title.get_text().endswith("\n") or wide <= room:
        return False
    _grow(title.figure, title.get_window_extent().height)
    title.set_text(title.get_text() + "\n")
    return True


def _thin_out(axes: Axes) -> bool:
    """Label fewer ticks along the bottom where labels are too near to each other."""
    axis, unit = axes.xaxis, _unit(axes.figure)
    low, high = sorted(axes.get_xlim())
    within = (label for label in axis.get_ticklabels() if low <= label.get_position()[0] <= high)
    shown = [label.get_window_extent() for label in within if label.get_visible() and label.get_text()]
    boxes = sorted((box.x0, box.x1) for box in shown)
    if all(start - end >= TICK_GAP * unit for (_, end), (start, _) in pairwise(boxes)):
        return False
    places = [place for place in axis.get_majorticklocs() if low <= place <= high]
    if isinstance(axis.get_major_formatter(), FixedFormatter):
        names = dict(zip(axis.get_majorticklocs(), (label.get_text() for label in axis.get_ticklabels()), strict=False))
        axis.set_ticks(places[::2], [names[place] for place in places[::2]])
    else:
        axis.set_major_locator(FixedLocator(places[::2]))
    return True


def _uncover(axes: Axes) -> bool:
    """Put a legend below its axes where it lies on data or on a text."""
    legend = axes.get_legend()
    if legend is None or legend.get_gid() == BELOW:
        return False
    box = legend.get_window_extent()
    texts = (text.get_window_extent() for text in axes.texts)
    hidden = any(
        path.intersects_bbox(box, filled=full) for artist in axes.get_children() for path, full in paths(artist)
    )
    inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 and axes.bbox.y0 <= box.y0
    if inside and not hidden and not any(box.overlaps(text) for text in texts):
        return False
    put_below(axes, legend)
    return True


def put_below(axes: Axes, legend: Legend) -> None:
    """Put a legend below the label of the axes, in as many columns as fit."""
    figure, unit = axes.figure, _unit(axes.figure)
    under = axes.xaxis.get_tightbbox(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    drop = (axes.bbox.y0 - under.y0) / unit + ABOVE if under is not None else ABOVE
    count = len(legend.get_texts())
    columns = _evenly(count, max(1, int(_cell(axes) / legend.get_window_extent().width)))
    place = axes.transAxes + ScaledTranslation(0.0, -drop / 72.0, figure.dpi_scale_trans)
    kept = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "bbox_transform": place, "borderaxespad": 0.0}
    _again(axes, legend, ncols=columns, **kept).set_gid(BELOW)
    _grow(figure, legend.get_window_extent().height * -(-count // columns) / count)


def paths(artist: Artist) -> Iterator[tuple[Path, bool]]:
    """What an artist that shows data draws, on the canvas, and whether it is filled."""
    if isinstance(artist, Line2D):
        path = artist.get_transform().transform_path(artist.get_path())
        if artist.get_linestyle() not in ("None", ""):
            yield path, False
        yield from _points(path.vertices)
    elif isinstance(artist, PathCollection):
        yield from _points(artist.get_offset_transform().transform(artist.get_offsets()))
    elif isinstance(artist, Collection):
        for path in artist.get_paths():
            yield artist.get_transform().transform_path(path), not isinstance(artist, LineCollection)
    elif isinstance(artist, Patch) and artist.axes is not None and artist is not artist.axes.patch:
        yield artist.get_transform().transform_path(artist.get_path()), True


def _points(places: Any) -> Iterator[tuple[Path, bool]]:
    for place in np.ma.filled(places, np.nan):
        if np.isfinite(place).all():
            yield Path([place, place]), False


def _again(owner: Axes | Figure, legend: Legend, **options: Any) -> Legend:
    """The same legend in another place or form."""
    texts = legend.get_texts()
    names, size = [text.get_text() for text in texts], texts[0].get_fontsize()
    return owner.legend(legend.legend_handles, names, frameon=False, fontsize=size, **options)  # type: ignore[arg-type]


def _evenly(count: int, most: int) -> int:
    """The number of columns, at most so many, that are filled evenly."""
    rows = -(-count // max(1, most))
    return -(-count // rows)


def _cell(axes: Axes) -> float:
    """The width in the figure that belongs to these axes."""
    place = axes.get_subplotspec()
    width: float = axes.figure.bbox.width
    return width if place is None else width * len(place.colspan) / place.get_gridspec().ncols


def _unit(figure: Any) -> float:
    """Dots in a point."""
    return float(figure.dpi) / 72.0


def _grow(figure: Any, dots: float) -> None:
    """Make a figure higher by so many dots."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + max(0.0, dots) / figure.dpi)
