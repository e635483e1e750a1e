"""The published pair of inputs."""

import pytest

from limits.theorems import Verdict
from runs.studies.kernel_checks.experiments import published
from runs.studies.kernel_checks.experiments.published import PUBLISHED, Published
from tests.runs.studies.kernel_checks.small import measured, small
from tests.tolerances import PUBLISHED as ALLOWED


def test_published_pair_is_met() -> None:
    """Assert that NNGP and NTK of the published inputs have the published values, and that another one is seen."""
    found = measured(Published(), small())
    for name, value in PUBLISHED.items():
        assert abs(float(found.at("published", "kernel", name).mean[0]) - value) < ALLOWED
    claims = [*Published().claims(small(), found)]
    assert len(claims) == 4 and all(claim.verdict is Verdict.HOLDS for claim in claims)


def test_a_digit_that_differs_violates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the seventh digit of a published number decides."""
    found = measured(Published(), small())
    monkeypatch.setitem(published.PUBLISHED, "NTK(x, x')", 0.2751119)
    verdicts = [claim.verdict for claim in Published().claims(small(), found)]
    assert verdicts == [*[Verdict.HOLDS] * 3, Verdict.VIOLATED]
