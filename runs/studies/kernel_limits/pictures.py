"""The figure of the study: six panels, dots and bands measured, dashed lines predicted."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from runs.figures.figures import COLOURS, GREY, Array, save
from runs.studies.kernel_limits.config import KERNELS, NETWORKS
from runs.studies.kernel_limits.measure import ZIPF_WIDTH
from runs.studies.kernel_limits.results import Table

WIDTH_COLOURS = (*COLOURS, "#CC79A7", "#56B4E9")


@dataclass(frozen=True, eq=False)
class Line:
    """A curve of a panel: places and values [places, seeds]; a predicted one is dashed."""

    label: str
    colour: str
    x: Array
    values: Array
    predicted: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    x_label: str
    lines: tuple[Line, ...]
    log_x: bool = True
    log_y: bool = True


def draw(table: Table, path: Path) -> None:
    """Draw all panels into a PNG file."""
    config = table.config
    figure = Figure(figsize=(12.0, 6.8), layout="constrained")
    for axis, panel in zip(figure.subplots(2, 3).flat, panels(table), strict=True):
        _draw_panel(axis, panel)
    seeds = "one seed" if config.seeds == 1 else f"{config.seeds} seeds"
    figure.suptitle(
        f"Finite networks (dots, bands) and their limits (dashed): {config.data}, n = {config.rows}, {seeds}"
    )
    save(figure, path)


def panels(table: Table) -> list[Panel]:
    """What is shown: kernel against width, constant against alpha, spectrum, gaps against time and against width."""
    kernels: list[Line] = []
    for setting in KERNELS:
        kernels.append(_line(setting.label, setting.colour, table.at("kernel", setting.name)))
        limit = table.at("kernel", setting.name, predicted=True)
        kernels.append(_line("", setting.colour, limit, predicted=True))
    constant = (
        _line(f"m = {ZIPF_WIDTH}", COLOURS[0], table.at("constant", "finite")),
        _line("", COLOURS[0], table.at("constant", "finite", predicted=True), predicted=True),
        _line("m to infinity", COLOURS[3], table.at("constant", "limit", predicted=True), predicted=True),
    )
    spectra = [_line(setting.label, setting.colour, table.at("spectrum", setting.name)) for setting in KERNELS[1:]]
    mean = table.at("spectrum", KERNELS[0].name, predicted=True)
    spectra.append(_line(KERNELS[0].label, KERNELS[0].colour, mean, predicted=True))
    final = [_line(network.label, network.colour, table.final_gaps(network.name)) for network in NETWORKS]
    return [
        Panel(r"$|K_m - K| \,/\, |K|$, root mean square", "width m", tuple(kernels)),
        Panel(r"Random-kernel constant $\Sigma_j\,\lambda_j^2$, $\gamma = 0$", "Zipf index α", constant, False, False),
        Panel("Eigenvalues of the random limit", "number", tuple(spectra)),
        Panel("Lazy gap, NTK, equal masses", "flow time", _widths(table, NETWORKS[0].name)),
        Panel("Lazy gap, NTK, γ = 0.5, α = 0.7", "flow time", _widths(table, NETWORKS[1].name)),
        Panel("Lazy gap at the end", "width m", tuple(final)),
    ]


def _widths(table: Table, network: str) -> tuple[Line, ...]:
    widths = zip(table.config.widths, WIDTH_COLOURS, strict=False)
    return tuple(_line(f"m = {width}", colour, table.at(f"gap-{network}", f"{width}")) for width, colour in widths)


def _line(label: str, colour: str, values: dict[float, list[float]], *, predicted: bool = False) -> Line:
    return Line(label, colour, np.array(list(values)), np.array(list(values.values())), predicted)


def _draw_panel(axis: Axes, panel: Panel) -> None:
    if panel.log_x:
        axis.set_xscale("log")
    if panel.log_y:
        axis.set_yscale("log")
        axis.yaxis.set_minor_formatter(NullFormatter())
    for line in panel.lines:
        mean = line.values.mean(axis=1)
        if line.predicted:
            axis.plot(line.x, mean, color=line.colour, lw=1.4, ls="--", label=line.label or None)
        else:
            low, high = line.values.min(axis=1), line.values.max(axis=1)
            axis.fill_between(line.x, low, high, color=line.colour, alpha=0.2, linewidth=0)
            axis.plot(line.x, mean, color=line.colour, lw=1.0, marker="o", ms=4, label=line.label or None)
    axis.set_title(panel.title, fontsize=10.5, loc="left")
    axis.set_xlabel(panel.x_label, fontsize=9.5)
    axis.legend(fontsize=8, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=9, labelcolor=GREY)
    axis.grid(alpha=0.25, linewidth=0.6)
