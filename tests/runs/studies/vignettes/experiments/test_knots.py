"""Knots of random data: what is counted, what falls, and claims that can fail."""

import numpy as np
import pytest

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.knots import (
    SCHEDULES,
    SHOWN_BETAS,
    KnotsOfNoise,
    random_data,
    slope_of_sets,
)
from runs.study.table import Curve, Table
from tests.runs.studies.claimed import changed, said, verdicts
from tests.runs.studies.vignettes.small import small

KNOTS, CONFIG = KnotsOfNoise(), small()


def test_data_are_the_same_for_a_seed_and_apart() -> None:
    """Assert that there are three to six inputs in rising order, 0.05 apart or more, and the same ones again."""
    for seed in range(4):
        inputs = random_data(seed).data.inputs[:, 0]
        assert len(inputs) == 3 + seed
        assert float(inputs.diff().min()) >= 0.05
        assert inputs.equal(random_data(seed).data.inputs[:, 0])


def test_every_law_is_there_and_found(vignettes_table: Table) -> None:
    """Assert that each set has every beta of both schedules, with laws at rounding and intervals all counted."""
    for schedule in SCHEDULES:
        for quantity in ("knots", "off", "distance", "misfit", "residual", "virial", "gap"):
            found = vignettes_table.at("E3.5", quantity, schedule)
            assert found.values.shape == (len(CONFIG.knot_betas), CONFIG.knot_sets)
            assert not np.isnan(found.values).any()
        intervals = vignettes_table.at("E3.5", "intervals", schedule)
        assert np.nansum(intervals.values) == sum(2 + seed for seed in range(CONFIG.knot_sets))
        assert vignettes_table.at("E3.5", "residual", schedule).values.max() < 1e-12


def test_claims_hold_and_can_fail(vignettes_table: Table) -> None:
    """Assert that counts hold, and that a fourth knot, bent curvature and a coarse law are seen."""
    assert verdicts(KNOTS, CONFIG, vignettes_table, "three knots at most") == {Verdict.HOLDS}
    worse = changed(vignettes_table, lambda r: r.value + 3.0 if r.quantity == "knots" else r.value)
    assert verdicts(KNOTS, CONFIG, worse, "three knots at most") == {Verdict.VIOLATED}
    assert verdicts(KNOTS, CONFIG, vignettes_table, "residuals of all laws") == {Verdict.HOLDS}
    coarse = changed(vignettes_table, lambda r: 1e-9 if r.quantity == "residual" else r.value)
    assert verdicts(KNOTS, CONFIG, coarse, "residuals of all laws") == {Verdict.VIOLATED}
    flat = changed(vignettes_table, lambda r: r.x**0.1 if r.quantity == "off" else r.value)
    assert verdicts(KNOTS, CONFIG, flat, "curvature off the peaks") == {Verdict.VIOLATED}
    assert len(said(KNOTS, CONFIG, vignettes_table, "confinement")) == 9


def test_slope_is_the_mean_of_the_slopes() -> None:
    """Assert that sets of any size count alike, and that their scatter makes the interval."""
    x = np.array([1e5, 1e6, 1e7])
    values = np.stack([x**-1.0, 1e6 * x**-1.2], axis=1)
    found = slope_of_sets(Curve(x, values, np.full_like(values, np.nan), (0, 1)))
    assert found.value == pytest.approx(-1.1)
    assert found.low < -1.2 < -1.0 < found.high


def test_figures(vignettes_table: Table) -> None:
    """Assert that there are three panels of one set and counts, and three of what vanishes."""
    panels = KNOTS.panels(CONFIG, vignettes_table)
    assert [panel.file for panel in panels] == 3 * ["knots.png"] + 3 * ["knot_rates.png"]
    assert len(panels[0].lines) == len(SHOWN_BETAS) + 3
    assert all(line.values.size for panel in panels for line in panel.lines)
