"""The risk along training at infinite width."""

from limits.theorems import Verdict
from runs.studies.infinite_width.experiments.axis import CURVES, Axis
from runs.studies.infinite_width.problems.axis import TIMES
from runs.study.panels import Panel
from runs.study.table import Table
from tests.runs.studies.infinite_width.small import estimates, scaled


def test_risk_must_fall() -> None:
    """Assert that a risk that rises once violates the claim."""
    falling = {name: (1.0 / (1 + place), 0.01) for place, name in enumerate(CURVES)}
    rising = falling | {CURVES[2]: (1.0, 0.01)}
    for found, verdict in ((falling, Verdict.HOLDS), (rising, Verdict.VIOLATED)):
        assert [claim.verdict for claim in Axis().claims(scaled(), estimates("axis", found))] == [verdict]


def test_risk_is_drawn_along_training(wide_table: Table) -> None:
    """Assert that the second panel has every time, for narrow clouds and for the limit."""
    _, along = Axis().panels(scaled(), wide_table)
    assert isinstance(along, Panel) and all(line.x.tolist() == list(TIMES) for line in along.lines)
    assert Axis().panels(scaled(), Table())[1:] == []
