"""Pyramids: what is measured, and numbers that the claims refuse."""

import pytest

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.pyramids import GENERAL, LECUN, Pyramids, reach, readout_of, safe
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.vignettes.small import small


def test_gradients_exceed_their_bounds_in_every_draw(vignettes_table: Table) -> None:
    """Assert that there is a ratio for every draw, that all exceed one, and that no two are the same."""
    ratios = [row.value for row in vignettes_table if row.quantity == "gradient over bound"]
    assert len(ratios) == small().pyramid_draws == len(set(ratios)) and min(ratios) > 1.0


def test_readout_makes_n_units_enough() -> None:
    """Assert that the start of the runs is one that the theorem is about, by a factor of two."""
    assert reach(safe(5, 0)) == pytest.approx(0.5, rel=1e-6) and readout_of(5, 0) > 10.0


def test_runs_are_shown_with_their_bounds(vignettes_table: Table) -> None:
    """Assert that risks start at one, fall, and are below the bound along the run, which falls too."""
    for name in (GENERAL, LECUN):
        risk, along = (vignettes_table.at("E3.6", what, name) for what in ("risk", "along the run"))
        assert risk.values[0, 0] == along.values[0, 0] == 1.0 and risk.last[0] < 0.9
        assert (risk.values <= along.values + 1e-12).all() and along.last[0] < 1.0


@pytest.mark.parametrize(
    ("quantity", "factor", "words"),
    [
        ("gradient over bound", 0.0, "weak PL inequality"),
        ("risk over bound", 1.1, "stays below its bound"),
        ("risk", 2.0, "(1 - h alpha_0)^k"),
        ("kept", 0.4, "N: singular values keep one half"),
        ("reach of N units", 3.0, "first layer of N units"),
    ],
)
def test_planted_numbers_violate(vignettes_table: Table, quantity: str, factor: float, words: str) -> None:
    """Assert that claims hold on what was measured, and are violated by numbers beyond their bound."""
    config = small()
    assert verdicts(Pyramids(), config, vignettes_table, words) == {Verdict.HOLDS}
    wrong = changed(vignettes_table, lambda row: factor * row.value if row.quantity == quantity else row.value)
    assert verdicts(Pyramids(), config, wrong, words) == {Verdict.VIOLATED}


def test_order_of_the_width_is_claimed_by_its_slope(vignettes_table: Table) -> None:
    """Assert that N^2 holds, and that N^3 and N are violated."""
    for power, verdict in ((2.0, Verdict.HOLDS), (3.0, Verdict.VIOLATED), (1.0, Verdict.VIOLATED)):
        made = changed(vignettes_table, lambda row: row.x**power * 1.05 ** (row.seed or -1))  # noqa: B023
        assert verdicts(Pyramids(), small(), made, "grow as N^2") == {verdict}


def test_everything_is_drawn(vignettes_table: Table) -> None:
    """Assert that there are panels of draws, decays and widths."""
    panels = Pyramids().panels(small(), vignettes_table)
    assert [len(panel.lines) for panel in panels[1:]] == [4, 3] and panels[0].lines
