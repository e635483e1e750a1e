"""Claim 3.1 at the sizes of the study."""

from limits.theorems import Verdict
from runs.studies.early_time.experiments.inputs import CHECKS, InputLaw
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


def test_bounds_hold_and_are_needed(early_table: Table) -> None:
    """Assert that all three hold, and that numbers above their bound are found out."""
    config = small()
    above = changed(early_table, lambda row: 9.0 if row.curve == "" else row.value)
    for _, statement, _ in CHECKS.values():
        assert verdicts(InputLaw(), config, early_table, statement.text) == {Verdict.HOLDS}
        assert verdicts(InputLaw(), config, above, statement.text) == {Verdict.VIOLATED}


def test_other_slopes_violate(early_table: Table) -> None:
    """Assert that norms and products that fall as 1/d agree, and that d^(-1/4) is found out."""
    for power, verdict in ((-1.0, Verdict.HOLDS), (-0.25, Verdict.VIOLATED)):
        made = changed(early_table, lambda row: (1.0 + 0.01 * (row.seed or 0)) * row.x**power)  # noqa: B023
        assert verdicts(InputLaw(), small(), made, "at least as d^(-1/2)") == {verdict}
    (panel,) = InputLaw().panels(small(), early_table)
    assert len(panel.lines) == 6
