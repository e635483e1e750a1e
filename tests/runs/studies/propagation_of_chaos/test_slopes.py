"""Slopes as rows."""

from limits.chaos import Slope
from runs.studies.propagation_of_chaos.slopes import slope_at, slope_rows
from runs.study.table import Table


def test_slopes_survive_the_table() -> None:
    """Assert that value and ends come back for the right flow and time, and the error is a quarter of the width."""
    early, late = Slope(-0.5, -0.7, -0.3), Slope(-0.25, -0.5, 0.25)
    rows = [*slope_rows("E", "W2", "ntk", 1.0, early), *slope_rows("E", "W2", "ntk", 5.0, late)]
    table = Table((*rows, *slope_rows("E", "W2", "gradient", 1.0, late)))
    assert slope_at(table, "E", "W2", "ntk", 1.0) == early and slope_at(table, "E", "W2", "ntk", 5.0) == late
    assert abs(rows[0].error - 0.1) < 1e-12
