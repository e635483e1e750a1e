"""Deeper networks at small sizes."""

from limits.theorems import Verdict
from runs.studies.feature_learning.experiments.depth import LAYERS, label
from tests.runs.studies.feature_learning.small import Smoked


def test_frozen_layers_make_more_data_than_inputs_independent(smoked: Smoked) -> None:
    """Assert that the smallest eigenvalue is zero for the shallow network alone, and falls with depth."""
    _, config, table = smoked.measured("E1.4")
    assert config.deep_rows > 10
    least = [table.at("E1.4", "least", label(layers)).mean[0] for layers in LAYERS]
    assert least[0] == 0.0 and least[1] > least[2] > least[3] > 0.0


def test_gram_matrices_concentrate(smoked: Smoked) -> None:
    """Assert that the slope in D is that of the square root, that the exact value agrees, and that others fail."""
    for layers in LAYERS[1:]:
        words = f"{label(layers)}: |G - Gbar| falls"
        assert smoked.claimed("E1.4", words).verdict is Verdict.HOLDS
    experiment, config, table = smoked.measured("E1.4")
    assert smoked.claimed("E1.4", "E |G - Gbar|_F^2").verdict is Verdict.HOLDS
    assert smoked.claimed("E1.4", "E |G - Gbar|_F^2", **{"deviation|L = 3": 1.0}).proven
    curve = table.at("E1.4", "deviation", "L = 3")
    exact = table.at("E1.4", "deviation", "L = 3", predicted=True)
    assert exact.x.tolist() == curve.x.tolist() == [float(width) for width in config.gram_widths]
    assert len(experiment.panels(config, table)) == 3


def test_claims_can_fail(smoked: Smoked) -> None:
    """Assert that bent lines, slow runs, singular matrices and another order are found out."""
    smoked.assert_can_fail("E1.4", "L = 3, n > d: log R is linear", linearity=0.9)
    smoked.assert_can_fail("E1.4", "L = 3, n > d: log(R_t", excess=-1.0)
    smoked.assert_can_fail("E1.4", "L = 3, n > d: eig_min(G) > 0", least=-1.0)
    smoked.assert_can_fail("E1.4", "the rate falls with depth", **{"rate|L = 5": 100.0})
    assert smoked.claimed("E1.4", "L = 3, n > d: log(R_t").verdict is Verdict.HOLDS
