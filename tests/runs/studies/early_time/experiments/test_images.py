"""Figures 3 and 4: deep networks on images."""

from limits.theorems import Verdict
from runs.studies.early_time.experiments.images import AGREED, Images
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small

EARLY, LATE = "until step", "after step"


def table(along: tuple[float, float, float], across: tuple[float, float, float], gap: float = 0.01) -> Table:
    """Residuals at the first step, the thousandth and the last one, of a model that stays behind."""
    rows = []
    for network in ("dense", "convolutional"):
        for place, step in enumerate((1.0, float(AGREED), 5000.0)):
            for part, values in (("along", along), ("across", across)):
                rows.append(Row("E2.3", part, f"{network}, network", 0, step, values[place]))
                rows.append(Row("E2.3", part, f"{network}, model", 0, step, 1.0))
            for quantity in ("gap", "difference"):
                rows.append(Row("E2.3", quantity, f"{network}, network", 0, step, gap))
    return Table(tuple(rows))


def test_progress_is_linear_first() -> None:
    """Assert that progress in the span first and in the complement later agrees, and the other way is found out."""
    config, right = small(), table((1.0, 0.1, 0.05), (1.0, 0.95, 0.5))
    wrong = table((1.0, 0.95, 0.5), (1.0, 0.1, 0.05))
    for words in ("more progress in the span", "more progress in the complement"):
        assert verdicts(Images(), config, right, words) == {Verdict.HOLDS}
        assert verdicts(Images(), config, wrong, words) == {Verdict.VIOLATED}
    behind = table((1.0, 0.1, 0.05), (1.0, 0.99, 0.95))
    assert verdicts(Images(), config, right, "ahead of the model") == {Verdict.HOLDS}
    assert verdicts(Images(), config, behind, "ahead of the model") == {Verdict.VIOLATED}


def test_a_gap_violates() -> None:
    """Assert that a difference of a half is found out."""
    far = table((1.0, 0.1, 0.05), (1.0, 0.95, 0.5), gap=0.5)
    assert verdicts(Images(), small(), far, "mean square difference") == {Verdict.VIOLATED}


def test_measured_networks_follow_their_model(early_table: Table) -> None:
    """Assert that at smoke scale both networks learn in the span, and that panels show both."""
    for network in ("dense", "convolutional"):
        along = early_table.at("E2.3", "along", f"{network}, network")
        assert along.last[0] < along.values[0, 0] and along.x[0] == 1.0 and along.x[-1] == 24.0
    assert len(Images().panels(small(), changed(early_table, lambda row: row.value))) == 6
