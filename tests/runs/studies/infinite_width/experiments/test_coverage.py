"""How often intervals hold the limit."""

import pytest

from limits.theorems import Verdict
from runs.studies.infinite_width.experiments.coverage import LIMITS, SCORE, Coverage
from runs.study.panels import Panel
from runs.study.table import Row, Table
from tests.runs.studies.infinite_width.small import scaled


def fractions(held: int) -> Table:
    """Of 200 intervals so many hold the limit."""
    rows = (Row("coverage", SCORE, "net: f", seed, 0.0, 0.9 if seed < held else -1.1) for seed in range(200))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("held", "verdict"), [(190, Verdict.HOLDS), (186, Verdict.HOLDS), (180, Verdict.VIOLATED), (200, Verdict.VIOLATED)]
)
def test_fraction_must_be_that_of_the_interval(held: int, verdict: Verdict) -> None:
    """Assert that 95 of 100 holds, and that 90 or all of them do not, by the binomial law."""
    (claim,) = Coverage().claims(scaled(), fractions(held))
    assert claim.verdict is verdict and claim.measured == held / 200
    (panel,) = Coverage().panels(scaled(), fractions(held))
    assert isinstance(panel, Panel) and panel.lines[0].values.item() == held / 200


def test_every_estimate_is_there(wide_table: Table) -> None:
    """Assert that every limit has a number for each quantity and repetition."""
    for limit, names in LIMITS.items():
        for name in names:
            assert wide_table.at("coverage", SCORE, f"{limit}: {name}").values.shape == (1, scaled().seeds)
    assert Coverage().panels(scaled(), Table()) == []
