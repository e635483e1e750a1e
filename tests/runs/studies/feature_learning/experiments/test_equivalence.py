"""Parameterisations at small sizes."""

from limits.theorems import Verdict
from runs.studies.feature_learning.experiments.equivalence import EQUAL, OTHERS
from tests.runs.studies.feature_learning.small import Smoked


def test_trajectories_are_one(smoked: Smoked) -> None:
    """Assert that no gap is above rounding while outputs move, in every parameterisation."""
    _, _, table = smoked.measured("E1.5")
    for curve in OTHERS:
        assert float(table.at("E1.5", "gap", curve).values.max()) < 1e-13
        assert float(table.at("E1.5", "moved", curve).values.min()) > 0.05


def test_a_gap_is_a_violation_of_something_proven(smoked: Smoked) -> None:
    """Assert that a gap of 1e-9 would be."""
    words = "particles in maximal-update parameterisation"
    assert smoked.claimed("E1.5", words).verdict is Verdict.HOLDS and smoked.claimed("E1.5", words).proven
    grown = 10.0 * EQUAL / float(smoked.measured("E1.5")[2].at("E1.5", "gap", "muP").values.max())
    assert smoked.claimed("E1.5", words, **{"gap|muP": grown}).verdict is Verdict.VIOLATED
