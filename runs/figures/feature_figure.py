"""The figure of a feature map: f in colours with the data on top, and below it the particles in the same plane."""

from pathlib import Path

import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from runs.figures.feature_maps import APART, MOST, FeatureMap, FeaturePanel
from runs.figures.figures import Array
from runs.figures.written import save

#: Colours of negative and positive f, targets and a_j, which differ for every common kind of colour blindness.
NEGATIVE, POSITIVE = "#0072B2", "#D55E00"
SIGNED = LinearSegmentedColormap.from_list("signed", [NEGATIVE, "white", POSITIVE])
#: Number of shades, of which the middle one is zero; and the part of the largest number below which f counts as zero.
SHADES, NOTHING = 21, 1e-9
#: Least opacity of a hinge, and its width for a particle without a share in f and for the largest share.
FAINTEST, THINNEST, WIDEST = 0.05, 0.5, 1.8
#: Length of the arrow of the largest share, as a part of the side of the square.
LONGEST = 0.46


def draw_features(drawn: FeatureMap, path: Path, *, title: str) -> None:
    """Draw a feature map into a PNG file, with a column for each time and two rows, or one if no particle is shown.

    The upper row shows f with its zero line, and the data in the colours of their targets. The lower row shows the
    particles: each is the line w_j . phi(x) = 0 where it bends, or an arrow along w_j if there is no bias. Its colour
    is that of the sign of a_j, and it is stronger the larger its share in f is. All columns have the same scales;
    colours go from minus to plus the largest target, or the largest |f| if there are no data.
    """
    columns, rows = len(drawn.panels), 2 if drawn.panels[0].shares.size else 1
    figure = Figure(figsize=(2.5 * columns + 1.2, 5.75 if rows == 2 else 3.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    colours = _colours(drawn)
    largest = max(float(panel.shares.max(initial=0.0)) for panel in drawn.panels) or 1.0
    for panel, column in zip(drawn.panels, axes.T, strict=True):
        _draw_values(column[0], drawn, panel, colours)
        if rows == 2:
            _draw_particles(column[1], drawn, panel, largest)
        column[0].set_title(f"time {panel.time:.6g}", fontsize=10.5)
        column[-1].set_xlabel("$x_1$")
    for axis in axes[:, 0]:
        axis.set_ylabel("$x_2$")
    label = "f(x)" if drawn.outputs == 1 else f"first of {drawn.outputs} outputs f(x)"
    bar = figure.colorbar(
        ScalarMappable(colours, SIGNED),
        ax=axes.ravel().tolist(),
        label=label,
        ticks=largest_number(drawn) * np.linspace(-1.0, 1.0, 5),
        format="%.2g",
        aspect=16,
        shrink=0.46 if rows == 2 else 0.92,
        anchor=(0.0, 1.0),
    )
    bar.ax.tick_params(labelsize=9)
    bar.minorticks_off()
    figure.suptitle(title, fontsize=12)
    figure.legend(handles=_legend(drawn), loc="outside lower center", ncols=2, frameon=False, fontsize=9.5)
    save(figure, path)


def opacities(shares: Array, largest: float) -> Array:
    """Opacities [particles] from `FAINTEST` to 1, linear in the square of the share in f."""
    return FAINTEST + (1.0 - FAINTEST) * (shares / largest) ** 2


def largest_number(drawn: FeatureMap) -> float:
    """The largest |target|, or the largest |f| if there are no data; 1 where that is zero."""
    if drawn.data is not None:
        largest = float(drawn.data.targets[:, 0].abs().max())
    else:
        largest = max(float(np.abs(panel.values).max()) for panel in drawn.panels)
    return largest or 1.0


def _colours(drawn: FeatureMap) -> BoundaryNorm:
    """The map from numbers to shades, which reaches a little beyond the largest number."""
    reach = 1.2 * largest_number(drawn)
    return BoundaryNorm(np.linspace(-reach, reach, SHADES + 1), SIGNED.N, extend="both")


def _draw_values(axis: Axes, drawn: FeatureMap, panel: FeaturePanel, colours: BoundaryNorm) -> None:
    axis.contourf(drawn.x1, drawn.x2, panel.values, colours.boundaries, cmap=SIGNED, norm=colours, extend="both")
    nothing = NOTHING * colours.boundaries[-1]
    if panel.values.min() < -nothing and nothing < panel.values.max():
        axis.contour(drawn.x1, drawn.x2, panel.values, levels=[0.0], colors="0.25", linewidths=0.9)
    if drawn.data is not None:
        x = drawn.data.inputs.double().numpy()
        targets = drawn.data.targets[:, 0].double().numpy()
        axis.scatter(x[:, 0], x[:, 1], s=14.0, c=targets, cmap=SIGNED, norm=colours, edgecolors="black", linewidths=0.7)
    axis.set_box_aspect(1.0)
    axis.tick_params(labelsize=9)


def _draw_particles(axis: Axes, drawn: FeatureMap, panel: FeaturePanel, largest: float) -> None:
    """Draw the particles, the weakest first, so that the strong ones lie on top."""
    if drawn.data is not None:
        x = drawn.data.inputs.double().numpy()
        axis.scatter(x[:, 0], x[:, 1], s=5.0, color="0.75", linewidths=0.0)
    order = np.argsort(panel.shares, kind="stable")
    strengths = opacities(panel.shares[order], largest)
    colours = [
        to_rgba(POSITIVE if sign > 0.0 else NEGATIVE, alpha)
        for sign, alpha in zip(panel.signs[order], strengths, strict=True)
    ]
    widths = THINNEST + (WIDEST - THINNEST) * panel.shares[order] / largest
    bends = [_acting(drawn, panel, number, largest) for number in order]
    if panel.arrows is not None:
        tips = np.stack([arrow[-1] for (arrow,) in bends])
        axis.scatter(tips[:, 0], tips[:, 1], s=9.0, color=colours, linewidths=0.0)
    pieces = [(line, place) for place, lines in enumerate(bends) for line in lines]
    places = [place for _, place in pieces]
    axis.add_collection(
        LineCollection(
            [line for line, _ in pieces], colors=[colours[place] for place in places], linewidths=widths[places]
        )
    )
    axis.set(xlim=(drawn.x1[0], drawn.x1[-1]), ylim=(drawn.x2[0], drawn.x2[-1]))
    axis.set_box_aspect(1.0)
    axis.tick_params(labelsize=9)


def _acting(drawn: FeatureMap, panel: FeaturePanel, number: int, largest: float) -> list[Array]:
    """Lines [points, 2] of a particle: the zeros of w . phi, or an arrow from the middle with its share as length."""
    if panel.arrows is None:
        z = contour_generator(drawn.x1[::APART], drawn.x2[::APART], panel.hinges[number])
        return [np.asarray(line, dtype=np.float64) for line in z.lines(0.0)]
    middle = np.array([drawn.x1.mean(), drawn.x2.mean()])
    return [np.stack([middle, middle + LONGEST * np.ptp(drawn.x1) * panel.arrows[number] / largest])]


def _legend(drawn: FeatureMap) -> list[Line2D]:
    """The entries of the legend."""
    shown = f", the {MOST} strongest of {drawn.count}" if drawn.count > MOST else ""
    what = "hinge" if drawn.panels[0].arrows is None else "direction"
    handles = [Line2D([], [], color="0.25", lw=1.0, label="f = 0")]
    if drawn.panels[0].shares.size:
        handles = [
            Line2D([], [], color=POSITIVE, lw=2.0, label=f"{what} of a particle with a > 0{shown}"),
            Line2D([], [], color=NEGATIVE, lw=2.0, label=f"{what} of a particle with a < 0"),
            *handles,
        ]
    if drawn.data is not None:
        marker = {"marker": "o", "color": "none", "markeredgecolor": "black", "markersize": 4.5}
        handles.append(Line2D([], [], **marker, label="data, in the colour of their targets"))  # type: ignore[arg-type]
    return handles
