"""A figure is settled: each fault that its layout shows is mended, and nothing else is changed."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.figures.figures import titled
from runs.figures.palette import COLOURS
from runs.figures.settle import BELOW, settle
from runs.figures.written import prepared
from tests.runs.figures.judged.faults import faults_of

X = np.linspace(0.0, 1.0, 11)


def bare(columns: int = 1, width: float = 4.8) -> tuple[Figure, Axes]:
    """A figure with a curve in each of its panels."""
    figure = Figure(figsize=(width, 3.0), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for axis in axes:
        axis.plot(X, X, color=COLOURS[0], label="a curve")
    return prepared(figure), axes[0]


def test_a_sound_figure_stays_as_it_is() -> None:
    """Assert that texts and size of a figure without a fault are not changed."""
    figure, axis = bare()
    titled(axis, "Risk", "$R$")
    axis.legend(loc="upper left")
    settle(figure)
    assert tuple(figure.get_size_inches()) == (4.8, 3.0)
    assert axis.get_title("left") == "Risk" and axis.get_legend().get_gid() is None
    assert faults_of(figure) == []


def test_a_long_title_is_wrapped_but_no_formula() -> None:
    """Assert that a title has lines that fit, of its words in order, with formulas and x = 1 whole."""
    figure, _ = bare()
    words = "A title of many words: ReLU, d = 30, m = 8192, n = 3000, $\\Sigma_j \\lambda_j |w_j - w_j(0)|$, one seed"
    figure.suptitle(words, fontsize=12)
    settle(figure)
    lines = figure.get_suptitle().splitlines()
    assert len(lines) > 1 and " ".join(lines) == words
    assert all(line.count("$") % 2 == 0 for line in lines)
    assert not any(line.startswith("=") or line.endswith("=") for line in lines)
    assert figure.get_size_inches()[1] > 3.0
    assert faults_of(figure) == []


def test_a_word_that_fits_nowhere_is_broken_or_smaller() -> None:
    """Assert that a file name longer than the figure does not leave it, nor a formula, which is not broken."""
    figure, axis = bare()
    figure.suptitle("n" * 200)
    titled(axis, "", f"${'x' * 90}$")
    settle(figure)
    assert figure.get_suptitle().replace("\n", "") == "n" * 200
    assert axis.get_title("right").count("$") == 2
    assert not any(said.startswith("overlap") for said in faults_of(figure))


def test_a_formula_that_touches_its_title_goes_below() -> None:
    """Assert that both are there, apart, and that a short formula stays beside its title."""
    figure, axis = bare(columns=2, width=7.0)
    titled(axis, "Movement of the particles", "root mean square over the cloud")
    titled(figure.axes[1], "Risk", "$R$")
    settle(figure)
    assert axis.get_title("left") == "Movement of the particles\n" and figure.axes[1].get_title("left") == "Risk"
    assert faults_of(figure) == []


@pytest.mark.parametrize("fixed", [True, False])
def test_ticks_are_thinned_out(fixed: bool) -> None:
    """Assert that labels of ticks that touch become fewer, be they given or found."""
    figure, axis = bare(width=2.4)
    if fixed:
        axis.set_xticks(X, [f"{1000.0 + x:.2f}" for x in X])
    else:
        axis.set_xlim(1.0e6, 1.00001e6)
        axis.ticklabel_format(useOffset=False, style="plain")
        axis.locator_params(axis="x", nbins=12)
    assert any(said.startswith("ticks") for said in faults_of(figure))
    settle(figure)
    assert not any(said.startswith("ticks") for said in faults_of(figure))
    assert len(axis.get_xticks()) >= 2


def test_a_legend_on_data_goes_below() -> None:
    """Assert that a legend leaves the data, stays on the canvas, and keeps its entries; the axes keep their height."""
    figure, axis = bare()
    for number in range(12):
        axis.plot(X, 0.09 * number + 0.0 * X, color=COLOURS[1], label=f"m = {number}" if number < 4 else None)
    axis.legend(fontsize=8)
    axis.set_xlabel("time")
    figure.draw_without_rendering()
    high = axis.bbox.height
    names = [text.get_text() for text in axis.get_legend().get_texts()]
    settle(figure)
    legend = axis.get_legend()
    assert legend.get_gid() == BELOW and [text.get_text() for text in legend.get_texts()] == names
    assert legend.get_window_extent().y1 < axis.xaxis.label.get_window_extent().y0
    assert axis.bbox.height > 0.9 * high
    assert not any(said.startswith(("legend", "canvas", "overlap")) for said in faults_of(figure))


def test_a_wide_legend_has_fewer_columns() -> None:
    """Assert that a legend of the figure that is wider than it gets narrower, and there is one of it."""
    figure, axis = bare()
    handles = [axis.lines[0]] * 4
    figure.legend(handles, [f"a long name of {n}" for n in range(4)], ncols=4, loc="outside lower center")
    assert any(said.startswith("canvas") for said in faults_of(figure))
    settle(figure)
    assert len(figure.legends) == 1 and faults_of(figure) == []


def test_layout_is_kept(tmp_path: Path) -> None:
    """Assert that what was measured is what is written: drawing again moves no axes."""
    figure, axis = bare()
    settle(figure)
    before = axis.get_position().bounds
    figure.draw_without_rendering()
    assert axis.get_position().bounds == before
