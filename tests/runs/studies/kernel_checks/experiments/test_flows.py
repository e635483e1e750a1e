"""Gaps of trained clouds to the kernel flow of the limit."""

from dataclasses import replace

import pytest

from limits.theorems import Verdict
from runs.studies.kernel_checks.experiments.flows import CURVE, GAPS, Flows
from runs.study.table import Table
from tests.runs.studies.kernel_checks.small import measured, small


@pytest.mark.validation
def test_gaps_fall_with_the_width() -> None:
    """Assert that clouds near the kernel flow like m^(-1/2), and their own linearisation like 1/m, as intervals say."""
    config = small(widths=(64, 256, 1024), seeds=6, until=10.0)
    found = measured(Flows(), config)
    slopes = [found.at("flow", name, CURVE).slope for name in GAPS]
    for slope in slopes[:3]:
        assert abs(slope.value + 0.5) < slope.high - slope.low < 0.4
    assert abs(slopes[3].value + 1.0) < 0.1


def test_other_slopes_violate_the_claims() -> None:
    """Assert that gaps which do not fall are seen in all four claims, and that a seed has a gap for every width."""
    config = small()
    found = measured(Flows(), config)
    assert all(found.at("flow", name, CURVE).values.shape == (2, 2) for name in GAPS)
    level = Table(tuple(replace(row, value=1.0 + 0.01 * row.seed) for row in found if row.seed is not None))
    assert [claim.verdict for claim in Flows().claims(config, level)] == [Verdict.VIOLATED] * 4
    (panel,) = Flows().panels(config, found)
    assert len(panel.lines) == 4 and panel.log_x and panel.log_y
