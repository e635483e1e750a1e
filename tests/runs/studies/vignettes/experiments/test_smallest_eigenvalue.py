"""The smallest eigenvalue: what is measured, and numbers that the claims refuse."""

import pytest

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.smallest_eigenvalue import (
    BELOW,
    NARROW,
    PLACES,
    ROWS,
    WIDTHS,
    SmallestEigenvalue,
    curves,
    points,
)
from runs.study.table import Table
from tests.runs.studies.claimed import changed, said, verdicts
from tests.runs.studies.vignettes.small import small

EIGEN = SmallestEigenvalue()


def test_every_sweep_is_there(vignettes_table: Table) -> None:
    """Assert that each point of a draw has its eigenvalue, and that the wide layer stands where its name says."""
    config = small()
    every = list(points(config, 0))
    for point in every:
        curve = vignettes_table.at("E3.7", point.quantity, point.curve)
        assert float(point.x) in curve.x.tolist()
    wide = {point.curve: point.setting.widths for point in every if point.quantity == WIDTHS}
    assert [widths.index(max(widths)) for widths in wide.values()] == [0, 1, 2]
    assert {point.curve for point in every if point.quantity == ROWS} == set(curves(config))


def test_cases_tell_their_points_apart() -> None:
    """Assert that names of cases are different, and that all points of a curve are in one."""
    cases = EIGEN.cases(small(eigen_draws=2))
    assert len({case.name for case in cases}) == len(cases)
    assert sum(len(case.what) for case in cases) == 2 * len(list(points(small(), 0)))


@pytest.mark.parametrize(("power", "verdict"), [(1.0, Verdict.HOLDS), (0.5, Verdict.VIOLATED), (1.6, Verdict.VIOLATED)])
def test_growth_must_be_proportional(vignettes_table: Table, power: float, verdict: Verdict) -> None:
    """Assert that powers of N and of the width other than one violate the claims, wherever the wide layer is."""
    made = changed(vignettes_table, lambda row: row.x**power * (1.0 + 1e-4 * (row.x % 5.0)))
    found = said(EIGEN, small(), made, "is proportional")
    assert len(found) == 2 * len(PLACES) + len(curves(small()))
    decided = [claim.verdict for claim in found if "larger half" not in claim.statement]
    assert set(decided) == {verdict}


def test_singular_kernels_leave_slopes_undecided(vignettes_table: Table) -> None:
    """Assert that an eigenvalue of zero, which has no logarithm, decides nothing about a slope."""
    made = changed(vignettes_table, lambda row: 0.0 if row.quantity == ROWS else row.value)
    assert verdicts(EIGEN, small(), made, "in N with a layer") == {Verdict.UNDECIDED}


@pytest.mark.parametrize(
    ("quantity", "value", "words"),
    [
        ("lower bound", 1e9, "lmin(K) >= sum_l"),
        ("upper bound", -1.0, "lmin(K) <= min_i K_ii"),
        (f"{ROWS}, over its order", 1.1, "lmin(K) <= 2^(1-L)"),
        ("He against LeCun", 1e-3, "times the kernel of LeCun's"),
        (BELOW, 0.5, "sees some datum"),
        (BELOW, 0.0, "is seen by some unit"),
    ],
)
def test_planted_numbers_violate(vignettes_table: Table, quantity: str, value: float, words: str) -> None:
    """Assert that claims hold on what was measured, and are violated by numbers beyond their bound."""
    assert verdicts(EIGEN, small(), vignettes_table, words) == {Verdict.HOLDS}
    wrong = changed(vignettes_table, lambda row: value if row.quantity == quantity else row.value)
    assert verdicts(EIGEN, small(), wrong, words) == {Verdict.VIOLATED}


def test_networks_without_a_wide_layer_must_fall(vignettes_table: Table) -> None:
    """Assert that an eigenvalue that rises with N violates what is said of narrow networks."""
    rises = changed(vignettes_table, lambda row: row.x * (1.0 + 1e-3 * (row.x % 3.0)))
    assert verdicts(EIGEN, small(), rises, "falls with N") <= {Verdict.VIOLATED, Verdict.UNDECIDED}
    falls = changed(vignettes_table, lambda row: 1.0 / row.x if row.quantity == NARROW else row.value)
    assert verdicts(EIGEN, small(), falls, "falls with N") == {Verdict.HOLDS}


def test_both_figures_are_drawn(vignettes_table: Table) -> None:
    """Assert that there are two panels in each, with the infinite width beside."""
    panels = EIGEN.panels(small(), vignettes_table)
    assert [panel.file for panel in panels] == ["eigenvalues.png"] * 2 + ["widths.png"] * 2
    assert sum(line.kind == "dashed" for line in panels[0].lines) == len(small().eigen_dims) + 1
