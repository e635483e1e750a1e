"""The look of the gallery's figures."""

import matplotlib
import matplotlib.pyplot as plt

from docs.building.gallery_figures import LOOK, look


def test_a_script_begins_with_no_figure_and_this_look() -> None:
    """Assert that figures of an earlier script are closed and its settings forgotten."""
    with matplotlib.rc_context():
        plt.figure()
        plt.rcParams["lines.linewidth"] = 7.0
        plt.rcParams["lines.markersize"] = 70.0
        look({}, "script.py")
        assert plt.get_fignums() == []
        assert plt.rcParams["lines.linewidth"] == LOOK["lines.linewidth"]
        assert plt.rcParams["lines.markersize"] == plt.rcParamsDefault["lines.markersize"]
