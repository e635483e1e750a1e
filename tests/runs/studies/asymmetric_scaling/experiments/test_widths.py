"""The largest movement against the number of particles."""

from pathlib import Path

import numpy as np
import pytest

from runs.studies.asymmetric_scaling.config import SETTINGS, Config
from runs.studies.asymmetric_scaling.experiments.widths import Widths, descending
from runs.studies.asymmetric_scaling.study import STUDY
from runs.study.table import Row, Table


def small(**given: object) -> Config:
    """Two widths, a hundred steps."""
    sizes = {"widths": (50, 400), "width_steps": 100, "out": Path("nowhere"), **given}
    config = STUDY.configured(scale="smoke", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config


def measured(config: Config, settings: int = 4) -> Table:
    """All cases of some settings."""
    cases = [case for case in Widths().cases(config) if case.what[0] in SETTINGS[:settings]]
    rows = [row for case in cases for row in Widths().measured(config, case, config.out, lambda step: None)]
    return Table(tuple(rows))


def test_all_settings_are_measured() -> None:
    """Assert that movements are positive, that equal masses move less with more particles, and unequal ones do not."""
    table = measured(small())
    curves = [table.at("widths", "largest_movement", setting.name) for setting in SETTINGS]
    assert all(curve.values.shape == (2, 1) and (curve.values > 0.0).all() for curve in curves)
    assert curves[0].slope.value < -0.2 < curves[3].slope.value
    (panel,) = Widths().panels(small(), table)
    assert [line.label for line in panel.lines] == [setting.label for setting in SETTINGS]


def test_networks_are_the_published_ones_but_for_width_and_steps() -> None:
    """Assert that data, rows and masses are those of the simulated experiment, whatever the study's data are."""
    config = descending(small(), 123)
    assert (config.data, config.count, config.steps, config.rows, config.variance) == ("simulated", 123, 100, 100, 1.0)
    assert Widths().about(small()) == "simulated, 100 gradient steps"
    assert len(Widths().cases(small(seeds=3))) == 4 * 3 * 2


def test_claims_are_on_slopes() -> None:
    """Assert that m^(-1/2) for equal and m^0 for unequal masses hold, and the other way round are violated."""
    widths, scatter = (250.0, 500.0, 1000.0, 2000.0), (0.999, 1.0, 1.001)

    def planted(equal: float, unequal: float) -> Table:
        rows = []
        for setting in SETTINGS:
            power = equal if setting.gamma == 1.0 else unequal
            values = [(seed, width, factor * width**power) for seed, factor in enumerate(scatter) for width in widths]
            rows += [Row("widths", "largest_movement", setting.name, *numbers) for numbers in values]
        return Table(tuple(rows))

    right, wrong = (
        [claim.verdict for claim in Widths().claims(small(), planted(*powers))] for powers in ((-0.5, 0.0), (0.0, -0.5))
    )
    assert right == ["holds"] * 3 and wrong == ["violated"] * 3


@pytest.mark.validation
def test_movement_survives_width_where_masses_are_unequal() -> None:
    """Assert that from 250 to 4000 particles slopes are in [-0.6, -0.4] for gamma = 1, in [-0.1, 0.15] for gamma = 0.5.

    The ranges are wider than the spread of the slopes over seeds.
    """
    table = measured(small(widths=(250, 1000, 4000), width_steps=4000), settings=2)
    equal, unequal = (table.at("widths", "largest_movement", setting.name).slope for setting in SETTINGS[:2])
    assert -0.6 <= equal.value <= -0.4
    assert -0.1 <= unequal.value <= 0.15
    assert np.isfinite(equal.high)
