"""Distances of kernels from their surrogates."""

import pytest

from limits import Slope
from limits.theorems import Verdict
from runs.studies.early_time.experiments.kernels import KERNELS, Kernels, unscaled
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


@pytest.mark.parametrize(("power", "verdict"), [(-0.3, Verdict.HOLDS), (0.3, Verdict.VIOLATED)])
def test_spectral_norms_must_fall_faster_than_the_kernel(early_table: Table, power: float, verdict: Verdict) -> None:
    """Assert that norms times d/n that fall or rise are told apart, for every kernel."""
    made = changed(early_table, lambda row: (1.0 + 1e-4 * (row.x % 3.0)) * row.x**power)
    assert verdicts(Kernels(), small(), made, "|K - psi psi^T| <=") == {verdict}
    assert verdicts(Kernels(), small(), made, "Frobenius") == {verdict if power > 0.0 else Verdict.VIOLATED} - {
        Verdict.VIOLATED
    } | ({Verdict.HOLDS} if power > 0.0 else {Verdict.VIOLATED})


def test_every_kernel_is_drawn(early_table: Table) -> None:
    """Assert that two activations and three choices of layers are in both panels, each at every d."""
    panels = Kernels().panels(small(), early_table)
    assert [len(panel.lines) for panel in panels] == [len(KERNELS), len(KERNELS)] == [6, 6]
    assert early_table.at("E2.4", "spectral", "ReLU, both layers").values.shape == (3, 1)


def test_slopes_are_those_of_norms() -> None:
    """Assert that the factor d of the table is taken off."""
    assert unscaled(Slope(-0.2, -0.3, -0.1)) == Slope(-1.2, -1.3, -1.1)
