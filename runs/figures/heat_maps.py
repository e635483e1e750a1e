"""Numbers over two keys as coloured cells: one key across, the other down, the number of each cell written in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.figures.figures import Array, mappable, titled
from runs.figures.palette import ColourScale
from runs.figures.written import save

#: Width and height of a cell, and of what stands around a map, in inches.
CELL, AROUND = (0.62, 0.42), (2.0, 1.3)
#: So many cells of a row and of a column have their numbers written in them, and so many ticks are labelled.
WRITTEN, LABELLED = 12, 16
#: Luminance of a colour from which on black letters are read better than white ones.
LIGHT = 0.5


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A map of `values` [rows, columns]: title in words, formula beside it, words for the axes and at their ticks.

    Colours are logarithmic where all values are positive and span a decade. A cell without a number, NaN, stays white.
    """

    title: str
    x_label: str
    y_label: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: Array
    formula: str = ""


def draw_heat_maps(maps: Sequence[HeatMap], path: Path, title: str) -> None:
    """Draw maps, three in a row or four in two rows, into a PNG file, each with a colour bar of its own."""
    columns = 2 if len(maps) == 4 else min(3, len(maps))
    rows = -(-len(maps) // columns)
    wide, high = max(len(one.columns) for one in maps), max(len(one.rows) for one in maps)
    width, height = (
        max(least, min(most, around + cell * count))
        for least, most, around, cell, count in zip((3.4, 2.6), (6.5, 5.5), AROUND, CELL, (wide, high), strict=True)
    )
    figure = Figure(figsize=(width * columns, height * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, one in zip(axes.flat, maps, strict=False):
        draw_heat_map(axis, one)
    for axis in axes.flat[len(maps) :]:
        axis.set_axis_off()
    figure.suptitle(title, fontsize=12)
    save(figure, path)


def draw_heat_map(axis: Axes, one: HeatMap) -> None:
    """Draw one map on its axes, the first row at the top."""
    known = one.values[np.isfinite(one.values)]
    if known.size:
        scale = mappable(ColourScale.of("", known.tolist()))
        mesh = axis.pcolormesh(np.ma.masked_invalid(one.values), cmap=scale.get_cmap(), edgecolors="white")
        mesh.set_norm(scale.norm)
        axis.figure.colorbar(mesh, ax=axis, pad=0.02).ax.tick_params(which="both", labelsize=8)
        if max(one.values.shape) <= WRITTEN:
            for (row, column), value in np.ndenumerate(one.values):
                if np.isfinite(value):
                    colour = _readable(scale.to_rgba(np.array([value]))[0])
                    place = column + 0.5, row + 0.5
                    axis.text(*place, f"{value:.2g}", ha="center", va="center", fontsize=7.5, color=colour)
    for ticks, words in ((axis.set_xticks, one.columns), (axis.set_yticks, one.rows)):
        every = -(-len(words) // LABELLED)
        ticks([place + 0.5 for place in range(0, len(words), every)], words[::every])
    axis.set(xlim=(0, len(one.columns)), ylim=(len(one.rows), 0))
    axis.tick_params(labelsize=9, length=0)
    axis.spines[:].set_visible(False)
    titled(axis, one.title, one.formula)
    axis.set_xlabel(one.x_label, fontsize=9.5)
    axis.set_ylabel(one.y_label, fontsize=9.5)


def _readable(colour: Array) -> str:
    """Black on light colours, white on dark ones."""
    red, green, blue, _ = colour
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > LIGHT else "white"
