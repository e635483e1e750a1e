"""Names beside curves: each near its curve, in its colour, and on nothing else."""

import numpy as np
from matplotlib.figure import Figure

from runs.figures.direct_labels import AWAY, LETTERS, label_curves
from runs.figures.palette import MARKERS
from runs.figures.written import prepared
from tests.runs.figures.judged.faults import faults_of

X = np.linspace(0.0, 1.0, 11)


def test_every_curve_has_its_name_beside_it() -> None:
    """Assert that nine names stand near their curves, in their colours, and neither on each other nor on data."""
    figure = prepared(Figure(figsize=(6.0, 4.0), layout="constrained"))
    axis = figure.subplots()
    for number, (colour, (marker, _)) in enumerate(MARKERS.items()):
        axis.plot(X, X + number, color=colour, marker=marker, label=f"method {number}")
    assert label_curves(axis, axis.lines) == []
    assert [text.get_text() for text in axis.texts] == [f"method {number}" for number in range(9)]
    reach = (AWAY + LETTERS) * figure.dpi / 72.0
    for text, line in zip(axis.texts, axis.lines, strict=True):
        box = text.get_window_extent()
        points = axis.transData.transform(line.get_xydata())
        gaps = np.hypot(*np.maximum(0.0, np.maximum([box.x0, box.y0] - points, points - [box.x1, box.y1])).T)
        assert text.get_color() == line.get_color() and gaps.min() < reach
        place = box.transformed(axis.transData.inverted())
        assert not any(other.get_path().intersects_bbox(place) for other in axis.lines)
    assert faults_of(figure) == []


def test_a_name_without_a_place_is_left_out() -> None:
    """Assert that where there is no room a curve is given back, and nothing is written."""
    figure = prepared(Figure(figsize=(1.2, 1.2), layout="constrained"))
    axis = figure.subplots()
    axis.plot(X, X, label="a name that is much too long for so small a figure")
    assert label_curves(axis, axis.lines) == list(axis.lines) and not axis.texts
