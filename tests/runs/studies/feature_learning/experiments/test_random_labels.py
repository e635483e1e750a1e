"""Random labels at small sizes."""

import numpy as np

from limits.theorems import Verdict
from tests.runs.studies.feature_learning.small import Smoked


def test_fewer_labels_are_fitted_faster(smoked: Smoked) -> None:
    """Assert that mean rates fall with n, that lines are straight, and that curves of the first draw begin at one."""
    _, config, table = smoked.measured("E1.1")
    rates = [table.at("E1.1", "rate", f"n = {rows}").mean[0] for rows in config.label_rows]
    assert rates == sorted(rates, reverse=True) and len(rates) == 3
    risk, bound = (table.at("E1.1", name, "n = 5") for name in ("risk", "bound"))
    assert risk.values[0] == bound.values[0] == 1.0 and bool((risk.values <= bound.values).all())
    assert bool((table.at("E1.1", "bound", "n = 40").values == 1.0).all()), "nothing is promised for n > d"
    assert bool(np.isfinite(table.at("E1.1", "active", "n = 40").values).all())


def test_claims_hold_and_can_fail(smoked: Smoked) -> None:
    """Assert that straight lines and promises hold, and that other numbers turn every kind of claim."""
    assert smoked.claimed("E1.1", "n = 5 <= d: log R is linear").verdict is Verdict.HOLDS
    assert smoked.claimed("E1.1", "n = 5 <= d: log(R_t").verdict is Verdict.HOLDS
    smoked.assert_can_fail("E1.1", "n = 5 <= d: log R is linear", linearity=0.9)
    smoked.assert_can_fail("E1.1", "n = 5 <= d: log(R_t", excess=-1.0)
    smoked.assert_can_fail("E1.1", "n = 40 > d", left=100.0)
    assert smoked.claimed("E1.1", "n = 40 > d", left=0.0).verdict is Verdict.HOLDS
    smoked.assert_can_fail("E1.1", "the rate falls", **{"rate|n = 5": 0.01})
    sure = {"rate|n = 40": 0.0, "rate|n = 10": 0.0}
    assert smoked.claimed("E1.1", "the rate falls", **sure).verdict is not Verdict.HOLDS


def test_panels_are_risk_fraction_and_rate(smoked: Smoked) -> None:
    """Assert that there are three in one figure, with bounds for n <= d alone."""
    experiment, config, table = smoked.measured("E1.1")
    panels = experiment.panels(config, table)
    assert {panel.file for panel in panels} == {"random_labels.png"}
    assert [len(panel.lines) for panel in panels] == [5, 3, 1]
