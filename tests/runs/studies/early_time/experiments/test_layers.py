"""Figure 1: agreement early, and who is better in the end."""

from limits.theorems import Verdict
from runs.studies.early_time.experiments.layers import Layers, first_seed
from runs.studies.early_time.problem import LAYERS
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


def test_losses_fall_and_the_best_is_the_models_limit(early_table: Table) -> None:
    """Assert that losses of both fall from the same number, and that no model is below the best linear fit."""
    for layer in LAYERS.values():
        network, model, best = (
            early_table.at("E2.1", "train loss", f"{layer}, {who}") for who in ("network", "model", "best")
        )
        assert (network.mean[-1] < 0.9 * network.mean[0]) and (model.values >= best.values).all()
        assert abs(network.mean[0] / model.mean[0] - 1.0) < 0.1


def test_a_network_that_departs_or_stays_behind_violates(early_table: Table) -> None:
    """Assert that a gap of one, and a network above the best linear fit, are found out for all layers."""
    config = small()
    near = changed(early_table, lambda row: 0.01 if row.quantity.startswith("gap") else row.value)
    apart = changed(early_table, lambda row: 1.0 if row.quantity.startswith("gap") else row.value)
    assert verdicts(Layers(), config, near, "relative mean square difference") == {Verdict.HOLDS}
    assert verdicts(Layers(), config, apart, "relative mean square difference") == {Verdict.VIOLATED}
    for factor, verdict in ((0.5, Verdict.HOLDS), (2.0, Verdict.VIOLATED)):
        best = {r.seed: r.value for r in early_table if r.curve == "both layers, best"}
        moved = changed(early_table, lambda r: factor * best[r.seed] if r.curve.endswith("network") else r.value)  # noqa: B023
        assert verdicts(Layers(), config, moved, "falls below the best one") == {verdict}


def test_every_layer_is_drawn(early_table: Table) -> None:
    """Assert that there are losses and outputs of three choices of layers, outputs of one seed, and gaps."""
    panels = Layers().panels(small(), early_table)
    assert len(panels) == 7 and len(panels[0].lines) == 3 and len(panels[3].lines) == 6
    curve = early_table.at("E2.1", "output 1", "both layers, network")
    assert curve.values.shape[1] == 2 and first_seed(curve).values.shape[1] == 1
