"""Figures as files: PNG, PDF or SVG by the ending of the name, the same bytes for the same figure."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from runs.figures.settle import settle
from runs.system.files import replacing
from runs.system.refusal import Refusal

DOTS_PER_INCH = 150
#: What is written into a file of each ending: no date, and into PNG what is drawn (`fingerprint`).
ENDINGS = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
#: Name of the fingerprint in a PNG file.
DRAWN = "Drawn"


def save(figure: Figure, path: Path) -> None:
    """Write a figure, settled, under a temporary name first, so that the file is never half written.

    Raises Refusal for a name that ends neither in .png nor in .pdf nor in .svg.
    """
    ending = path.suffix.lower()
    check_ending(path)
    figure.set_dpi(DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    said = {**ENDINGS[ending], **({DRAWN: fingerprint(figure)} if ending == ".png" else {})}
    settle(figure)
    with replacing(path) as unfinished, rc_context({"svg.hashsalt": "meanfield"}):
        figure.savefig(unfinished, dpi=DOTS_PER_INCH, format=ending[1:], metadata=said)


def check_ending(path: Path) -> None:
    """Raise Refusal for a name by which no figure can be written."""
    if path.suffix.lower() not in ENDINGS:
        raise Refusal(f"{path} does not end in .png, .pdf or .svg, of which one is written: name such a file.")


def fingerprint(figure: Figure) -> str:
    """A checksum of what is drawn: words, curves and points with their colours, to four digits, not the layout."""
    return hashlib.sha256("\n".join(_drawn(figure)).encode()).hexdigest()[:16]


def _drawn(figure: Figure) -> Iterator[str]:
    for axes in figure.axes:
        yield f"{axes.get_xscale()} {axes.get_yscale()} {axes.get_xlabel()} {axes.get_ylabel()}"
        yield from (axes.get_title(place) for place in ("left", "center", "right"))
        for artist in axes.get_children():
            if isinstance(artist, Line2D):
                look = (artist.get_color(), artist.get_linestyle(), artist.get_marker(), artist.get_label())
                yield f"{look} {_digits(artist.get_xydata())}"
            elif isinstance(artist, Collection):
                paths = [] if len(artist.get_offsets()) > 1 else [path.vertices for path in artist.get_paths()]
                yield f"{_digits(artist.get_facecolor())} {_digits(artist.get_offsets())} {_digits(*paths)}"
            elif isinstance(artist, Text):
                yield artist.get_text()
    yield from (text.get_text() for text in figure.texts)
    for legend in [*figure.legends, *(found for axes in figure.axes if (found := axes.get_legend()) is not None)]:
        yield from (text.get_text() for text in legend.get_texts())


def _digits(*arrays: Any) -> str:
    return " ".join(
        f"{number:.3e}" for array in arrays for number in np.ma.filled(np.ma.asarray(array, float), 0.0).flat
    )
