"""Figures as data, and the one routine that draws them: panels of lines, particles before and after, heat maps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.figures.figures import Array, CloudPanel, add_legend, draw_clouds, fitted_title, plain_axes, plain_ticks, save
from runs.figures.heat_maps import HeatMap, draw_heat_maps
from runs.figures.palette import GREY
from runs.study.table import Curve

#: Widths of figures in inches: of a panel among others, and of one alone.
AMONG, ALONE, HEIGHT = 3.7, 4.8, 2.9
#: Numbers at a linear axis along the bottom, at most, so that long ones do not touch.
TICKS = 5
#: How a line is drawn; a band goes from the least to the largest seed, x of a bar is its left edge.
Kind = Literal["band", "dots", "points", "line", "dashed", "bars"]
STYLES: Mapping[str, Mapping[str, Any]] = {
    "band": {"lw": 1.8},
    "dots": {"lw": 1.0, "marker": "o", "ms": 4},
    "points": {"ls": "", "marker": "o", "ms": 4.5},
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
        said = f"{title} (grey: before, coloured: after, area: mass)"
        draw_clouds(clouds, path, title=said, axis_labels=clouds[0].axis_labels)
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
    keys = [_key(panel) for panel in lined]
    common = len(lined) > 1 and all(key == keys[0] for key in keys) or len(lined) == 1
    for axis, panel in zip(axes.flat, lined, strict=False):
        draw_panel(axis, panel, legend=not common)
    for axis in axes.flat[len(lined) :]:
        axis.set_axis_off()
    figure.suptitle(fitted_title(title, width), fontsize=12)
    if common and keys[0]:
        colours = {label: colour for label, (colour, _) in keys[0].items()}
        add_legend(figure, colours, width, {label: STYLES.get(kind, {}) for label, (_, kind) in keys[0].items()})
    save(figure, path)


def draw_panel(axis: Axes, panel: Panel, legend: bool) -> None:
    """Draw one pair of axes; curves without a number are left out, axes without a positive one are linear."""
    lines = [line for line in panel.lines if line.values.size]
    log_x = panel.log_x and any((line.x > 0.0).any() for line in lines)
    log_y = panel.log_y and any((line.values > 0.0).any() for line in lines)
    if log_x:
        axis.set_xscale("log")
    if log_y:
        axis.set_yscale("log")
    for line in lines:
        _draw_line(axis, line)
    if log_x:
        plain_ticks(axis.xaxis, [line.x for line in lines])
    else:
        axis.locator_params(axis="x", nbins=TICKS)
    if log_y:
        plain_ticks(axis.yaxis, [line.values for line in lines])
    axis.set_title(panel.title, fontsize=10.5, loc="left")
    axis.set_title(panel.formula, fontsize=9, loc="right", color=GREY)
    axis.set_xlabel(panel.x_label, fontsize=9.5)
    axis.set_ylabel(panel.y_label, fontsize=9.5)
    plain_axes(axis)
    if legend and any(line.label for line in lines):
        axis.legend(fontsize=8, frameon=False)


def _draw_line(axis: Axes, line: Line) -> None:
    mean, label = np.nanmean(line.values, axis=1), line.label or None
    if line.kind == "bars":
        widths = np.diff(line.x, append=2.0 * line.x[-1] - line.x[-2])
        axis.bar(line.x, mean, widths, align="edge", color=line.colour, label=label)
        return
    if line.kind in ("band", "dots") and line.values.shape[1] > 1:
        low, high = np.nanmin(line.values, axis=1), np.nanmax(line.values, axis=1)
        axis.fill_between(line.x, low, high, color=line.colour, alpha=0.2, linewidth=0)
    style = STYLES[line.kind]
    if line.errors is None:
        axis.plot(line.x, mean, color=line.colour, label=label, **style)
    else:
        bars = 2.0 * np.nanmean(line.errors, axis=1)
        axis.errorbar(line.x, mean, bars, color=line.colour, label=label, capsize=3, **style)


def _key(panel: Panel) -> dict[str, tuple[str, str]]:
    return {line.label: (line.colour, line.kind) for line in panel.lines if line.label}
