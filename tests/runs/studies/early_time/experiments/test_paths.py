"""Theorem C.2 and claim C.1 along runs."""

from limits.theorems import Verdict
from limits.theorems.early_time.linear_dynamics import STATEMENT as DYNAMICS
from limits.theorems.early_time.linearisation import STATEMENT
from runs.studies.early_time.experiments.paths import RUNS, STEPS, Paths
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


def test_runs_keep_to_the_bound(early_table: Table) -> None:
    """Assert that every step is there, that gaps grow below their bounds, and that gaps above are found out."""
    config = small()
    gaps = early_table.at("theorem-C.2", "gap", "Tanh, both layers")
    assert gaps.x.tolist() == [float(step) for step in range(1, STEPS + 1)] and gaps.values[-1] > gaps.values[0] > 0.0
    assert verdicts(Paths(), config, early_table, STATEMENT.text) == {Verdict.HOLDS}
    doubled = changed(early_table, lambda row: 50.0 * row.value if row.quantity == "gap" else row.value)
    assert verdicts(Paths(), config, doubled, STATEMENT.text) == {Verdict.VIOLATED}


def test_descent_is_its_closed_form(early_table: Table) -> None:
    """Assert that weights in descent meet the formula to rounding, and that a millionth off is found out."""
    config = small()
    assert verdicts(Paths(), config, early_table, DYNAMICS.text) == {Verdict.HOLDS}
    off = changed(early_table, lambda row: row.value + (1e-6 if row.quantity == "recursion" else 0.0))
    assert verdicts(Paths(), config, off, DYNAMICS.text) == {Verdict.VIOLATED}
    (panel,) = Paths().panels(config, early_table)
    assert len(panel.lines) == 2 * len(RUNS)
