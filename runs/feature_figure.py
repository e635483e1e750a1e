"""The picture of a feature map: f as colours with the data over it, and below it the particles in the same plane."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from runs.feature_maps import APART, MOST, FeatureMap, FeaturePanel
from runs.figures import Array, save

#: Below and above zero, as colours of f, of data and of the signs of a_j; apart for every kind of colour blindness.
NEGATIVE, POSITIVE = "#0072B2", "#D55E00"
SIGNED = LinearSegmentedColormap.from_list("signed", [NEGATIVE, "white", POSITIVE])
#: Opacity and width of a hinge from those of a particle without a share to those of the largest share.
FAINTEST, THINNEST, WIDEST = 0.06, 0.5, 2.0


def draw_features(drawn: FeatureMap, path: Path, *, title: str) -> None:
    """Two rows, a column per time: f with its zero line and the data in the colours of their targets; the particles.

    Colours are the same in all columns, from minus to plus the largest target, or the largest |f| where there are no
    data. A particle is the line w_j . phi(x) = 0 where it bends, or an arrow along w_j where there is no bias, in the
    colour of the sign of a_j and the stronger the larger its share in f, on one scale for all columns.
    """
    columns = len(drawn.panels)
    figure = Figure(figsize=(2.5 * columns + 1.2, 5.75), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False, sharex=True, sharey=True)
    colours = Normalize(-(reach := _reach(drawn)), reach)
    largest = max(float(panel.shares.max()) for panel in drawn.panels) or 1.0
    for panel, (above, below) in zip(drawn.panels, axes.T, strict=True):
        _draw_values(above, drawn, panel, colours)
        _draw_particles(below, drawn, panel, largest)
        above.set_title(f"time {panel.time:.4g}", fontsize=10.5)
        below.set_xlabel("$x_1$")
    for axis in axes[:, 0]:
        axis.set_ylabel("$x_2$")
    label = "f(x)" if drawn.outputs == 1 else f"first of {drawn.outputs} outputs f(x)"
    bar = figure.colorbar(ScalarMappable(colours, SIGNED), ax=axes[0].tolist(), extend="both", aspect=16, label=label)
    bar.ax.tick_params(labelsize=9)
    figure.suptitle(title, fontsize=12)
    figure.legend(handles=_legend(drawn), loc="outside lower center", ncols=2, frameon=False, fontsize=9.5)
    save(figure, path)


def opacities(shares: Array, largest: float) -> Array:
    """From `FAINTEST` to 1, in proportion to the share in f."""
    return FAINTEST + (1.0 - FAINTEST) * shares / largest


def _reach(drawn: FeatureMap) -> float:
    """The number of the strongest colour."""
    if drawn.data is not None:
        largest = float(drawn.data.targets[:, 0].abs().max())
    else:
        largest = max(float(np.abs(panel.values).max()) for panel in drawn.panels)
    return largest or 1.0


def _draw_values(axis: Axes, drawn: FeatureMap, panel: FeaturePanel, colours: Normalize) -> None:
    extent = (drawn.x1[0], drawn.x1[-1], drawn.x2[0], drawn.x2[-1])
    axis.imshow(panel.values, origin="lower", extent=extent, cmap=SIGNED, norm=colours, interpolation="bilinear")
    if panel.values.min() < 0.0 < panel.values.max():
        axis.contour(drawn.x1, drawn.x2, panel.values, levels=[0.0], colors="0.25", linewidths=0.9)
    if drawn.data is not None:
        x = drawn.data.inputs.double().numpy()
        targets = drawn.data.targets[:, 0].double().numpy()
        axis.scatter(
            x[:, 0], x[:, 1], s=14.0, c=targets, cmap=SIGNED, norm=colours, edgecolors="black", linewidths=0.6
        )
    axis.tick_params(labelsize=9)


def _draw_particles(axis: Axes, drawn: FeatureMap, panel: FeaturePanel, largest: float) -> None:
    """The weakest first, so that the strong ones lie on top."""
    if drawn.data is not None:
        x = drawn.data.inputs.double().numpy()
        axis.scatter(x[:, 0], x[:, 1], s=5.0, color="0.75", linewidths=0.0)
    order = np.argsort(panel.shares, kind="stable")
    strengths = opacities(panel.shares, largest)
    colours = [to_rgba(POSITIVE if sign > 0.0 else NEGATIVE, alpha) for sign, alpha in zip(panel.signs, strengths)]
    widths = THINNEST + (WIDEST - THINNEST) * panel.shares / largest
    if panel.arrows is None:
        x1, x2 = drawn.x1[::APART], drawn.x2[::APART]
        for number in order:
            z = panel.hinges[number]
            if z.min() < 0.0 < z.max():
                axis.contour(x1, x2, z, levels=[0.0], colors=[colours[number]], linewidths=widths[number])
    else:
        middle = np.array([drawn.x1.mean(), drawn.x2.mean()])
        tips = middle + 0.46 * np.ptp(drawn.x1) * panel.arrows / largest
        lines = [np.array([middle, tips[number]]) for number in order]
        axis.add_collection(
            LineCollection(lines, colors=[colours[number] for number in order], linewidths=widths[order])
        )
        axis.scatter(*tips[order].T, s=9.0, color=[colours[number] for number in order], linewidths=0.0)
    axis.set_box_aspect(1.0)
    axis.tick_params(labelsize=9)


def _legend(drawn: FeatureMap) -> list[Line2D]:
    """What lines and dots are."""
    shown = f", the {MOST} strongest of {drawn.count}" if drawn.count > MOST else ""
    what = "hinge" if drawn.panels[0].arrows is None else "direction"
    handles = [
        Line2D([], [], color=POSITIVE, lw=2.0, label=f"{what} of a particle with a > 0{shown}"),
        Line2D([], [], color=NEGATIVE, lw=2.0, label=f"{what} of a particle with a < 0"),
        Line2D([], [], color="0.25", lw=1.0, label="f = 0"),
    ]
    if drawn.data is not None:
        marker = {"marker": "o", "color": "none", "markeredgecolor": "black", "markersize": 4.5}
        handles.append(Line2D([], [], **marker, label="data, in the colour of their targets"))  # type: ignore[arg-type]
    return handles
