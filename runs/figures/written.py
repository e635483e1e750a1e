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
#: The formats of figures, as their names end; none is a PNG.
KINDS = ("png", "pdf", "svg")
#: Of each kind what is left out, so that the same figure has the same bytes.
WITHOUT_DATE: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}
#: Name of the fingerprint in a PNG file.
DRAWN = "Drawn"


def save(figure: Figure, path: Path) -> None:
    """Write a figure, settled, under a temporary name first, so that the file is never half written.

    A PNG says what is drawn (`fingerprint`). Raises Refusal for a name with another ending than .png, .pdf and .svg.
    """
    kind = kind_of(path)
    said = {**WITHOUT_DATE[kind], **({DRAWN: fingerprint(figure)} if kind == "png" else {})}
    settle(prepared(figure))
    with replacing(path) as unfinished, rc_context({"svg.hashsalt": "meanfield"}):
        figure.savefig(unfinished, dpi=DOTS_PER_INCH, format=kind, metadata=said)


def prepared(figure: Figure) -> Figure:
    """The figure with the canvas and the resolution with which it is measured and written."""
    figure.set_dpi(DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    return figure


def kind_of(path: Path) -> str:
    """The format of a figure by the ending of its name; raises Refusal for one that is not written."""
    kind = path.suffix.lower().removeprefix(".") or KINDS[0]
    if kind not in KINDS:
        raise Refusal(f"{path} ends in {path.suffix}, but figures are .png, .pdf or .svg: name such a file.")
    return kind


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
                single = np.asarray(artist.get_offsets()).shape[0] <= 1
                paths = [path.vertices for path in artist.get_paths()] if single else []
                yield f"{_digits(artist.get_facecolor())} {_digits(artist.get_offsets())} {_digits(*paths)}"
            elif isinstance(artist, Text):
                yield artist.get_text()
    yield from (text.get_text() for text in figure.texts)
    for legend in [*figure.legends, *(found for axes in figure.axes if (found := axes.get_legend()) is not None)]:
        yield from (text.get_text() for text in legend.get_texts())


def _digits(*arrays: Any) -> str:
    flat: list[np.ndarray] = [np.ma.filled(np.ma.asarray(array, float), 0.0).ravel() for array in arrays]
    return " ".join(f"{float(number):.3e}" for numbers in flat for number in numbers)
