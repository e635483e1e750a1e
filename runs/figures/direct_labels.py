"""Names written beside curves, where a legend would have too many entries."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from runs.figures.palette import GREY, OTHERS
from runs.figures.settle import paths

#: Size of the letters, and their distance from a point of the curve, in points.
LETTERS, AWAY = 8.5, 6.0
#: Where a name may stand beside a point: signs of the shift, and how it is aligned.
SIDES = (
    ((1, 0), "left", "center"),
    ((-1, 0), "right", "center"),
    ((0, 1), "center", "bottom"),
    ((0, -1), "center", "top"),
    ((1, 1), "left", "bottom"),
    ((1, -1), "left", "top"),
    ((-1, 1), "right", "bottom"),
    ((-1, -1), "right", "top"),
)


def label_curves(axes: Axes, curves: Sequence[Line2D]) -> list[Line2D]:
    """Write the label of each curve beside a point of it, in its colour, where nothing else is; those without a place.

    No other curve is as near to a name as its own. The figure needs an Agg canvas and its final size. Places are tried
    from the last point of a curve to its first.
    """
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    taken = [(artist, path) for artist in axes.get_children() for path, _ in paths(artist)]
    placed: list[Bbox] = []
    left = []
    for curve in curves:
        for text in _tried(axes, curve):
            box = text.get_window_extent()
            wide = box.padded(AWAY * axes.figure.dpi / 72.0)
            within = all(axes.bbox.contains(x, y) for x, y in box.corners())
            free = not any(map(wide.overlaps, placed))
            if within and free and not any(path.intersects_bbox(box if of is curve else wide) for of, path in taken):
                placed.append(box)
                break
            text.remove()
        else:
            left.append(curve)
    return left


def _tried(axes: Axes, curve: Line2D) -> Iterator[Annotation]:
    """The name of a curve at one place after the other."""
    for x, y in _points(curve):
        for (right, up), across, along in SIDES:
            yield axes.annotate(
                str(curve.get_label()),
                (x, y),
                xytext=(AWAY * right, AWAY * up),
                textcoords="offset points",
                ha=across,
                va=along,
                fontsize=LETTERS,
                color=GREY if curve.get_color() == OTHERS else curve.get_color(),
            )


def _points(curve: Line2D) -> Iterable[tuple[float, float]]:
    """Points of a curve from its last to its first, twenty of them at most."""
    places = np.asarray(curve.get_xydata())
    chosen = np.unique(np.linspace(0, len(places) - 1, min(20, len(places))).round().astype(int))
    return [(float(x), float(y)) for x, y in places[chosen[::-1]] if np.isfinite(x) and np.isfinite(y)]
