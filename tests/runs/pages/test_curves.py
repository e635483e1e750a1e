"""Panels as plots: the numbers are those of the panel, and plotly accepts every plot."""

import json
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from runs.figures.figures import Curve, CurvePanel
from runs.figures.palette import COLOURS, ColourScale
from runs.pages.curves import ALL_POINTS, FEWEST, MOST, budgeted, evenly, figure_of, numbers, panel_of, plot_of
from runs.pages.part import Plot
from runs.study.panels import AnyPanel, Heat, Line, Panel, Particles

X = np.array([1.0, 10.0, 100.0])
VALUES = np.array([[1.0, 3.0], [2.0, 6.0], [4.0, 4.0]])


def line(kind: Any = "band", label: str = "a", colour: str = COLOURS[0], **given: Any) -> Line:
    """A curve of two seeds."""
    return Line(label, colour, X, VALUES, kind, **given)


def panel(*lines: Line, **given: Any) -> Panel:
    """A panel of these lines."""
    return Panel("x.png", r"of $\theta$", "x", lines, "$m$", **given)


def particles(count: int = 3) -> Particles:
    """Particles before and after."""
    points = np.arange(2.0 * count).reshape(count, 2)
    return Particles("two\nlines", COLOURS[1], points, points + 1.0, np.full(count, 1.0 / count), "p.png", ("u", "v"))


def heat(values: Any) -> Heat:
    """A map of two rows and columns."""
    return Heat(
        file="h.png", title="t", x_label="x", y_label="y", columns=("1", "2"), rows=("3", "4"), values=np.array(values)
    )


PANELS: list[AnyPanel] = [
    *(panel(line(kind)) for kind in ("band", "dots", "points", "line", "dashed", "bars")),
    panel(line("dots", errors=np.full((3, 2), 0.5))),
    panel(Line("dark", "0.6", X, VALUES), Line("", "k", X, -VALUES), log_y=False),
    particles(),
    heat([[1.0, 20.0], [300.0, np.nan]]),
    heat([[-1.0, 0.0], [1.0, 2.0]]),
]


@pytest.mark.parametrize("given", PANELS, ids=lambda one: type(one).__name__)
def test_plotly_accepts_every_plot(given: AnyPanel) -> None:
    """Assert that traces and layout are valid by plotly's own schema and hold no number that JSON lacks."""
    plot = plot_of(given)
    go.Figure(data=list(plot.data), layout=dict(plot.layout))
    json.dumps([plot.data, plot.layout], allow_nan=False)


def traces(plot: Plot, meta: str | None = None) -> list[Any]:
    """The traces of a band, or of lines."""
    return [trace for trace in plot.data if trace.get("meta") == meta]


def test_a_line_is_the_mean_and_its_bands_are_range_and_error() -> None:
    """Assert that the mean over seeds is drawn, from least to largest, or one standard error to either side."""
    plot = plot_of(panel(line()))
    (mean,), (spread,), (error,) = (traces(plot, meta) for meta in (None, "range", "error"))
    assert mean["x"] == X.tolist() and mean["y"] == [2.0, 4.0, 4.0]
    assert mean["customdata"] == [[1.0, 3.0], [2.0, 6.0], [4.0, 4.0]]
    assert spread["x"] == [1.0, 10.0, 100.0, 100.0, 10.0, 1.0] and spread["y"] == [3.0, 6.0, 4.0, 4.0, 2.0, 1.0]
    half = VALUES.std(axis=1, ddof=1) / math.sqrt(2.0)
    assert error["y"] == pytest.approx([*(VALUES.mean(axis=1) + half), *(VALUES.mean(axis=1) - half)[::-1]], rel=1e-5)
    assert spread["visible"] and not error["visible"]
    skewed = Line("a", COLOURS[0], X, np.array([[1.0, 2.0, 9.0]] * 3), "line")
    assert plot_of(panel(skewed)).data[0]["y"] == [4.0] * 3  # the mean, not the median


def test_one_seed_has_no_band_and_errors_are_two_standard_errors() -> None:
    """Assert that a single number is not given a spread, and bars reach to twice the error."""
    one = Line("a", COLOURS[0], X, VALUES[:, :1], "dots", np.full((3, 1), 0.5))
    (trace,) = plot_of(panel(one)).data
    assert trace["error_y"]["array"] == [1.0, 1.0, 1.0]


def test_axes_are_logarithmic_where_something_is_positive() -> None:
    """Assert that an axis is as asked for, but linear without a positive number, and may be switched accordingly."""
    assert plot_of(panel(line())).layout["xaxis"]["type"] == "log"
    asked = plot_of(panel(line(), log_x=False, log_y=False))
    assert [asked.layout[name]["type"] for name in ("xaxis", "yaxis")] == ["linear", "linear"]
    assert asked.may_log == (True, True)
    below = plot_of(panel(Line("a", COLOURS[0], X, -VALUES)))
    assert below.layout["yaxis"]["type"] == "linear" and below.may_log == (True, False)


def test_a_band_on_a_logarithmic_axis_stays_above_zero() -> None:
    """Assert that what is below zero is cut at the least positive number, or the band would be torn."""
    wide = Line("a", COLOURS[0], X, np.array([[-1.0, 9.0]] * 3), "band")
    (error,) = traces(plot_of(panel(wide)), "error")
    assert min(error["y"]) == 4.0
    (linear,) = traces(plot_of(panel(wide, log_y=False)), "error")
    assert min(linear["y"]) == -1.0


def test_a_place_without_a_number_is_left_open() -> None:
    """Assert that NaN is null, without a warning, and a curve without any number is no curve."""
    holed = np.array([[1.0, 2.0], [np.nan, np.nan], [np.nan, 3.0]])
    plot = plot_of(panel(Line("a", COLOURS[0], X, holed, "band"), Line("b", COLOURS[1], X, holed * np.nan)))
    (mean,) = traces(plot)
    assert mean["y"] == [1.5, None, 3.0] and [key.label for key in plot.keys] == ["a"]
    (spread,) = traces(plot, "range")
    assert len(spread["x"]) == 4


def test_long_curves_are_thinned_and_it_is_said() -> None:
    """Assert that first and last stay, at most so many points are drawn, and a page's budget is shared."""
    many = np.arange(1.0, 2001.0)
    long = panel(Line("a", COLOURS[0], many, many[:, None], "line"))
    figure = figure_of("t", [long], most=50)
    x = figure.plots[0].data[0]["x"]
    assert len(x) == 50 and (x[0], x[-1]) == (1.0, 2000.0)
    assert figure.remark == "Of longer curves 50 points are shown." and figure_of("t", [panel(line())]).remark == ""
    assert budgeted([long]) == MOST and budgeted([long] * ALL_POINTS) == FEWEST
    assert budgeted([long] * 100, share=2) == ALL_POINTS // 200


def test_a_legend_is_common_where_all_panels_have_the_same() -> None:
    """Assert that plots share keys or have their own, and a scale of colours has none."""
    assert [key.label for key in figure_of("t", [panel(line()), panel(line())]).keys] == ["a"]
    assert figure_of("t", [panel(line()), panel(line(label="b"))]).keys == ()
    assert figure_of("t", [panel(line())], scale=ColourScale("m", 1.0, 2.0, False)).keys == ()


def test_a_line_without_a_name_goes_with_its_colour() -> None:
    """Assert that the group of a nameless line is the beginning of the group of its colour's key."""
    plot = plot_of(panel(line(), line("dashed", label="")))
    groups = [trace["legendgroup"] for trace in plot.data]
    assert groups[-1] == COLOURS[0].lower() and plot.keys[0].group == f"{COLOURS[0].lower()} a" == groups[0]


def test_particles_keep_their_places_and_masses() -> None:
    """Assert that starts, ends and masses are those of the panel, evenly fewer where there are many."""
    start, end = plot_of(particles()).data[1:]
    assert start["x"] == [0.0, 2.0, 4.0] and end["y"] == [2.0, 4.0, 6.0]
    assert end["customdata"] == pytest.approx([1 / 3] * 3, rel=1e-5)
    assert len(plot_of(particles(2000)).data[1]["x"]) == 400
    assert plot_of(particles()).title == "two, lines"


def test_a_map_has_its_numbers_in_the_cells() -> None:
    """Assert that cells say their numbers, colours are logarithmic over a decade, and a missing one is empty."""
    (trace,) = plot_of(heat([[1.0, 20.0], [300.0, np.nan]])).data
    assert trace["text"] == [["1", "20"], ["3e+02", ""]] and trace["z"][1] == [pytest.approx(2.47712, rel=1e-5), None]
    assert trace["customdata"][1][0] == "4, 1: 300"
    (linear,) = plot_of(heat([[-1.0, 0.0], [1.0, 2.0]])).data
    assert linear["z"] == [[-1.0, 0.0], [1.0, 2.0]]


def test_curves_of_files_are_panels_with_bands() -> None:
    """Assert that values [runs, times] are turned, and the title and the axes' kind stay."""
    curves = CurvePanel("risk", "R", (Curve("a", COLOURS[0], X, VALUES.T),), log_values=False)
    found = panel_of(curves)
    assert found.lines[0].values.tolist() == VALUES.tolist() and not found.log_y and found.x_label == "flow time"


def test_numbers_and_places() -> None:
    """Assert that there are six digits, null for what is not finite, and places are evenly spaced with both ends."""
    assert numbers([1 / 3, math.inf, math.nan]) == [0.333333, None, None]
    assert [evenly(*given) for given in ((0, 3), (2, 3), (5, 3))] == [[], [0, 1], [0, 2, 4]]
