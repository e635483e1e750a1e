"""The feature movement at infinite width."""

from limits.theorems import Verdict
from runs.studies.infinite_width.experiments.features import MOVEMENT, NETWORK, Features
from tests.runs.studies.infinite_width.small import estimates, scaled


def test_movement_must_be_half_of_the_size() -> None:
    """Assert that a small movement violates the claim, and that one within its error decides nothing."""
    for value, verdict in ((0.1, Verdict.VIOLATED), (0.51, Verdict.UNDECIDED), (1.5, Verdict.HOLDS)):
        table = estimates("features", {f"{NETWORK}: {MOVEMENT}": (value, 0.02)})
        assert [claim.verdict for claim in Features().claims(scaled(), table)] == [verdict]
