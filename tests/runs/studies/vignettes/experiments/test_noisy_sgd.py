"""Particles of noisy SGD beside their law."""

import pytest

from limits.theorems import Verdict
from runs.studies.vignettes.experiments.noisy_sgd import BATCHES, LAWS, NoisySGD
from runs.study.table import Row, Table
from tests.runs.studies.claimed import said
from tests.runs.studies.vignettes.small import small

NOISY, CONFIG = NoisySGD(), small()
CURVES = [f"{law}, {batch}" for law in LAWS for batch in BATCHES]


def test_every_run_has_its_means(vignettes_table: Table) -> None:
    """Assert that each law and kind of batch has five means with errors, and predictors."""
    for curve in CURVES:
        for quantity in ("f(-1)", "f(0)", "f(1)", "E a^2", "E (w^2 + b^2)"):
            found = vignettes_table.at("E3.5b", f"relative {quantity}", curve)
            assert found.errors.shape == (1, 1) and found.errors[0, 0] > 0.0
            assert abs(found.values[0, 0]) < 1.5
        assert len(vignettes_table.at("E3.5b", "f", curve).x) == 81


@pytest.mark.parametrize(("value", "verdict"), [(0.0, Verdict.HOLDS), (0.05, Verdict.VIOLATED)])
def test_claims_know_near_from_far(vignettes_table: Table, value: float, verdict: Verdict) -> None:
    """Assert that means off by 5 % violate the claims, and that exact ones hold, by their errors."""
    rows = [
        Row(
            r.experiment,
            r.quantity,
            r.curve,
            r.seed,
            r.x,
            value if r.quantity.startswith("relative") else r.value,
            0.001,
        )
        for r in vignettes_table
    ]
    claims = said(NOISY, CONFIG, Table(tuple(rows)), "within 3 %")
    assert len(claims) == 20
    assert {claim.verdict for claim in claims} == {verdict}


def test_virial_of_the_wrong_temperature_is_violated(vignettes_table: Table) -> None:
    """Assert that the identity is asked where frames are many, and that half the noise violates it."""
    rows = [Row("E3.5b", "virial / T", curve, 0, 100.0, 0.5, 0.01) for curve in CURVES]
    claims = said(NOISY, CONFIG, Table((*vignettes_table.rows, *rows)), "at rest")
    assert len(claims) == len(CURVES)
    assert {claim.verdict for claim in claims} == {Verdict.VIOLATED}


def test_figures(vignettes_table: Table) -> None:
    """Assert that there is a panel for each law."""
    panels = NOISY.panels(CONFIG, vignettes_table)
    assert len(panels) == len(LAWS)
    assert all(line.values.size for panel in panels for line in panel.lines)
