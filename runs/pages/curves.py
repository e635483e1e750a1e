"""Panels of figures as plots of plotly: the same lines, bands and maps as in the PNG files, from the same data."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_hex

from runs.figures.figures import Array, CurvePanel
from runs.figures.palette import GREY, MARKERS, SCALE, START, ColourScale
from runs.pages.formulas import marked, spoken
from runs.pages.part import Figure, Key, Plot
from runs.study.panels import AnyPanel, Heat, Line, Panel, Particles

#: Points of all curves of a page together, the fewest and the most of one curve: of more, some are taken evenly.
ALL_POINTS, FEWEST, MOST = 15_000, 24, 500
#: Most particles of a picture before and after.
MOST_PARTICLES = 400
#: Digits of a number in a page.
DIGITS = 6
#: What each kind of line is in plotly: its mode and its dash.
MODES = {
    "band": ("lines", "solid"),
    "dots": ("lines+markers", "solid"),
    "points": ("markers", "solid"),
    "line": ("lines", "solid"),
    "dashed": ("lines", "dash"),
    "bars": ("bars", "solid"),
}
#: Cells of a map that have their number written in them, at most.
WRITTEN = 150
#: So many columns have their numbers in letters of the usual size.
SIX = 6


def budgeted(panels: Iterable[AnyPanel], share: int = 1) -> int:
    """How many points each curve may have, such that a page stays small; `share` parts of it have as many each."""
    lines = sum(len(panel.lines) for panel in panels if isinstance(panel, Panel))
    return max(FEWEST, min(MOST, ALL_POINTS // (max(1, lines) * share)))


def figure_of(
    title: str,
    panels: Sequence[AnyPanel],
    link: str = "",
    *,
    most: int = MOST,
    scale: ColourScale | None = None,
    remark: str = "",
) -> Figure:
    """The plots of one figure, of at most so many points a curve; `link` is the file with the same as a picture.

    The legend is common where all plots have the same, as in the file; a scale of colours stands for a legend.
    """
    plots = tuple(plot_of(panel, most) for panel in panels)
    keys = [plot.keys for plot in plots if plot.keys]
    common = keys[0] if keys and scale is None and all(key == keys[0] for key in keys) else ()
    spread = any(trace.get("meta") for plot in plots for trace in plot.data)
    long = any(len(line.x) > most for panel in panels if isinstance(panel, Panel) for line in panel.lines)
    said = [remark, f"Of longer curves {most} points are shown." if long else ""]
    return Figure(title, plots, common, spread, link, scale, " ".join(filter(None, said)))


def plot_of(panel: AnyPanel, most: int = MOST) -> Plot:
    """One pair of axes."""
    if isinstance(panel, Heat):
        return _map(panel)
    return _before_and_after(panel) if isinstance(panel, Particles) else _lines(panel, most)


def panel_of(panel: CurvePanel, x_label: str = "flow time") -> Panel:
    """A panel of curves against time as one of lines: values [times, runs], with a band where there are several."""
    lines = tuple(Line(each.label, each.colour, each.times, each.values.T, "band") for each in panel.curves)
    return Panel("", panel.title, x_label, lines, panel.formula, log_y=panel.log_values)


def numbers(values: Iterable[float]) -> list[float | None]:
    """Numbers for JSON, in six digits, with None for what is not finite."""
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in values]


def evenly(count: int, most: int) -> list[int]:
    """Places of at most `most` out of `count` things, evenly spaced, the first and the last among them."""
    return [int(place) for place in np.unique(np.linspace(0, count - 1, min(count, most)).round())] if count else []


def _lines(panel: Panel, most: int) -> Plot:
    lines = [line for line in panel.lines if line.values.size and np.isfinite(line.values).any()]
    may_log = tuple(any(bool((part > 0.0).any()) for part in parts) for parts in _xy(lines))
    log_x, log_y = (asked and may for asked, may in zip((panel.log_x, panel.log_y), may_log, strict=True))
    traces = [trace for line in lines for trace in _traces(line, log_y, most)]
    axes = {"xaxis": _axis(panel.x_label, log_x), "yaxis": _axis(panel.y_label, log_y)}
    keys = tuple(dict.fromkeys(_key(line) for line in lines if line.label))
    bars = any(line.kind == "bars" for line in lines)
    layout = {**axes, **({"barmode": "overlay"} if bars else {})}
    return _plot(panel.title, panel.formula, traces, layout, keys, (may_log[0], may_log[1]))


def _xy(lines: Sequence[Line]) -> tuple[list[Array], list[Array]]:
    return [line.x for line in lines], [line.values for line in lines]


def _plot(
    title: str,
    formula: str,
    data: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    keys: tuple[Key, ...] = (),
    may_log: tuple[bool, bool] = (False, False),
) -> Plot:
    words = " ".join(filter(None, (spoken(title), spoken(formula)))) or "figure"
    return Plot(str(marked(title)), str(marked(formula)), words, data, layout, keys, may_log)


def _hex(colour: str) -> str:
    """A colour of matplotlib, which may be a grey such as 0.6, as a browser knows it."""
    return to_hex(colour)


def _axis(label: str, log: bool) -> dict[str, Any]:
    return {"type": "log" if log else "linear", "title": {"text": str(marked(label))}}


def _group(line: Line) -> str:
    """Traces that are shown and hidden together: a line without a label goes with those of its colour."""
    return f"{_hex(line.colour)} {spoken(line.label)}".rstrip()


def _key(line: Line) -> Key:
    mode, dash = MODES[line.kind]
    return Key(str(marked(line.label)), _hex(line.colour), "dot" if mode == "markers" else dash, _group(line))


def _traces(line: Line, log: bool, most: int) -> list[dict[str, Any]]:
    """A line with the bands about it, the mean over seeds being on top."""
    chosen = evenly(len(line.x), most)
    x, values = line.x[chosen], line.values[chosen]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a place without any number has no mean
        mean, low, high = np.nanmean(values, axis=1), np.nanmin(values, axis=1), np.nanmax(values, axis=1)
        count = np.isfinite(values).sum(axis=1)
        error = np.nanstd(values, axis=1, ddof=1) / np.sqrt(count) if values.shape[1] > 1 else np.full(len(x), np.nan)
    shared = {"legendgroup": _group(line), "name": str(marked(line.label)), "showlegend": False}
    if line.kind == "bars":
        widths = np.diff(x, append=2.0 * x[-1] - x[-2]) if len(x) > 1 else np.ones(1)
        bars = {"x": numbers(x), "y": numbers(mean), "width": numbers(widths), "offset": 0}
        return [{"type": "bar", **bars, "marker": {"color": _hex(line.colour), "opacity": 0.7}, **shared}]
    bands = []
    if line.kind in ("band", "dots") and values.shape[1] > 1:
        positive = np.concatenate([values[values > 0.0], mean[mean > 0.0]])
        least = float(positive.min()) if positive.size else 1.0
        for said, ends in (("range", (low, high)), ("error", (mean - error, mean + error))):
            bottom = np.where(ends[0] > 0.0, ends[0], least) if log else ends[0]
            bands.append(_band(line, x, bottom, ends[1]) | shared | {"meta": said, "visible": said == "range"})
    return [*bands, _curve(line, x, mean, low, high, chosen) | shared]


def _band(line: Line, x: Array, low: Array, high: Array) -> dict[str, Any]:
    there = np.isfinite(low) & np.isfinite(high)
    around = np.concatenate([x[there], x[there][::-1]]), np.concatenate([high[there], low[there][::-1]])
    drawn = {"x": numbers(around[0]), "y": numbers(around[1]), "mode": "lines", "line": {"width": 0}}
    return {"type": "scatter", **drawn, "fill": "toself", "fillcolor": f"{_hex(line.colour)}33", "hoverinfo": "skip"}


def _curve(line: Line, x: Array, mean: Array, low: Array, high: Array, chosen: Sequence[int]) -> dict[str, Any]:
    mode, dash = MODES[line.kind]
    width = 1.4 if line.kind in ("dots", "dashed") else 2.0
    trace: dict[str, Any] = {"type": "scatter", "x": numbers(x), "y": numbers(mean), "mode": mode}
    trace |= {"line": {"color": _hex(line.colour), "dash": dash, "width": width}}
    if "markers" in mode:
        symbol = MARKERS.get(line.colour, ("o", "circle"))[1]
        trace["marker"] = {"color": _hex(line.colour), "size": 6, "symbol": symbol}
    said = "%{x:.4g}: %{y:.4g}"
    if line.values.shape[1] > 1:
        trace["customdata"] = [list(pair) for pair in zip(numbers(low), numbers(high), strict=True)]
        said += f"<br>mean of {line.values.shape[1]}, %{{customdata[0]:.4g}} to %{{customdata[1]:.4g}}"
    if line.errors is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            bars = 2.0 * np.nanmean(line.errors[chosen], axis=1)
        trace["error_y"] = {"array": numbers(bars), "thickness": 1.2, "width": 3, "color": _hex(line.colour)}
        said += "<br>± two standard errors"
    return trace | {"hovertemplate": said}


def _before_and_after(panel: Particles) -> Plot:
    """Grey where particles were before, coloured where they are after, a line between; areas grow with masses."""
    order = np.argsort(panel.masses, kind="stable")
    chosen = order[evenly(len(order), MOST_PARTICLES)]
    before, after, masses = panel.before[chosen], panel.after[chosen], panel.masses[chosen]
    sizes = [round(float(size), 1) for size in 3.0 + 26.0 * np.sqrt(masses)]
    between = np.stack([before, after, np.full_like(before, np.nan)], axis=1).reshape(-1, 2)
    colour = _hex(panel.colour)
    thin = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"color": colour, "width": 0.6}}
    traces = [{**thin, "x": numbers(between[:, 0]), "y": numbers(between[:, 1]), "opacity": 0.5}]
    for said, points, shown in (("before", before, START), ("after", after, colour)):
        marker = {"color": shown, "size": sizes, "line": {"color": GREY, "width": 0.5}}
        dots = {"x": numbers(points[:, 0]), "y": numbers(points[:, 1]), "mode": "markers", "name": said}
        told = {"customdata": numbers(masses), "hovertemplate": "%{x:.4g}, %{y:.4g}<br>mass %{customdata:.3g}"}
        traces.append({"type": "scatter", **dots, "marker": marker, "opacity": 0.75, **told})
    traces = [trace | {"showlegend": False} for trace in traces]
    across, up = (_axis(label, log=False) for label in panel.axis_labels)
    keys = (Key("before", START, "dot", "before"), Key("after", colour, "dot", "after"))
    traces = [trace | {"legendgroup": group} for trace, group in zip(traces, ("after", "before", "after"), strict=True)]
    layout = {"xaxis": across, "yaxis": up | {"scaleanchor": "x"}}
    return _plot(panel.title.replace("\n", ", "), "", traces, layout, keys)


def _map(panel: Heat) -> Plot:
    """Coloured cells, the first row at the top; colours are logarithmic where all are positive and span a decade."""
    known = panel.values[np.isfinite(panel.values)]
    log = bool(known.size) and float(known.min()) > 0.0 and float(known.max()) >= 10.0 * float(known.min())
    rows = [numbers(row) for row in (np.log10(panel.values) if log else panel.values)]
    written = [[f"{value:.2g}" if math.isfinite(value) else "" for value in row] for row in panel.values]
    named = [[f"{marked(row)}, {marked(column)}" for column in panel.columns] for row in panel.rows]
    exact = [[f"{value:.6g}" if math.isfinite(value) else "none" for value in row] for row in panel.values]
    told = [[f"{name}: {text}" for name, text in zip(*pair, strict=True)] for pair in zip(named, exact, strict=True)]
    steps = [[place / (len(SCALE) - 1), colour] for place, colour in enumerate(SCALE)]
    trace: dict[str, Any] = {"type": "heatmap", "z": rows, "text": written, "customdata": told, "colorscale": steps}
    trace |= {"hovertemplate": "%{customdata}<extra></extra>", "xgap": 1, "ygap": 1, "showscale": False}
    if panel.values.size <= WRITTEN:
        trace |= {"texttemplate": "%{text}", "textfont": {"size": 10 if len(panel.columns) <= SIX else 8}}
    trace |= {name: _places(words) for name, words in (("x", panel.columns), ("y", panel.rows))}
    across, up = (
        {"title": {"text": str(marked(label))}, "tickvals": _places(words), "ticktext": [str(marked(w)) for w in words]}
        for label, words in ((panel.x_label, panel.columns), (panel.y_label, panel.rows))
    )
    return _plot(panel.title, panel.formula, [trace], {"xaxis": across, "yaxis": up | {"autorange": "reversed"}})


def _places(words: Sequence[str]) -> list[int]:
    return list(range(len(words)))
