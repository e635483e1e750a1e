"""Figure 2: movement against alpha."""

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.alphas import POWERS, SHOWN, Alphas
from runs.studies.one_axis.statements import FULL
from runs.study.table import Row, Table
from tests.runs.studies.claimed import verdicts
from tests.runs.studies.one_axis.small import paper, small


def table(factor: float = 1.0) -> Table:
    """The movement that the figure shows, times a factor at alpha = 1."""
    rows = []
    for letter, values in SHOWN.items():
        for place, value in enumerate(values):
            scaled = value * (factor if place == 0 else 1.0)
            rows.append(Row("E4.1", letter, "(13)", 0, POWERS[place], scaled, 0.001))
    return Table(tuple(rows))


def test_movement_falls_with_alpha() -> None:
    """Assert that the figure's numbers fall, and that a small movement at alpha = 1 is found out."""
    for letter in SHOWN:
        assert verdicts(Alphas(), small(), table(), f"movement of {letter} falls") == {Verdict.HOLDS}
        assert verdicts(Alphas(), small(), table(0.01), f"movement of {letter} falls") == {Verdict.VIOLATED}


def test_published_movements_are_compared_at_the_paper_s_sizes() -> None:
    """Assert that eight numbers are claimed at paper scale with the full set alone, and two thirds of one violate."""
    full = paper(**FULL)
    found = [claim.verdict for claim in Alphas().claims(full, table())][2:]
    assert len(list(Alphas().claims(small(), table()))) == 2
    words = "movement of theta at alpha = m^0"
    assert len([claim for claim in Alphas().claims(full, table()) if " to " in claim.statement]) == 8
    assert set(found) == {Verdict.HOLDS} and verdicts(Alphas(), full, table(0.66), words) >= {Verdict.VIOLATED}


def test_panels_show_every_power(axis_table: Table) -> None:
    """Assert that movement at smoke scale, where no order shows yet, is there for every power and in every panel."""
    curve = axis_table.at("E4.1", "theta", "(13)")
    assert curve.x.tolist() == [0.0, 0.3, 0.5, 0.7] and curve.mean.min() > 0.0
    panels = Alphas().panels(small(), axis_table)
    assert [len(panel.lines) for panel in panels] == [4, 4, 1]
