"""The figure of the study: fluctuations and distances against the number of particles, one column per flow."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from runs.figures.figures import COLOURS, GREY, save
from runs.studies.propagation_of_chaos.config import FLOWS, Config
from runs.studies.propagation_of_chaos.results import QUANTITIES, Value


def draw(config: Config, values: Sequence[Value], path: Path) -> None:
    """Above deviations of the observables at the last time, below W_2 and its floor at all times; both axes log."""
    figure = Figure(figsize=(3.7 * len(FLOWS), 6.6), layout="constrained")
    axes = figure.subplots(2, len(FLOWS), squeeze=False)
    for column, (flow, words) in enumerate(FLOWS.items()):
        mine = [value for value in values if value.flow == flow]
        draw_fluctuations(axes[0, column], config, mine)
        draw_distances(axes[1, column], config, mine)
        axes[0, column].set_title(words, fontsize=10.5)
    axes[0, 0].set_ylabel(f"deviation over {config.seeds} clouds, time {config.times[-1]:g}")
    axes[1, 0].set_ylabel(f"distance from {config.limit_count:,} particles")
    for row in axes:
        filled = [axis for axis in row if axis.lines]
        for axis in filled:
            dress(axis)
        for axis in filled[-1:]:
            axis.legend(frameon=False, fontsize=8.5, loc="best")
    figure.suptitle(f"Propagation of chaos: {config.data}, {config.inputs} inputs, n = {config.rows}", fontsize=12)
    save(figure, path)


def dress(axis: Axes) -> None:
    """Log axes with plain numbers."""
    axis.set(xscale="log", yscale="log", xlabel="particles, m")
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.25, linewidth=0.6)


def draw_fluctuations(axis: Axes, config: Config, values: Sequence[Value]) -> None:
    """One line per observable, and m^(-1/2) through the first point of the second moment."""
    last = [value for value in values if value.time == config.times[-1]]
    for name, colour in zip(("prediction", "second_moment", "kernel"), COLOURS, strict=False):
        counts, found = line(last, name)
        if len(counts):
            axis.plot(counts, found, "o-", color=colour, ms=3.5, lw=1.4, label=QUANTITIES[name])
    counts, found = line(last, "second_moment")
    if len(counts):
        axis.plot(counts, found[0] * np.sqrt(counts[0] / counts), "--", color=GREY, lw=1.0, label=r"$m^{-1/2}$")


def draw_distances(axis: Axes, config: Config, values: Sequence[Value]) -> None:
    """W_2 with marks and its floor dashed, one colour per time; the stand-ins' own distance is left to the table."""
    for time, colour in zip(config.times, COLOURS, strict=False):
        now = [value for value in values if value.time == time and value.count != config.limit_count]
        if now:
            axis.plot(*line(now, "square"), "o", color=colour, ms=4.5, label=rf"$W_2$, time {time:g}")
            axis.plot(*line(now, "floor"), "--", color=colour, lw=1.2, label="independent particles")


def line(values: Sequence[Value], quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Counts and values of one quantity."""
    chosen = [value for value in values if value.quantity == quantity]
    return np.array([value.count for value in chosen]), np.array([value.value for value in chosen])
