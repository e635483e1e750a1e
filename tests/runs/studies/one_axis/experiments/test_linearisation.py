"""Figure 4: what the claims on linearisations find out, and that the losses are those of the models."""

import pytest
import torch

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.linearisation import FORMS, WIDTH, Linearisation, synthetic
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.one_axis.small import small

CONFIG = small(linear_widths=(100, WIDTH))
#: Final losses as in SEEDS, gaps that fall as they should, and losses on images after 0, 1, ... 10 epochs.
FINALS = {"network": 0.0063, "code": 0.0062, "strict": 0.0111}


def table(power: float = -1.5, opens: float = 1.0) -> Table:
    """Numbers of two seeds that hardly differ."""
    rows = []
    for seed in range(2):
        for place, form in enumerate(FORMS):
            for m in CONFIG.linear_widths:
                rows.append(Row("E4.3", "final loss", form, seed, float(m), FINALS[form] * (1.0 + 1e-4 * seed)))
                gap = (1.0 + 1e-3 * seed) * 10.0 ** (-3 * place) * (m / 100.0) ** power
                if place:
                    rows.append(Row("E4.3", "largest gap", form, seed, float(m), gap))
            for epoch in range(11):
                loss = 0.1 + 0.01 * opens * place * epoch
                rows += [Row("E4.3", f"{part} loss on images", form, seed, epoch, loss) for part in ("train", "test")]
    return Table(tuple(rows))


def test_coinciding_curves_are_told_from_others() -> None:
    """Assert that a gap below 1e-3 at m = 1000 holds, and that one above is found out."""
    far = changed(table(), lambda row: 100.0 * row.value if row.quantity == "largest gap" else row.value)
    assert verdicts(Linearisation(), CONFIG, table(), "within 0.001 of the network's") == {Verdict.HOLDS}
    assert verdicts(Linearisation(), CONFIG, far, "within 0.001 of the network's") == {Verdict.VIOLATED}


@pytest.mark.parametrize(("power", "verdict"), [(-1.5, Verdict.HOLDS), (0.5, Verdict.VIOLATED)])
def test_gaps_must_fall(power: float, verdict: Verdict) -> None:
    """Assert that m^(-3/2) is taken, and that a gap that grows violates both claims."""
    assert verdicts(Linearisation(), CONFIG, table(power), "falls with m") == {verdict}
    assert verdicts(Linearisation(), CONFIG, table(power), "m^(-3/2)") == {verdict}


def test_losses_of_the_rerun_are_compared() -> None:
    """Assert that other final losses are found out, and so is a strict form that ends below the code's."""
    half = changed(table(), lambda row: 0.5 * row.value if row.quantity == "final loss" else row.value)
    assert verdicts(Linearisation(), CONFIG, table(), "final train loss") == {Verdict.HOLDS}
    assert verdicts(Linearisation(), CONFIG, half, "final train loss") == {Verdict.VIOLATED}
    below = changed(table(), lambda row: 0.001 if row.curve == "strict" else row.value)
    assert verdicts(Linearisation(), CONFIG, table(), "ends above the code's") == {Verdict.HOLDS}
    assert verdicts(Linearisation(), CONFIG, below, "ends above the code's") == {Verdict.VIOLATED}


def test_a_gap_on_images_must_open() -> None:
    """Assert that a network that ends behind its linearisation, and a gap that closes, are found out."""
    for words in ("ends below that of the code's", "larger in the end than after"):
        assert verdicts(Linearisation(), CONFIG, table(), words) == {Verdict.HOLDS}
    assert verdicts(Linearisation(), CONFIG, table(opens=-0.1), "ends below that of the code's") == {Verdict.VIOLATED}
    closes = changed(table(), lambda row: 0.1 if row.x == 10.0 else row.value)
    assert verdicts(Linearisation(), CONFIG, closes, "larger in the end than after") == {Verdict.VIOLATED}


def test_synthetic_data_are_those_of_sklearn() -> None:
    """Assert that classes are balanced signs, that training and test share no row, and that few rows are the first."""
    train, test = synthetic(500)
    assert train.inputs.shape == test.inputs.shape == (500, 100)
    assert set(train.targets.unique().tolist()) == {-1.0, 1.0} and abs(float(train.targets.mean())) < 0.1
    assert float(torch.cdist(train.inputs, test.inputs).min()) > 1.0
    assert torch.equal(synthetic(10)[0].inputs, train.inputs[:10])
    few = train.inputs.double()
    assert int((torch.linalg.svdvals(few) < 1e-4).sum()) == 20  # ten inputs are repeated, ten combinations of others


def test_measured_losses_fall(axis_table: Table) -> None:
    """Assert that all forms begin at one loss and learn at smoke scale, and that panels show them."""
    config = small()
    wide = config.linear_widths[-1]
    curves = [axis_table.at("E4.3", "train loss", f"{form}, m = {wide}") for form in FORMS]
    assert len({round(float(curve.values[0, 0]), 5) for curve in curves}) == 1
    assert all(curve.last[0] < curve.values[0, 0] for curve in curves) and curves[0].x[-1] == config.linear_steps
    assert all(axis_table.at("E4.3", "test loss on images", form).x[-1] == config.linear_epochs for form in FORMS)
    panels = Linearisation().panels(config, axis_table)
    assert [len(panel.lines) for panel in panels] == [6, 6, 2, 3, 3]
