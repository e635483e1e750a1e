"""Figures as data: which numbers a line has, and what is drawn of it."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from runs.study import panels as drawing
from runs.study.panels import Heat, Line, Panel, Particles, by_file, draw, draw_panel
from runs.study.table import Row, Table

X = np.array([1.0, 10.0, 100.0])
SEEDS = np.array([[1.0, 3.0], [2.0, 4.0], [5.0, 7.0]])


def shown(*lines: Line, **options: object) -> Figure:
    """A panel on axes of its own."""
    figure = Figure()
    draw_panel(figure.subplots(), Panel("a.png", "A title", "x", lines, **options), legend=True)
    return figure


def test_line_takes_errors_where_there_are_some() -> None:
    """Assert that values and errors of a table's curve are the line's, and that no error is none."""
    rows = (Row("E1", "q", "a", 0, 1.0, 2.0, 0.5), Row("E1", "q", "b", 0, 1.0, 2.0))
    with_errors, without = (Line.of(name, "C0", Table(rows).at("E1", "q", name)) for name in ("a", "b"))
    assert with_errors.values.tolist() == [[2.0]] and with_errors.errors is not None
    assert with_errors.errors.tolist() == [[0.5]] and without.errors is None


@pytest.mark.parametrize(("kind", "bands"), [("band", 1), ("dots", 1), ("points", 0), ("line", 0), ("dashed", 0)])
def test_mean_is_drawn_with_a_band_from_least_to_largest(kind: str, bands: int) -> None:
    """Assert that the line is the mean over seeds, and which kinds have the band of all seeds."""
    (axis,) = shown(Line("seen", "C0", X, SEEDS, kind)).axes
    assert np.array_equal(axis.lines[0].get_ydata(), [2.0, 3.0, 6.0])
    assert len(axis.collections) == bands
    if bands:
        assert {1.0, 3.0, 2.0, 4.0, 5.0, 7.0} == set(axis.collections[0].get_paths()[0].vertices[:, 1].tolist())
    assert axis.get_xscale() == axis.get_yscale() == "log"
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["seen"]


def test_the_legend_below_has_the_styles_of_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what is dashed or made of points in the panels is so in the one legend of all panels."""
    kept: list[Figure] = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: kept.append(figure))
    lines = tuple(Line(kind, "C0", X, SEEDS, kind) for kind in ("line", "dashed", "points"))
    draw([Panel("a.png", title, "x", lines) for title in ("One", "Another")], tmp_path / "a.png", "Styles")
    (legend,) = kept[0].legends
    drawn = [(handle.get_linestyle(), handle.get_marker()) for handle in legend.get_lines()]
    assert drawn == [("-", "None"), ("--", "None"), ("None", "o")]


def test_error_bars_are_two_errors_long() -> None:
    """Assert that a line with errors has bars from value - 2 errors to value + 2 errors."""
    (axis,) = shown(Line("", "C0", X, SEEDS[:, :1], "points", 0.1 * SEEDS[:, :1]), log_x=False, log_y=False).axes
    assert np.allclose(axis.collections[0].get_segments()[1][:, 1], [1.6, 2.4])
    assert axis.get_legend() is None


def test_numbers_at_a_linear_axis_are_few() -> None:
    """Assert that small numbers along the bottom of a panel, which are long, are five at most within the axis."""
    x = np.linspace(-0.074, 0.066, 9)
    (axis,) = shown(Line("", "C0", x, x[:, None], "points"), log_x=False, log_y=False).axes
    low, high = axis.get_xlim()
    assert 2 <= sum(low <= tick <= high for tick in axis.get_xticks()) <= 5


def test_bars_stand_on_their_cells() -> None:
    """Assert that a histogram's bars have the values as heights, and the distance of neighbours as widths."""
    (axis,) = shown(Line("", "C0", np.array([0.0, 1.0, 2.0]), SEEDS[:, :1], "bars"), log_x=False, log_y=False).axes
    assert [bar.get_height() for bar in axis.patches] == [1.0, 2.0, 5.0]
    assert [(bar.get_x(), bar.get_width()) for bar in axis.patches] == [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)]


def test_an_axis_without_a_positive_number_is_linear() -> None:
    """Assert that values below zero are drawn, on an axis that shows them, though a panel's axes are logarithmic."""
    (axis,) = shown(Line("", "C0", X, -SEEDS)).axes
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "linear")
    assert np.array_equal(axis.lines[0].get_ydata(), [-2.0, -3.0, -6.0])


def test_a_curve_without_numbers_is_left_out() -> None:
    """Assert that nothing is drawn of an empty curve, such as one whose cases failed."""
    (axis,) = shown(Line.of("gone", "C0", Table().at("E1", "q", "a"))).axes
    assert len(axis.lines) == 0


def test_figures_are_drawn_by_file(tmp_path: Path) -> None:
    """Assert that panels are gathered by file, and that each figure is a picture, particles and maps included."""
    panel = Panel("one.png", "", "x", (Line("seen", "C0", X, SEEDS),))
    cloud = Particles("Moved", "#0072B2", np.zeros((3, 2)), np.ones((3, 2)), np.ones(3) / 3, "two.png", ("1st", "2nd"))
    cells = Heat("Cells", "x", "y", ("1", "2", "3"), ("a", "b", "c"), SEEDS @ SEEDS.T, file="three.png")
    found = by_file([panel, cloud, panel, cells])
    assert {name: len(panels) for name, panels in found.items()} == {"one.png": 2, "two.png": 1, "three.png": 1}
    for name, panels in found.items():
        draw(panels, tmp_path / name, "A title that says what is seen")
        assert len({tuple(pixel) for row in matplotlib.image.imread(tmp_path / name) for pixel in row}) > 3
