"""The finder of faults: it is silent about a sound figure, and names every kind of fault that is planted."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from runs.figures.palette import COLOURS, MOST_COLOURS, OTHERS, marker_of
from tests.runs.figures.judged.faults import faults_of

X = np.linspace(0.0, 1.0, 11)


def sound() -> tuple[Figure, Axes]:
    """A figure with two curves, a title, labels and a legend beside the data."""
    figure = Figure(figsize=(5.0, 3.5), layout="constrained")
    axes = figure.subplots()
    for number, colour in enumerate(COLOURS[:2]):
        axes.plot(X, X + number, color=colour, marker=marker_of(colour), label=f"m = {10**number}")
    axes.set(xlabel="time", ylabel="risk", ylim=(0.0, 4.0))
    axes.legend(loc="upper left")
    figure.suptitle("Risk against time")
    return figure, axes


def kinds(figure: Figure) -> set[str]:
    """The kinds of the faults that are found."""
    return {said.split(":")[0] for said in faults_of(figure)}


def test_a_sound_figure_has_no_fault() -> None:
    """Assert that nothing is said of a figure in which nothing is wrong."""
    assert faults_of(sound()[0]) == []


def two_titles(figure: Figure, axes: Axes) -> None:
    """A title of panels under that of the figure, as in the first picture of the README."""
    figure.set_layout_engine("none")
    axes.set_position((0.15, 0.15, 0.8, 0.78))
    axes.set_title("gamma = 1\nlargest movement 1.9")


def long_formula(figure: Figure, axes: Axes) -> None:
    """A title on the left and another on the right, each longer than half."""
    axes.set_title("a title that is long", loc="left")
    axes.set_title("a formula that is long too, as some are", loc="right")


def long_title(figure: Figure, axes: Axes) -> None:
    """A title wider than the canvas."""
    figure.suptitle("a title of very many words " * 4)


def lost_label(figure: Figure, axes: Axes) -> None:
    """A label below the canvas."""
    figure.set_layout_engine("none")
    axes.set_position((0.15, 0.01, 0.8, 0.8))


def many_ticks(figure: Figure, axes: Axes) -> None:
    """Ticks that are nearer than their labels are wide."""
    axes.set_xticks(X, [f"{1000.0 + x:.3f}" for x in X])


def covering(figure: Figure, axes: Axes) -> None:
    """A legend on the curves."""
    axes.legend(loc="lower right")


def covering_from_outside(figure: Figure, axes: Axes) -> None:
    """A legend of the figure on the curves of its axes."""
    figure.legend(handles=axes.lines, labels=["a", "b"], loc=(0.5, 0.2))


def covering_points(figure: Figure, axes: Axes) -> None:
    """A legend on points without a line."""
    axes.scatter(0.2 * X, np.full(11, 3.6))


def covering_bars(figure: Figure, axes: Axes) -> None:
    """A legend within a bar."""
    axes.bar([0.1], [4.0], 0.6)


def one_colour(figure: Figure, axes: Axes) -> None:
    """Two curves of one look."""
    axes.lines[1].set(color=COLOURS[0], marker=marker_of(COLOURS[0]))


def near_colours(figure: Figure, axes: Axes) -> None:
    """Two curves of one style, whose colours only a machine tells apart."""
    axes.lines[1].set(color="#0A7AB8", marker=marker_of(COLOURS[0]))


def one_grey(figure: Figure, axes: Axes) -> None:
    """Two curves of one style, green and vermilion, of the same lightness."""
    for line, colour in zip(axes.lines, (COLOURS[1], COLOURS[3]), strict=True):
        line.set(color=colour, marker="o")


def many_entries(figure: Figure, axes: Axes) -> None:
    """Nine entries in a legend."""
    axes.legend(handles=[Line2D([], [], label=str(number)) for number in range(9)], loc="upper left", fontsize=4)


def unsorted(figure: Figure, axes: Axes) -> None:
    """Ten before one."""
    axes.legend(axes.lines[::-1], ["m = 10", "m = 1"], loc="upper left")


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (two_titles, "overlap"),
        (long_formula, "overlap"),
        (long_title, "canvas"),
        (lost_label, "canvas"),
        (many_ticks, "ticks"),
        (covering, "legend"),
        (covering_from_outside, "legend"),
        (covering_points, "legend"),
        (covering_bars, "legend"),
        (one_colour, "alike"),
        (near_colours, "alike"),
        (one_grey, "grey"),
        (many_entries, "entries"),
        (unsorted, "order"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_kind_of_fault_is_found(plant: Callable[[Figure, Axes], None], kind: str) -> None:
    """Assert that a planted fault is named by its kind."""
    figure, axes = sound()
    plant(figure, axes)
    assert kind in kinds(figure)


def test_what_is_no_fault_is_not_named() -> None:
    """Assert that curves of a colour bar, and those beyond the legend, may look like each other."""
    figure, axes = sound()
    for number in range(3):
        axes.plot(X, 0.1 * X + 0.1 * number, color=OTHERS)
    assert kinds(figure) == set()
    one_colour(figure, axes)
    figure.colorbar(axes.scatter([], [], c=[]), ax=axes)
    assert kinds(figure) == set()


def test_colours_of_the_palette_are_told_apart() -> None:
    """Assert that any two of the eight colours, with one style, are no fault, and all are with their markers."""
    figure = Figure(figsize=(5.0, 3.5), layout="constrained")
    axes = figure.subplots()
    for number, colour in enumerate(MOST_COLOURS):
        axes.plot(X, X + number, color=colour)
    assert kinds(figure) <= {"grey"}
    for line, colour in zip(axes.lines, MOST_COLOURS, strict=True):
        line.set(marker=marker_of(colour), label=colour)
    assert kinds(figure) == set()
