"""Rows of small images, such as hidden weights as the images that they are weights of."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from runs.figures.figures import Array
from runs.figures.written import save

#: Width of an image and of the names of rows, and height of the title, in inches.
SIDE, NAMES, TITLE = 0.72, 1.5, 0.5


def draw_image_rows(rows: Mapping[str, Array], path: Path, *, title: str) -> None:
    """Draw images [count, side, side], a row for each name; blue is negative, red positive, white zero.

    Every image has the colours to itself: its largest number in size is the darkest.
    """
    columns = max(len(images) for images in rows.values())
    width = NAMES + SIDE * columns
    figure = Figure(figsize=(width, TITLE + SIDE * len(rows)))
    left, top = NAMES / width, 1.0 - TITLE / (TITLE + SIDE * len(rows))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    figure.subplots_adjust(left=left, right=0.99, bottom=0.02, top=top, wspace=0.06, hspace=0.06)
    for axes, (name, images) in zip(grid, rows.items(), strict=True):
        for axis, image in zip(axes, images, strict=False):
            reach = float(np.abs(image).max()) or 1.0
            axis.imshow(image, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
        for axis in axes:
            axis.set_axis_off()
        middle = axes[0].get_position()
        figure.text(left - 0.01, (middle.y0 + middle.y1) / 2.0, name, ha="right", va="center", fontsize=9.5)
    figure.suptitle(title, fontsize=11, y=0.99, va="top")
    save(figure, path)
