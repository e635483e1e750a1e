"""Estimates beside known limits."""

from dataclasses import replace

from limits.theorems import Verdict
from runs.studies.infinite_width.estimated import ERROR, LIMIT
from runs.studies.infinite_width.experiments.checks import STEP, Checks
from runs.studies.infinite_width.problems.every import KNOWN
from runs.study.panels import Panel
from runs.study.table import Row, Table
from tests.runs.studies.infinite_width.small import estimates, known, scaled


def table_of(value: float, step: float) -> Table:
    """One quantity, 1 at infinite width, estimated with the error 0.01."""
    rows = (Row("check", STEP, "net: f", 0, 64.0, step), Row("check", ERROR, "net: f", 0, 64.0, 0.01))
    return Table.merged([estimates("check", {"net: f": (value, 0.01)}), known("check", {"net: f": 1.0}), Table(rows)])


def test_estimates_must_be_the_limit() -> None:
    """Assert that an estimate three errors off violates the claim, and that nothing is said with too long a step."""
    cases = {(1.01, 0.001): Verdict.HOLDS, (1.03, 0.001): Verdict.VIOLATED, (1.01, -0.02): Verdict.ASSUMPTION_FAILS}
    for numbers, verdict in cases.items():
        assert [claim.verdict for claim in Checks().claims(scaled(), table_of(*numbers))] == [verdict]
    (panel,) = Checks().panels(scaled(), table_of(1.02, 0.0))
    assert isinstance(panel, Panel) and abs(panel.lines[0].values.item() - 2.0) < 1e-9


def test_intervals_hold_for_all_at_once() -> None:
    """Assert that among twenty quantities two and a half errors violate nothing."""
    one = table_of(1.025, 0.0)
    many = Table(tuple(replace(row, curve=f"net: {place}") for place in range(20) for row in one))
    assert {claim.verdict for claim in Checks().claims(scaled(), many)} == {Verdict.HOLDS}


def test_every_limit_is_there(wide_table: Table) -> None:
    """Assert that every quantity of every known limit has an estimate, what is known, and an error of its step."""
    names = {row.curve for row in wide_table.of("check") if row.seed is None}
    assert {name.partition(": ")[0] for name in names} == set(KNOWN)
    for name in names:
        assert wide_table.at("check", LIMIT, name).values.size == wide_table.at("check", STEP, name).values.size == 1
    assert len(list(Checks().claims(scaled(), wide_table))) == len(names)
