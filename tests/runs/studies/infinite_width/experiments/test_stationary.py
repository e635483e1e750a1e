"""Noisy SGD at rest with infinitely many rectifiers."""

from limits.theorems import Verdict
from runs.studies.infinite_width.experiments.stationary import NETWORK, Stationary
from runs.study.table import Table
from tests.runs.studies.infinite_width.small import estimates, known, scaled


def test_both_numbers_must_be_the_law_s() -> None:
    """Assert that the claim is violated for the number that is off alone."""
    names = [f"{NETWORK}: risk", f"{NETWORK}: E a^2"]
    exact = known("stationary", dict(zip(names, (0.05, 0.9), strict=True)))
    for off, verdicts in ((0.05, [Verdict.HOLDS] * 2), (0.06, [Verdict.VIOLATED, Verdict.HOLDS])):
        found = dict(zip(names, ((off, 0.001), (0.9, 0.01)), strict=True))
        table = Table.merged([estimates("stationary", found), exact])
        assert [claim.verdict for claim in Stationary().claims(scaled(), table)] == verdicts
