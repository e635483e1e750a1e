"""The largest movement against the number of particles."""

import io
import math

import numpy as np
import pytest
from rich.console import Console

from runs.studies.asymmetric_scaling.config import SETTINGS
from runs.studies.asymmetric_scaling.widths import STEPS, WIDTHS, Slopes, measured, table


def test_slope_is_that_of_a_power_law() -> None:
    """Assert that movements m^(-1/2) and 2 m^(-1/4) have these slopes, and Student's interval around their mean."""
    widths = np.array([100.0, 400.0, 1600.0])
    found = Slopes(SETTINGS[0], (100, 400, 1600), np.stack([widths**-0.5, 2.0 * widths**-0.25]))
    assert np.allclose(found.slopes, [-0.5, -0.25])
    mean, half = found.interval
    assert math.isclose(mean, -0.375) and math.isclose(half, 12.7062 * 0.125, rel_tol=1e-4)


@pytest.mark.validation
def test_all_settings_are_measured_and_shown() -> None:
    """Assert that movements are positive, that equal masses move less with more particles, and that all are shown."""
    found = measured(1, (50, 400), 100)
    assert [each.setting for each in found] == list(SETTINGS)
    assert all(each.movements.shape == (1, 2) and (each.movements > 0.0).all() for each in found)
    assert found[0].slopes[0] < -0.2 < found[3].slopes[0]
    console = Console(file=io.StringIO(), width=100)
    console.print(table(found))
    assert all(setting.label in console.file.getvalue() for setting in SETTINGS)


@pytest.mark.validation
def test_movement_survives_width_where_masses_are_unequal() -> None:
    """Assert that from 250 to 4000 particles slopes are in [-0.6, -0.4] for gamma = 1, in [-0.1, 0.15] for gamma = 0.5.

    The ranges are wider than the spread of the slopes over seeds.
    """
    equal, unequal = measured(1, WIDTHS[::2], STEPS, SETTINGS[:2])
    assert -0.6 <= equal.slopes[0] <= -0.4
    assert -0.1 <= unequal.slopes[0] <= 0.15
