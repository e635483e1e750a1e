"""The survey's axis at alpha = 1."""

from limits import Drawn
from runs.studies.infinite_width.problems.axis import TIMES, axis


def test_risk_is_seen_along_training() -> None:
    """Assert that there is a risk for every time, and that it falls from one to the next."""
    question = axis()
    assert question.names == tuple(f"risk at {time:g}" for time in TIMES)
    risks = question.measured([Drawn(question.draw(64, 0), 0)])[0]
    assert (risks.diff() < 0.0).all()
