"""What answers to papers share."""

from limits.theorems import Verdict
from runs.studies.infinite_width.estimated import LIMIT, MEAN
from runs.studies.infinite_width.experiments.features import MOVEMENT, NETWORK, Features
from runs.studies.infinite_width.experiments.stationary import Stationary
from runs.studies.infinite_width.study import STUDY
from runs.study.table import Table
from tests.runs.studies.infinite_width.small import estimates, scaled


def test_answers_are_estimated_and_drawn(wide_table: Table) -> None:
    """Assert that each curve that is drawn has a limit with an error and means at three widths or more."""
    for answer in STUDY.experiments[3:]:
        for name in answer.drawn:  # type: ignore[attr-defined]
            limit, means = (wide_table.at(answer.name, quantity, name) for quantity in (LIMIT, MEAN))
            assert limit.values.size == 1 and limit.errors.item() > 0.0 and len(means.x) >= 3
        assert all(panel.file == "answers.png" for panel in answer.panels(scaled(), wide_table))


def test_known_answers_are_beside(wide_table: Table) -> None:
    """Assert that what is known of rectifiers at rest is predicted."""
    known = {row.curve: row.value for row in Stationary().predicted(scaled())}
    assert set(known) == {name for name in Stationary().words if ":" in name}
    for name, value in known.items():
        assert wide_table.at("stationary", LIMIT, name, predicted=True).values.item() == value


def test_nothing_is_said_of_what_did_not_converge() -> None:
    """Assert that claims say so where the estimate does, and speak where it converged."""
    found = {f"{NETWORK}: {MOVEMENT}": (1.6, 0.01)}
    for converged, verdict in ((True, Verdict.HOLDS), (False, Verdict.ASSUMPTION_FAILS)):
        table = estimates("features", found, converged)
        assert [claim.verdict for claim in Features().claims(scaled(), table)] == [verdict]
