"""Figures as data, and the one routine that draws them: panels of lines, particles before and after, heat maps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.figures.figures import (
    AT_THE_END,
    WITHOUT_ZERO,
    Array,
    CloudPanel,
    add_legend,
    draw_clouds,
    plain_axes,
    plain_ticks,
    sparse,
    titled,
)
from runs.figures.heat_maps import HeatMap, draw_heat_maps
from runs.figures.palette import MARKERS, MOST_COLOURS, in_order, marker_of
from runs.figures.written import save
from runs.study.table import Curve

#: Widths of figures in inches: of a panel among others, and of one alone.
AMONG, ALONE, HEIGHT = 3.7, 4.8, 2.9
#: Numbers at a linear axis along the bottom, at most, so that long ones do not touch.
TICKS = 5
#: Kinds that are points, with or without a line.
POINTED = ("dots", "points")
#: A line of so few points has a marker at each of them; markers of more points than so many are small.
FEW, MANY = 12, 200
#: How a line is drawn; a band goes from the least to the largest seed, x of a bar is its left edge.
Kind = Literal["band", "dots", "points", "line", "dashed", "bars"]
STYLES: Mapping[str, Mapping[str, Any]] = {
    "band": {"lw": 1.8},
    "dots": {"lw": 1.0, "ms": 4.5},
    "points": {"ls": "", "ms": 5.0},
    "line": {"lw": 1.8},
    "dashed": {"lw": 1.4, "ls": "--"},
}


@dataclass(frozen=True, eq=False)
class Line:
    """A curve of a panel: values [x, seeds], the mean of which is drawn, and standard errors [x, seeds] or none."""

    label: str
    colour: str
    x: Array
    values: Array
    kind: Kind = "dots"
    errors: Array | None = None

    @property
    def after_zero(self) -> "Line":
        """The part that a logarithmic axis can show."""
        shown = self.x > 0.0
        errors = None if self.errors is None else self.errors[shown]
        return replace(self, x=self.x[shown], values=self.values[shown], errors=errors)

    @classmethod
    def of(cls, label: str, colour: str, curve: Curve, kind: Kind = "dots") -> "Line":
        """A curve of a table, with error bars where it has errors."""
        errors = curve.errors if curve.errors.size and not np.isnan(curve.errors).all() else None
        return cls(label, colour, curve.x, curve.values, kind, errors)


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of axes in the figure of this file name: title in words, the formula beside it, and the lines."""

    file: str
    title: str
    x_label: str
    lines: tuple[Line, ...]
    formula: str = ""
    y_label: str = ""
    log_x: bool = True
    log_y: bool = True


@dataclass(frozen=True, eq=False)
class Particles(CloudPanel):
    """Particles before and after, in the figure of this file name."""

    file: str
    axis_labels: tuple[str, str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Heat(HeatMap):
    """Numbers over two keys as coloured cells, in the figure of this file name."""

    file: str


#: Whatever a figure is made of; the panels of one file are of one kind.
AnyPanel = Panel | Particles | Heat


def by_file(panels: Iterable[AnyPanel]) -> dict[str, list[AnyPanel]]:
    """The panels of every figure."""
    found: dict[str, list[AnyPanel]] = {}
    for panel in panels:
        found.setdefault(panel.file, []).append(panel)
    return found


def draw(panels: Sequence[AnyPanel], path: Path, title: str) -> None:
    """Draw the panels of one figure into a PNG file: three in a row, with one legend where it serves for all."""
    clouds = [panel for panel in panels if isinstance(panel, Particles)]
    if clouds:
        draw_clouds(clouds, path, title=title, axis_labels=clouds[0].axis_labels, end=AT_THE_END)
        return
    maps = [panel for panel in panels if isinstance(panel, Heat)]
    if maps:
        draw_heat_maps(maps, path, title)
        return
    lined = [panel for panel in panels if isinstance(panel, Panel)]
    columns = min(3, len(lined))
    rows, width = -(-len(lined) // columns), AMONG * columns if columns > 1 else ALONE
    figure = Figure(figsize=(width, HEIGHT * rows + 0.7), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    entries = common_legend(lined)
    for place, (axis, panel) in enumerate(zip(axes.flat, lined, strict=False)):
        again = place % columns > 0 and _looks([panel]) == _looks([lined[place - 1]])
        draw_panel(axis, panel, legend=entries is None and not again)
    for axis in axes.flat[len(lined) :]:
        axis.set_axis_off()
    figure.suptitle(title, fontsize=12)
    if entries is not None and entries:
        colours = {label: colour for label, (colour, _) in entries.items()}
        pointed = {colour for panel in lined for colour in _pointed(panel.lines)}
        styles = {label: look(kind, colour, colour not in pointed) for label, (colour, kind) in entries.items()}
        add_legend(figure, colours, width, styles)
    save(figure, path)


def common_legend(panels: Sequence[Panel]) -> dict[str, tuple[str, Kind]] | None:
    """Colour and kind of every label where one legend serves for all panels, otherwise None.

    It does where one panel has all labels, they look the same in all panels, and are not too many.
    """
    looks = _looks(panels)
    found = dict(looks)
    one_has_all = any(set(found) == {line.label for line in panel.lines if line.label} for panel in panels)
    same = all(found[label] == seen for label, seen in looks)
    return found if one_has_all and same and len(found) <= len(MOST_COLOURS) else None


def _looks(panels: Sequence[Panel]) -> list[tuple[str, tuple[str, Kind]]]:
    return [(line.label, (line.colour, line.kind)) for panel in panels for line in panel.lines if line.label]


def draw_panel(axis: Axes, panel: Panel, legend: bool) -> None:
    """Draw one pair of axes; curves without a number are left out, axes without a positive one are linear.

    Where a logarithmic axis cannot show the numbers at zero, its label says so.
    """
    lines = [line for line in panel.lines if line.values.size]
    log_x = panel.log_x and any((line.x > 0.0).any() for line in lines)
    zero = log_x and any((line.x <= 0.0).any() for line in lines)
    if zero:
        lines = [line.after_zero for line in lines if (line.x > 0.0).any()]
    log_y = panel.log_y and any((line.values > 0.0).any() for line in lines)
    if log_x:
        axis.set_xscale("log")
    if log_y:
        axis.set_yscale("log")
    pointed = _pointed(lines)
    for line in lines:
        _draw_line(axis, line, marked=bool(line.label) and line.colour not in pointed)
    if log_x:
        plain_ticks(axis.xaxis, [line.x for line in lines])
    else:
        axis.locator_params(axis="x", nbins=TICKS)
    if log_y:
        plain_ticks(axis.yaxis, [line.values for line in lines])
    titled(axis, panel.title, panel.formula)
    axis.set_xlabel(panel.x_label + (WITHOUT_ZERO if zero else ""), fontsize=9.5)
    axis.set_ylabel(panel.y_label, fontsize=9.5)
    plain_axes(axis)
    if legend:
        handles, labels = axis.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True))
        if named:
            axis.legend([named[label] for label in in_order(labels)], in_order(labels), fontsize=8, frameon=False)


def _pointed(lines: Iterable[Line]) -> set[str]:
    """Colours of which there are points, so that markers along a line would be taken for some of them."""
    return {line.colour for line in lines if line.kind in POINTED}


def _draw_line(axis: Axes, line: Line, marked: bool) -> None:
    mean, label = np.nanmean(line.values, axis=1), line.label or None
    if line.kind == "bars":
        widths = np.diff(line.x, append=2.0 * line.x[-1] - line.x[-2])
        axis.bar(line.x, mean, widths, align="edge", color=line.colour, label=label)
        return
    if line.kind in ("band", "dots") and line.values.shape[1] > 1:
        low, high = np.nanmin(line.values, axis=1), np.nanmax(line.values, axis=1)
        axis.fill_between(line.x, low, high, color=line.colour, alpha=0.2, linewidth=0)
    style = look(line.kind, line.colour, marked, len(line.x))
    if line.errors is None:
        axis.plot(line.x, mean, color=line.colour, label=label, **style)
    else:
        bars = 2.0 * np.nanmean(line.errors, axis=1)
        axis.errorbar(line.x, mean, bars, color=line.colour, label=label, capsize=3, **style)


def look(kind: Kind, colour: str, marked: bool = True, count: int = FEW + 1) -> dict[str, Any]:
    """How a curve of this kind and colour is drawn, a line with or without markers.

    A line of few points has a marker at each of them, another one a few along it.

    Markers tell curves apart in grey; those of dashed lines are hollow.
    """
    style = dict(STYLES.get(kind, {}))
    if kind in POINTED:
        style["marker"] = marker_of(colour)
        if count > MANY:
            style["ms"] = 3.0
    elif kind in ("band", "line", "dashed") and marked and colour in MARKERS:
        style |= (
            sparse(colour)
            | ({"markevery": None} if count <= FEW else {})
            | ({"mfc": "white"} if kind == "dashed" else {})
        )
    return style
