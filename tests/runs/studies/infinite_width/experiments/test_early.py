"""The gap to the linear model at infinite width."""

from limits.theorems import Verdict
from runs.studies.infinite_width.experiments.early import GAP, Early
from runs.study.table import Table
from tests.runs.studies.infinite_width.small import estimates, known, scaled


def test_gap_must_be_the_kernel_flow_s_and_small() -> None:
    """Assert that another gap violates the first claim, and a large one the second."""
    exact = known("early", {GAP: 0.028})
    cases = {0.028: (Verdict.HOLDS, Verdict.HOLDS), 0.04: (Verdict.VIOLATED, Verdict.HOLDS)}
    cases[0.2] = (Verdict.VIOLATED, Verdict.VIOLATED)
    for value, verdicts in cases.items():
        table = Table.merged([estimates("early", {GAP: (value, 0.001)}), exact])
        assert tuple(claim.verdict for claim in Early().claims(scaled(), table)) == verdicts
