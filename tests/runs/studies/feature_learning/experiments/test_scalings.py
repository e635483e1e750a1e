"""The three scalings at small sizes."""

from dataclasses import replace

import pytest

from limits.theorems import Verdict
from runs.studies.feature_learning.experiments.scalings import sweeps
from runs.study.table import Row, Table
from tests.runs.studies.feature_learning.small import Smoked

#: Test errors of ours, NTK and MF by n, and by m.
ERRORS = {"ours": 0.02, "ntk": 0.3, "mf": 0.05}


def made(errors: dict[str, float], movements: dict[str, float]) -> list[Row]:
    """Rows at laptop sizes, eight draws that differ a little, movements that go as so many powers of m."""
    rows = []
    for seed in range(8):
        less = 1.0 + 0.01 * seed
        for name, error in errors.items():
            for m in (128, 256, 512):
                movement = m ** movements[name] * less
                rows += [Row("E1.3", f"{q} m", name, seed, float(m), v) for q, v in _quantities(error * less, movement)]
            for place, n in enumerate((50, 100, 200)):
                found = _quantities(error * less / (1 + place) ** (1 if name == "ntk" else 2), 1.0)
                rows += [Row("E1.3", f"{q} n", name, seed, float(n), v) for q, v in found]
    return rows


def _quantities(error: float, movement: float) -> tuple[tuple[str, float], ...]:
    return ("train", 1e-4), ("test", error), ("movement", movement), ("size", 1.0 / movement), ("looseness", 1.2)


def verdicts(smoked: Smoked, errors: dict[str, float], movements: dict[str, float]) -> dict[str, Verdict]:
    """Verdicts of the claims at laptop sizes by their words."""
    experiment, config, _ = smoked.measured("E1.3")
    config = config.model_copy(update={"widths": (128, 256, 512), "rows": (50, 100, 200), "rows_count": 256})
    found = experiment.claims(config, Table(tuple(made(errors, movements))))
    return {claim.statement: claim.verdict for claim in found}


def test_claims_hold_where_the_numbers_are_those_of_the_paper_and_turn_with_them(smoked: Smoked) -> None:
    """Assert that everything holds for a made table of the paper's order, and that the opposite is violated."""
    right = verdicts(smoked, ERRORS, {"ours": 0.0, "ntk": -0.5, "mf": 0.5})
    assert set(right.values()) == {Verdict.HOLDS} and len(right) > 20
    wrong = verdicts(smoked, {"ours": 0.3, "ntk": 0.02, "mf": 0.05}, {"ours": -0.5, "ntk": 0.0, "mf": 0.0})
    turned = [words for words, verdict in wrong.items() if verdict is Verdict.VIOLATED]
    for words in ("NTK: features move", "ours: the movement", "of ours is smaller than that of NTK", "below 0.7"):
        assert any(words in one for one in turned), words


def test_ties_are_undecided(smoked: Smoked) -> None:
    """Assert that errors that differ by less than their spread decide nothing."""
    experiment, config, _ = smoked.measured("E1.3")
    config = config.model_copy(update={"widths": (128, 256, 512), "rows": (50, 100, 200), "rows_count": 256})
    same = {"ours": 0.05, "ntk": 0.3, "mf": 0.05}
    rows = [
        replace(row, value=row.value * (1.05 if row.seed in (0, 3, 5, 6) else 0.95))
        if row.curve == "ours" and row.quantity.startswith("test")
        else row
        for row in made(same, {"ours": 0.0, "ntk": -0.5, "mf": 0.5})
    ]
    found = experiment.claims(config, Table(tuple(rows)))
    tied = [one for one in found if "m = 256" in one.statement and "that of MF" in one.statement]
    assert [one.verdict for one in tied] == [Verdict.UNDECIDED] and tied[0].error > 0.0


def test_smoke_rows_are_those_of_the_sweeps(smoked: Smoked) -> None:
    """Assert that every sweep has its values, that NTK moves least, and that the lower bound holds."""
    experiment, config, table = smoked.measured("E1.3")
    for sweep in sweeps(config):
        assert table.at("E1.3", f"test {sweep.name}", "mf").x.tolist() == [float(value) for value in sweep.values]
    moved = {name: table.at("E1.3", "movement m", name).mean for name in ERRORS}
    assert bool((moved["ntk"] < moved["ours"]).all() and (moved["ours"] < moved["mf"]).all())
    assert smoked.claimed("E1.3", "ours: features move at least").verdict is Verdict.HOLDS
    assert smoked.claimed("E1.3", "ours: features move at least", **{"looseness m": 0.5}).verdict is Verdict.VIOLATED
    assert smoked.claimed("E1.3", "ours: less than a tenth", train=1.0).verdict is Verdict.VIOLATED
    curve = table.at("E1.3", f"train m = {config.widths[0]}", "ours")
    assert curve.x[0] == 0.0 and curve.x[-1] == pytest.approx(config.until, rel=0.05)
    assert len(experiment.panels(config, table)) == 6
