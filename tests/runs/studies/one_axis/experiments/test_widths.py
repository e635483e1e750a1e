"""Figure 3: movement against width."""

import math

import pytest

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.widths import ACCURACY, RATED, SHOWN, Widths
from runs.studies.one_axis.statements import FULL
from runs.study.table import Row, Table
from tests.runs.studies.claimed import verdicts
from tests.runs.studies.one_axis.small import paper, small

COUNTS = (100, 1000, 10_000)


def table(last: float = 1.0) -> Table:
    """What the paper shows, and three numbers that fall where it shows none; the last one times a factor."""
    rows = []
    for rated in RATED:
        shown = {"theta": SHOWN.get(rated.name, (3.0, 2.0, 1.0)), "u": (3.0, 2.0, 1.0)}
        shown["test accuracy"] = ACCURACY.get(rated.name, (0.90, 0.93, 0.96))
        for quantity, values in shown.items():
            for place, count in enumerate(COUNTS):
                factor = last if place == 2 and quantity != "test accuracy" else 1.0
                rows.append(Row("E4.2", quantity, rated.name, 0, count, factor * values[place], 1e-6))
    return Table(tuple(rows))


def test_movement_falls_with_width() -> None:
    """Assert that falls hold at every convention, and that a wide network which moves far is found out at each."""
    for words in ("movement of theta falls", "movement of u falls"):
        assert verdicts(Widths(), small(), table(), words) == {Verdict.HOLDS}
        assert verdicts(Widths(), small(), table(1000.0), words) == {Verdict.VIOLATED}
    assert verdicts(Widths(), small(), table(), "test accuracy rises") == {Verdict.HOLDS}


def test_published_numbers_are_compared_at_the_paper_s_sizes() -> None:
    """Assert that 15 numbers are claimed at paper scale with the full set alone, and a double one is a violation."""
    full = paper(**FULL)
    claims = [claim for claim in Widths().claims(full, table()) if " is " in claim.statement]
    assert len(claims) == 15 and {claim.verdict for claim in claims} == {Verdict.HOLDS}
    assert not [claim for claim in Widths().claims(small(), table()) if " is " in claim.statement]
    assert verdicts(Widths(), full, table(2.0), "theta, rates practical, m = 1e+04") == {Verdict.VIOLATED}


def test_scaled_rates_are_the_same_at_every_width() -> None:
    """Assert that eta_theta = eta_u = 10 at every m with the scaled rate, as in the figure, sqrt(m) / 10 without."""
    config = small()
    plain, scaled = RATED[3], RATED[4]
    for count in COUNTS:
        alpha = math.sqrt(count)
        assert scaled.convention.etas(scaled.rate(config, count), alpha, count) == pytest.approx((10.0, 10.0))
        assert plain.convention.etas(plain.rate(config, count), alpha, count) == pytest.approx((alpha / 10, alpha / 10))


def test_measured_movement_falls(axis_table: Table) -> None:
    """Assert that at smoke scale theta moves less at the larger width at practical rates, and panels show all."""
    for rated in RATED:
        curve = axis_table.at("E4.2", "theta", rated.name)
        assert curve.x.tolist() == [16.0, 64.0] and curve.mean.min() > 0.0
    practical = axis_table.at("E4.2", "theta", "practical")
    assert practical.mean[1] < 0.5 * practical.mean[0]
    assert [len(panel.lines) for panel in Widths().panels(small(), axis_table)] == [5, 5, 5]
