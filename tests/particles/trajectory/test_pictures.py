"""Pictures of what was recorded: curves and particles, what is said on them, and what stays in them."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot

from particles import ParticleCloud, ShapeError
from particles.trajectory.pictures import (
    AREA,
    MOST_PARTICLES,
    Curve,
    checked_coordinates,
    chosen_names,
    draw_curve,
    draw_particles,
    entry_name,
    panels,
)
from tests.draws import normals, unequal

EVEN = np.linspace(0.0, 10.0, 21)
CROWDED = np.array([0.0, *np.geomspace(0.01, 100.0, 41)])


@pytest.fixture
def axes() -> Iterator[Any]:
    """One panel, closed afterwards."""
    (panel,) = panels(1)
    yield panel
    pyplot.close("all")


def drawn(axes: Any, times: np.ndarray, values: np.ndarray, **scales: bool | None) -> None:
    """Draw these values as the observable `movement`."""
    draw_curve(axes, "movement", Curve(times, values, "mean movement"), **scales)


def test_a_number_is_one_curve_without_a_legend(axes: Any) -> None:
    """Assert that every record is in the curve and that the axes say what they are."""
    drawn(axes, EVEN, np.exp(-EVEN / 10.0))
    (line,) = axes.lines
    assert np.array_equal(line.get_xdata(), EVEN) and np.array_equal(line.get_ydata(), np.exp(-EVEN / 10.0))
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_legend()) == ("flow time", "mean movement", None)
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")


def test_decades_make_an_axis_logarithmic(axes: Any) -> None:
    """Assert that values over decades, none of them zero, have a logarithmic axis without being asked for."""
    drawn(axes, EVEN, np.exp(-EVEN))
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")


def test_times_crowded_at_the_start_keep_their_zero(axes: Any) -> None:
    """Assert that with logarithmic times the start is inside the picture, and that both labels tell where they bend."""
    drawn(axes, CROWDED, 0.3 * CROWDED)
    assert (axes.get_xscale(), axes.get_yscale()) == ("symlog", "symlog")
    assert axes.get_xlabel() == "flow time (linear below 0.01)"
    assert axes.get_ylabel() == "mean movement (linear below 0.001)"
    axes.figure.canvas.draw()
    place, box = axes.transData.transform((0.0, 0.0)), axes.get_window_extent()
    assert box.x0 < place[0] < box.x1 and box.y0 < place[1] < box.y1


@pytest.mark.parametrize(
    ("values", "log", "scale", "label"),
    [
        (EVEN, False, "linear", "mean movement"),
        (EVEN, True, "symlog", "mean movement (linear below 0.1)"),
        (EVEN + 1.0, True, "log", "mean movement"),
        (-EVEN, True, "linear", "mean movement (linear, as nothing is positive)"),
        (EVEN - 5.0, None, "linear", "mean movement"),
        (np.where(EVEN > 5.0, np.nan, 10.0**-EVEN), None, "log", "mean movement"),
    ],
    ids=["no", "zero", "positive", "negative", "both-signs", "not-finite"],
)
def test_scale_is_what_is_asked_for_and_says_so(
    axes: Any, values: np.ndarray, log: bool | None, scale: str, label: str
) -> None:
    """Assert that a logarithmic axis is given where it can be, and that what it cannot show is not dropped."""
    drawn(axes, EVEN, values, log_values=log)
    assert (axes.get_yscale(), axes.get_ylabel()) == (scale, label)


def test_few_entries_are_named_and_many_are_summed_up(axes: Any) -> None:
    """Assert that up to eight entries have a curve and a name each, and that of more the median and range are drawn."""
    few = np.stack([EVEN, 2.0 * EVEN], axis=1)
    drawn(axes, EVEN, few)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["movement[0]", "movement[1]"]
    axes.clear()
    many = EVEN[:, None, None] * np.arange(9.0).reshape(3, 3)
    drawn(axes, EVEN, many)
    (line,) = axes.lines
    assert np.allclose(line.get_ydata(), 4.0 * EVEN) is True
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["from least to most", "median of 9"]


def test_one_record_and_none_are_drawn(axes: Any) -> None:
    """Assert that a single record is a visible mark, and that no record leaves empty axes with labels."""
    drawn(axes, EVEN[:1], EVEN[:1])
    assert axes.lines[0].get_marker() == "o"
    axes.clear()
    drawn(axes, EVEN[:0], EVEN[:0])
    assert not axes.lines and axes.get_ylabel() == "mean movement"


def test_particles_have_areas_of_their_masses(axes: Any) -> None:
    """Assert that start and end are drawn at the chosen coordinates, with areas in proportion to masses, and named."""
    start = ParticleCloud(normals(7, 3, seed=0), unequal(7))
    end = start.moved(start.positions + 1.0)
    draw_particles(axes, start, end, [2, 0], ["w_0", "w_1", "a_0"], "time 3")
    before, after = axes.collections
    heaviest = end.masses.argsort(descending=True)
    assert np.array_equal(after.get_offsets(), end.positions[heaviest][:, [2, 0]].numpy())
    assert np.array_equal(before.get_offsets(), start.positions[heaviest][:, [2, 0]].numpy())
    assert np.allclose(after.get_sizes(), AREA * 7.0 * end.masses[heaviest].numpy()) is True
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("a_0", "w_0", "particles, area = mass")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["start", "time 3"]


def test_of_many_particles_the_heaviest_are_drawn_and_that_is_said(axes: Any) -> None:
    """Assert that a large cloud is thinned by mass, with a title that says so, also in one coordinate."""
    count = MOST_PARTICLES + 10
    cloud = ParticleCloud(normals(count, 2, seed=0), unequal(count))
    draw_particles(axes, cloud, cloud, [1], ["w_0", "w_1"], "time 1")
    assert len(axes.collections[1].get_offsets()) == MOST_PARTICLES
    assert axes.get_title() == "the 5000 heaviest of 5010 particles, area = mass"
    sizes = axes.collections[1].get_sizes()
    dropped = cloud.masses.sort().values[9] / cloud.masses.sort(descending=True).values[:MOST_PARTICLES].mean()
    assert sizes.min() >= AREA * float(dropped)


def test_panels_are_those_given_or_new_ones() -> None:
    """Assert that axes may be given, one or several, and that other numbers of them and nothing to draw are refused."""
    new = panels(4)
    assert new.shape == (4,) and len(new[0].figure.axes) == 4
    assert panels(1, new[2])[0] is new[2]
    assert panels(4, new.reshape(2, 2)).tolist() == new.tolist()
    with pytest.raises(ShapeError, match="4 axes were given for 2 panels; give as many, or leave axes out"):
        panels(2, new)
    with pytest.raises(TypeError, match="'risk' was given as axes, but those of matplotlib are needed; leave axes out"):
        panels(1, "risk")
    pyplot.close("all")


def test_names_are_chosen_from_what_is_there() -> None:
    """Assert that all names are taken where none is given, and that others and an empty trace are refused."""
    assert chosen_names(["a", "b"], [], "It") == ["a", "b"] and chosen_names(["a", "b"], ["b"], "It") == ["b"]
    with pytest.raises(KeyError, match="It holds a, b, not 'c'"):
        chosen_names(["a", "b"], ["a", "c"], "It")
    with pytest.raises(KeyError, match="It holds no observable, but one or more are to be drawn"):
        chosen_names([], [], "It")


@pytest.mark.parametrize("wrong", [(), (0, 0), (0, 3), (-1, 0), (0, 1, 2), (0.0, 1)], ids=str)
def test_coordinates_that_do_not_exist_are_refused(wrong: tuple[int, ...], without_shape_checks: None) -> None:
    """Assert that one or two different coordinates of a particle are needed."""
    assert checked_coordinates((2, np.int64(0)), 3) == [2, 0] and checked_coordinates((1,), 3) == [1]
    with pytest.raises(
        ValueError, match=r"one or two different ones from 0 to 2 are needed|A coordinate is .*, but a non-negative int"
    ):
        checked_coordinates(wrong, 3)


def test_entries_have_names() -> None:
    """Assert that an entry is named by its place, and a number by its observable."""
    assert (entry_name("gram", (0, 1)), entry_name("risk", ())) == ("gram[0,1]", "risk")


def test_matplotlib_stays_out_until_something_is_drawn() -> None:
    """Assert that the packages are imported without matplotlib, xarray and pandas, and without the parts of scipy."""
    late = {"matplotlib", "pandas", "xarray", "scipy.stats", "scipy.linalg", "scipy.integrate", "scipy.sparse"}
    program = f"import sys, flows, limits; sys.exit(str({late} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr.strip() == "set()"
