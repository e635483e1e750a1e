"""Figure 2: the feature that depends on the norm."""

from limits.theorems import Verdict
from runs.studies.early_time.experiments.norms import MODELS, Norms
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


def test_the_feature_is_needed(early_table: Table) -> None:
    """Assert that already at smoke scale the model with it is better than the one without."""
    model, naive = (early_table.at("E2.2", "test loss", name) for name in MODELS[1:])
    assert model.last[0] < 0.5 * naive.last[0]
    (panel,) = Norms().panels(small(), early_table)
    assert len(panel.lines) == 3


def test_a_naive_model_that_is_as_good_violates(early_table: Table) -> None:
    """Assert that losses without the feature must be ten times the model's and five times the network's."""
    config = small()
    for factor, verdict in ((20.0, Verdict.HOLDS), (3.0, Verdict.VIOLATED)):
        made = changed(early_table, lambda row: factor if row.curve == "naive model" else 1.0)  # noqa: B023
        assert verdicts(Norms(), config, made, "without the feature") == {verdict}
