"""The quadratic embedding at small sizes."""

from limits.theorems import Verdict
from tests.runs.studies.feature_learning.small import Smoked


def test_the_embedding_of_the_teacher_has_the_smaller_error(smoked: Smoked) -> None:
    """Assert that its mean test error is smaller, and that errors are relative to the variance of the targets."""
    experiment, config, table = smoked.measured("E1.2")
    ratio = experiment.ratio(table)
    assert ratio.x.tolist() == [float(rows) for rows in config.taught_rows] and bool((ratio.mean < 1.0).all())
    assert 0.0 < table.at("E1.2", "test", "quadratic").mean[-1] < table.at("E1.2", "test", "plain").mean[-1] < 1.5


def test_claims_turn_with_the_numbers(smoked: Smoked) -> None:
    """Assert that ratios far below one hold and ratios above one are violated, for every claim."""
    for words in ("n = 30: the", "n = 90: the", "n = 90: its"):
        assert smoked.claimed("E1.2", words, **{"test|quadratic": 1e-3}).verdict is Verdict.HOLDS
        assert smoked.claimed("E1.2", words, **{"test|plain": 1e-3}).verdict in (Verdict.VIOLATED, Verdict.UNDECIDED)
    experiment, config, table = smoked.measured("E1.2")
    assert [len(panel.lines) for panel in experiment.panels(config, table)] == [2, 2]
