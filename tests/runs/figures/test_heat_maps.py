"""Cells have the colours of their numbers, the first row at the top, and no number is white."""

from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib.figure import Figure

from runs.figures.figures import mappable
from runs.figures.heat_maps import HeatMap, draw_heat_map, draw_heat_maps
from runs.figures.palette import ColourScale

VALUES = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, np.nan]])
MAP = HeatMap("Movement", "alpha", "m", ("1", "2", "4"), ("16", "64"), VALUES, "a formula")


def test_cells_have_the_colours_of_their_numbers() -> None:
    """Assert that colours are logarithmic, that numbers are written where they belong, and that NaN has neither."""
    figure = Figure()
    axis = figure.subplots()
    draw_heat_map(axis, MAP)
    (mesh,) = axis.collections
    scale = ColourScale.of("", [1.0, 100.0])
    colours = mesh.to_rgba(mesh.get_array()).reshape(2, 3, 4)
    for place, value in np.ndenumerate(VALUES):
        if np.isnan(value):
            assert colours[place][3] == 0.0
        else:
            assert np.allclose(colours[place], mappable(scale).to_rgba(np.array([value]))[0], atol=0.02)
    written = {(text.get_position()): text.get_text() for text in axis.texts}
    assert written == {(0.5, 0.5): "1", (1.5, 0.5): "10", (2.5, 0.5): "1e+02", (0.5, 1.5): "2", (1.5, 1.5): "20"}
    assert {text.get_color() for text in axis.texts} == {"white", "black"}
    assert axis.get_ylim() == (2.0, 0.0) and [tick.get_text() for tick in axis.get_yticklabels()] == ["16", "64"]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["1", "2", "4"]


def test_a_map_without_numbers_is_drawn_empty() -> None:
    """Assert that cells that have no number yet give axes without colours."""
    axis = Figure().subplots()
    draw_heat_map(axis, HeatMap("", "x", "y", ("1", "2"), ("1",), np.full((1, 2), np.nan)))
    assert not axis.collections and not axis.texts and len(axis.get_xticks()) == 2


def test_many_cells_have_no_numbers_and_few_labels() -> None:
    """Assert that a map of forty columns is colours alone, with sixteen labels at most."""
    axis = Figure().subplots()
    names = tuple(map(str, range(40)))
    draw_heat_map(axis, HeatMap("", "x", "y", names, ("1", "2"), np.arange(80.0).reshape(2, 40)))
    assert not axis.texts and [tick.get_text() for tick in axis.get_xticklabels()] == list(names[::3])


def test_maps_are_one_picture(tmp_path: Path) -> None:
    """Assert that drawing is deterministic to the byte and shows something."""
    for name in ("a.png", "b.png"):
        draw_heat_maps([MAP, MAP], tmp_path / name, "A title")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert matplotlib.image.imread(tmp_path / "a.png").std() > 0.05
