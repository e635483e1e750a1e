"""Mean Gram matrices against kernels."""

import numpy as np
import pytest

from limits.theorems import Verdict
from runs.studies.kernel_checks.experiments.entries import ENTRIES, Entries
from runs.studies.kernel_checks.problem import LAYERS
from runs.study.table import Row, Table
from tests.runs.studies.kernel_checks.small import measured, small
from tests.tolerances import Z


@pytest.mark.parametrize("trained", LAYERS)
def test_clouds_meet_the_kernel(trained: str) -> None:
    """Assert that every entry is within five standard errors of what a hundred clouds give."""
    found = measured(Entries(), small(means=100), f"ReLU-{trained}")
    seen = found.at("entry", "entry", f"ReLU, {trained}")
    exact = found.at("entry", "entry", f"ReLU, {trained}", predicted=True)
    assert seen.values.shape == exact.values.shape == (ENTRIES, 1)
    assert np.abs((seen.values - exact.values) / seen.errors).max() < Z


def test_a_kernel_that_is_off_violates_its_claim() -> None:
    """Assert that every activation and layer is claimed, and that an entry six errors away is seen."""
    config = small(means=100)
    cases = Entries().cases(config)
    found = measured(Entries(), config)
    claims = [*Entries().claims(config, found)]
    assert len(claims) == len(cases) == 15 and [claim.verdict for claim in claims].count(Verdict.HOLDS) > 12
    seen = found.at("entry", "entry", "ReLU, both")
    off = 6.0 * float(seen.errors[7, 0])

    def moved(row: Row) -> Row:
        there = row.seed is None and (row.curve, row.x) == ("ReLU, both", 7.0)
        return Row(row.experiment, row.quantity, row.curve, row.seed, row.x, row.value + off * there, row.error)

    wrong = {claim.statement: claim.verdict for claim in Entries().claims(config, Table(tuple(map(moved, found))))}
    assert wrong["ReLU, both: E K_m = K, the farthest of 36 entries"] is Verdict.VIOLATED
    assert [len(panel.lines) for panel in Entries().panels(config, found)] == [5, 5, 5]
