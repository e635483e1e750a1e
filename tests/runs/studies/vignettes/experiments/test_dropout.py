"""E3.1: what dropout costs, and numbers that do not keep the statements."""

import pytest

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.dropout import FIRST, MEAN, DropoutStability
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.vignettes.small import small


def table(half: float = -1.0, fixed: float = 0.0, drawn: float = 1.0) -> Table:
    """Excesses that go as these powers of N, of two seeds that hardly differ, and drawn means that are so much more."""
    config, rows = small(), []
    for seed in range(2):
        for count in config.dropout_counts:
            size = 1.0 + 0.001 * seed
            for curve in (FIRST, MEAN):
                rows.append(Row("E3.1", "half", curve, seed, float(count), size * count**half))
                rows.append(Row("E3.1", "fixed", curve, seed, float(count), size * count**fixed))
        least = min(config.dropout_counts)
        value = drawn * (1.0 + 0.001 * seed) * least**half
        rows.append(Row("E3.1", "half", "drawn", seed, float(least), value, 0.01 * value))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("made", "words", "verdict"),
    [
        (table(), "sqrt(log N)", Verdict.HOLDS),
        (table(half=-0.2), "sqrt(log N)", Verdict.VIOLATED),
        (table(), "falls as 1/N", Verdict.HOLDS),
        (table(half=-0.5), "falls as 1/N", Verdict.VIOLATED),
        (table(), "factor of two", Verdict.HOLDS),
        (table(fixed=-0.7), "factor of two", Verdict.VIOLATED),
        (table(fixed=-0.5), "does not depend on N", Verdict.VIOLATED),
        (table(), "E_A R_A", Verdict.HOLDS),
        (table(drawn=1.1), "E_A R_A", Verdict.VIOLATED),
    ],
)
def test_statements_tell_right_numbers_from_wrong_ones(made: Table, words: str, verdict: Verdict) -> None:
    """Assert that each statement holds of numbers that keep it and is violated by others."""
    assert verdicts(DropoutStability(), small(), made, words) == {verdict}


def test_draws_without_replacement_are_taken_out() -> None:
    """Assert that excesses (N - M)/(N - 1) do not depend on N, whose plain slope violates that."""
    config = small()
    shares = {float(count): (count - config.dropout_kept) / (count - 1) for count in config.dropout_counts}
    level = changed(table(), lambda row: row.value * (shares[row.x] if row.quantity == "fixed" else 1.0))
    assert verdicts(DropoutStability(), config, level, "does not depend on N") == {Verdict.HOLDS}
    assert verdicts(DropoutStability(), config, table(), "does not depend on N") == {Verdict.VIOLATED}


def test_smoke_numbers_are_of_every_count(vignettes_table: Table) -> None:
    """Assert that at smoke scale drawn subsets agree with the identity, and that each panel shows two curves."""
    config = small()
    assert verdicts(DropoutStability(), config, vignettes_table, "E_A R_A") == {Verdict.HOLDS}
    assert list(vignettes_table.at("E3.1", "loss", "").x) == list(config.dropout_counts)
    for panel in DropoutStability().panels(config, vignettes_table):
        assert [line.values.size for line in panel.lines] == [3, 3]
