"""The study's figure: which numbers it shows."""

import numpy as np
from matplotlib.figure import Figure

from runs.studies.propagation_of_chaos.config import Config
from runs.studies.propagation_of_chaos.pictures import draw_distances, draw_fluctuations, line
from runs.studies.propagation_of_chaos.results import Value

NONE = float("nan")


def values(config: Config) -> list[Value]:
    """Deviations and distances that say which they are."""
    found = []
    for time in config.times:
        for count in (8, 16):
            for number, name in enumerate(("prediction", "second_moment", "kernel", "square", "floor")):
                found.append(Value("ntk", time, name, count, (number + 1.0) / count * time, NONE, NONE))
        found.append(Value("ntk", time, "square", config.limit_count, 9.0, NONE, NONE))
    return found


def test_line_takes_one_quantity() -> None:
    """Assert that counts and values of a quantity are taken in their order."""
    counts, found = line([Value("ntk", 1.0, name, 8, 2.0, NONE, NONE) for name in ("kernel", "floor")], "floor")
    assert counts.tolist() == [8] and found.tolist() == [2.0]


def test_fluctuations_are_those_of_the_last_time(config: Config) -> None:
    """Assert that three observables and the reference m^(-1/2) are drawn, at the last time alone."""
    axis = Figure().subplots()
    draw_fluctuations(axis, config, values(config))
    lines = [drawn.get_ydata() for drawn in axis.lines]
    expected = [[0.4 * number / 8, 0.4 * number / 16] for number in (1, 2, 3)]
    assert np.allclose(lines[:3], expected)
    assert np.allclose(lines[3], [0.1, 0.1 / 2.0**0.5])


def test_distances_of_all_times_are_beside_their_floors(config: Config) -> None:
    """Assert that W_2 and the floor of each time are drawn, the stand-in's own distance left out."""
    axis = Figure().subplots()
    draw_distances(axis, config, values(config))
    assert [drawn.get_xdata().tolist() for drawn in axis.lines] == [[8, 16]] * 4
    assert np.allclose(axis.lines[0].get_ydata(), [0.1, 0.05]) and np.allclose(
        axis.lines[1].get_ydata(), [0.125, 0.0625]
    )
