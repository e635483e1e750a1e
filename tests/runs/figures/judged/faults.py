"""What can be wrong with a figure, found in what is drawn: texts, ticks, legends and curves.

A figure is drawn on the Agg canvas, and every text that is drawn is kept with its place. Lengths are in points.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, LineCollection, PathCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from runs.figures.palette import MOST_COLOURS, OTHERS, in_order

#: Boxes of texts may share so much in both directions, which is the empty rim of a letter.
SHARED = 1.0
#: Labels of ticks along the bottom have at least this gap.
GAP = 2.5
#: Least distance of two colours in OKLab, where a just noticeable difference is about .02; and of their lightness.
APART, APART_IN_GREY = 0.1, 0.07
#: What is drawn for each axes, so that a curve of a colour bar is not asked to differ from its neighbours.
BAR = "<colorbar>"


def faults_of(figure: Figure) -> list[str]:
    """A sentence for every fault of a figure; none for a sound one."""
    canvas = FigureCanvasAgg(figure)
    texts: list[Text] = []
    draw = Text.draw

    def watched(text: Text, renderer: Any, *rest: Any, **options: Any) -> None:
        texts.append(text)
        draw(text, renderer, *rest, **options)

    with mock.patch.object(Text, "draw", watched):
        canvas.draw()
    unit = figure.dpi / 72.0
    shown = [text for text in dict.fromkeys(texts) if text.get_visible() and text.get_text().strip()]
    boxes = {text: _box(text) for text in shown}
    return [
        *_overlaps(boxes, unit),
        *_beyond(figure, boxes, unit),
        *_crowded(figure, boxes, unit),
        *_hidden(figure, canvas, unit),
        *_alike(figure),
        *_long_legends(figure),
    ]


def _box(text: Text) -> Bbox:
    """Where a text is, without empty lines at its end."""
    box, lines = text.get_window_extent(), text.get_text().split("\n")
    empty = len(lines) - len(text.get_text().rstrip("\n").split("\n"))
    return Bbox.from_extents(box.x0, box.y0 + box.height * empty / len(lines), box.x1, box.y1)


def _overlaps(boxes: dict[Text, Bbox], unit: float) -> Iterator[str]:
    """Texts of which both boxes share more than an empty rim."""
    for (one, mine), (other, theirs) in combinations(boxes.items(), 2):
        wide = min(mine.x1, theirs.x1) - max(mine.x0, theirs.x0)
        high = min(mine.y1, theirs.y1) - max(mine.y0, theirs.y0)
        if min(wide, high) > SHARED * unit:
            size = f"{wide / unit:.0f} x {high / unit:.0f} points"
            yield f"overlap: {one.get_text()!r} and {other.get_text()!r} share {size}"


def _beyond(figure: Figure, boxes: dict[Text, Bbox], unit: float) -> Iterator[str]:
    """Texts that reach over an edge of the canvas."""
    for text, box in boxes.items():
        over = max(-box.x0, -box.y0, box.x1 - figure.bbox.x1, box.y1 - figure.bbox.y1) / unit
        if over > SHARED:
            yield f"canvas: {text.get_text()!r} is {over:.0f} points beyond the edge"


def _crowded(figure: Figure, boxes: dict[Text, Bbox], unit: float) -> Iterator[str]:
    """Labels of ticks along the bottom or the top with less than a gap between them."""
    for axes in figure.axes:
        for which in (axes.xaxis.get_ticklabels(minor=False), axes.xaxis.get_ticklabels(minor=True)):
            row = sorted((boxes[label].x0, boxes[label].x1, label.get_text()) for label in which if label in boxes)
            for (_, end, one), (start, _, other) in pairwise(row):
                if start - end < GAP * unit:
                    yield f"ticks: {one!r} and {other!r} are {(start - end) / unit:.1f} points apart"


def _hidden(figure: Figure, canvas: FigureCanvasAgg, unit: float) -> Iterator[str]:
    """Legends under whose box there are points or lines."""
    legends = [*figure.legends, *(legend for axes in figure.axes if (legend := axes.get_legend()) is not None)]
    for legend in legends:
        box = legend.get_window_extent(canvas.get_renderer())
        for axes in figure.axes:
            seen = Bbox.intersection(box, axes.bbox)
            if seen is None or min(seen.width, seen.height) <= SHARED * unit:
                continue
            for artist in axes.get_children():
                if _data(artist) and any(path.intersects_bbox(seen, filled=full) for path, full in _paths(artist)):
                    entries = ", ".join(text.get_text() for text in legend.get_texts())
                    yield f"legend: that of {entries!r} lies on {_named(artist)} of {axes.get_title('left')!r}"


def _data(artist: Artist) -> bool:
    shows = isinstance(artist, Line2D | Collection | Rectangle) and artist.get_visible()
    return shows and artist.axes is not None and artist is not artist.axes.patch


def _paths(artist: Any) -> Iterator[tuple[Path, bool]]:
    """What an artist draws, on the canvas, and whether it is filled."""
    if isinstance(artist, Line2D):
        path = artist.get_transform().transform_path(artist.get_path())
        if artist.get_linestyle() not in ("None", ""):
            yield path, False
        points = path.vertices
    elif isinstance(artist, PathCollection):
        points = artist.get_offset_transform().transform(artist.get_offsets())
    elif isinstance(artist, Rectangle):
        yield artist.get_transform().transform_path(artist.get_path()), True
        return
    else:
        for path in artist.get_paths():
            yield artist.get_transform().transform_path(path), not isinstance(artist, LineCollection)
        return
    for x, y in np.ma.filled(points, np.nan):
        if np.isfinite(x) and np.isfinite(y):
            yield Path([(x, y), (x, y)]), False


def _alike(figure: Figure) -> Iterator[str]:
    """Pairs of curves of one pair of axes that look alike, or do in grey."""
    if any(axes.get_label() == BAR for axes in figure.axes):
        return
    for axes in figure.axes:
        for one, other in combinations((line for line in _curves(axes) if line.get_color() != OTHERS), 2):
            if _style(one) != _style(other):
                continue
            mine, theirs = _lab(one), _lab(other)
            where = f"{_named(one)} and {_named(other)} of {axes.get_title('left')!r}"
            if float(np.linalg.norm(mine - theirs)) < APART:
                yield f"alike: {where} have one style, and colours that are too near"
            elif abs(mine[0] - theirs[0]) < APART_IN_GREY and all(_labelled(line) for line in (one, other)):
                yield f"grey: {where} have one style, and are alike without colours"


def _curves(axes: Axes) -> list[Line2D]:
    """Lines and points, without the caps of error bars."""
    caps = {cap for container in axes.containers for cap in getattr(container, "lines", ((), ()))[1] or ()}
    return [line for line in axes.lines if line not in caps and len(line.get_xdata()) and line.get_visible()]


def _style(line: Line2D) -> tuple[object, ...]:
    marker = line.get_marker() if line.get_marker() not in ("None", "", None) else ""
    return line.get_linestyle(), marker


def _labelled(line: Line2D) -> bool:
    return not str(line.get_label()).startswith("_")


def _lab(line: Line2D) -> np.ndarray:
    """The colour on white, in OKLab (Ottosson 2020)."""
    rgb = np.array(to_rgba(line.get_color(), line.get_alpha()))
    rgb = rgb[3] * rgb[:3] + (1.0 - rgb[3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    mixed = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    lab: np.ndarray = mixed @ np.cbrt(cones @ linear)
    return lab


def _long_legends(figure: Figure) -> Iterator[str]:
    """Legends that name too many curves, or not in order."""
    legends: list[Legend] = [*figure.legends, *(found for axes in figure.axes if (found := axes.get_legend()))]
    for legend in legends:
        names = [text.get_text() for text in legend.get_texts()]
        if len(names) > len(MOST_COLOURS):
            yield f"entries: a legend has {len(names)} entries"
        if names != in_order(names):
            yield f"order: the legend of {', '.join(names)!r} is not sorted"


def _named(artist: Artist) -> str:
    label = str(artist.get_label())
    return repr(label) if label and not label.startswith("_") else f"a {type(artist).__name__}"
