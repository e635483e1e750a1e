"""Figures: what is drawn, where, and that nothing global is touched."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import imread
from PIL import Image

from runs.figures.figures import CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves
from runs.figures.palette import COLOURS


def curve_panel(colour: str, title: str = "Risk") -> CurvePanel:
    """Two runs whose values span three decades."""
    times = np.geomspace(1.0, 100.0, 20)
    values = np.stack([1.0 / times**1.5, 2.0 / times**1.5])
    return CurvePanel(title, "$R$", (Curve("a", colour, times, values),))


def cloud_panel(colour: str, moved: float) -> CloudPanel:
    """A hundred particles, one of them heavy, that move to the right."""
    before = np.random.default_rng(0).normal(size=(100, 2))
    return CloudPanel("p", colour, before, before + np.array([moved, 0.0]), np.array([0.505] + [0.005] * 99))


def pixels(path: Path, colour: str) -> int:
    """How many pixels of a PNG file have exactly this colour."""
    wanted = tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
    image = np.asarray(Image.open(path).convert("RGB"))
    return int((image == wanted).all(axis=-1).sum())


def test_colours_stay_apart_without_red_or_green() -> None:
    """Assert that the four colours differ clearly in blue-yellow and lightness, which the colour blind see."""
    rgb = np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in COLOURS], dtype=float)
    seen = np.stack([0.3 * rgb[:, 0] + 0.6 * rgb[:, 1] + 0.1 * rgb[:, 2], rgb[:, 2]], axis=1)
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(4, 1)]
    assert distances.min() > 25.0


def test_every_curve_is_drawn_in_its_colour(tmp_path: Path) -> None:
    """Assert that each panel's colour appears in the picture and another does not."""
    path = tmp_path / "curves.png"
    draw_curves([curve_panel(colour) for colour in COLOURS[:3]], path, title="t", time_label="time")
    for colour in COLOURS[:3]:
        assert pixels(path, colour) > 100
    assert pixels(path, COLOURS[3]) == 0
    assert imread(path).shape[1] == 3 * 3.6 * 150


def test_spread_reaches_from_least_to_largest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the line is the mean over runs and the band their range."""
    drawn: dict[str, np.ndarray] = {}
    monkeypatch.setattr(Axes, "fill_between", lambda axis, times, low, high, **style: drawn.update(low=low, high=high))
    plot = Axes.plot
    monkeypatch.setattr(Axes, "plot", lambda axis, x, y, **style: drawn.update(mean=y) or plot(axis, x, y, **style))
    panel = curve_panel(COLOURS[0])
    draw_curves([panel], tmp_path / "curves.png", title="t", time_label="time", columns=1)
    first, second = panel.curves[0].values
    assert np.array_equal(drawn["low"], first) and np.array_equal(drawn["high"], second)
    assert np.allclose(drawn["mean"], 1.5 * first, rtol=1e-12)


def test_heavy_particle_is_larger_and_moves_along_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that disc areas grow with mass and that every particle has a line from its start to its end."""
    areas: list[np.ndarray] = []
    lines: list[np.ndarray] = []
    scatter, add = Axes.scatter, Axes.add_collection

    def watched_scatter(axis: Axes, x: object, y: object, *, s: np.ndarray, **style: object) -> object:
        areas.append(s)
        return scatter(axis, x, y, s=s, **style)

    def watched_add(axis: Axes, collection: object, **options: object) -> object:
        if isinstance(collection, LineCollection):
            lines.extend(np.asarray(segment) for segment in collection.get_segments())
        return add(axis, collection, **options)

    monkeypatch.setattr(Axes, "scatter", watched_scatter)
    monkeypatch.setattr(Axes, "add_collection", watched_add)
    draw_clouds([cloud_panel(COLOURS[0], 2.0)], tmp_path / "clouds.png", title="t", axis_labels=("x", "y"))
    light, heavy = areas[0], areas[-1]
    assert len(light) == 99 and len(heavy) == 1
    assert heavy[0] > 40.0 * light[0]
    assert len(lines) == 100 and all(np.allclose(end - start, [2.0, 0.0]) for start, end in lines)


def test_cloud_that_moves_paints_more_than_one_that_stands_still(tmp_path: Path) -> None:
    """Assert that the lines of moving particles are visible in the picture."""
    counts = []
    for moved in (0.0, 4.0):
        path = tmp_path / f"{moved}.png"
        panels = [cloud_panel(COLOURS[0], moved), cloud_panel(COLOURS[3], 4.0)]
        draw_clouds(panels, path, title="t", axis_labels=("x", "y"))
        near = np.asarray(Image.open(path).convert("RGB")).astype(int)
        counts.append(int(((near[..., 2] - near[..., 0]) > 60).sum()))
    assert counts[1] > 1.3 * counts[0] > 0


def test_a_figure_replaces_the_file_whole(tmp_path: Path) -> None:
    """Assert that an older picture is replaced and no unfinished file is left."""
    path = tmp_path / "curves.png"
    path.write_text("old")
    draw_curves([curve_panel(COLOURS[0])], path, title="t", time_label="time")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [entry.name for entry in tmp_path.iterdir()] == ["curves.png"]


def test_pyplot_stays_out() -> None:
    """Assert that our figures do not import pyplot, whose state is global."""
    program = "import sys, runs.figures.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
