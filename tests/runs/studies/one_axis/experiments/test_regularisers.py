"""L2 on the weights: claims of planted rows, and what is measured of a cloud."""

import math

import pytest
import torch

from limits.theorems import Verdict
from particles import MeanField, ParticleCloud, ReLU
from runs.studies.one_axis.experiments.regularisers import (
    CIRCLE,
    FREE,
    KINDS,
    NORMALISED,
    SPARSE,
    Regularisers,
    _angles,
    circle,
    degrees,
    on_circle,
    shares,
    taught,
)
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, said, verdicts
from tests.runs.studies.one_axis.small import small

REGULARISERS = Regularisers()
#: What is measured where all statements hold: variation of |u|, variance over its least, and of both layers.
GOOD = {"variation": (0.02, 0.5), "variance": (1.01, 1.5)}
LAST = {"above": 1e-3, "unbalanced": 1e-4, "angles": 6.0}


def table() -> Table:
    """Rows of which every statement holds."""
    rows = []
    for seed in range(3):
        for quantity, (ridged, free) in GOOD.items():
            for kind, has in KINDS.items():
                rows.append(Row("E4.8", quantity, kind, seed, 1.0, (ridged if has else free) * (1.0 + 0.001 * seed)))
        rows += [Row("E4.8", name, SPARSE, seed, 1.0, value * (1.0 + 0.001 * seed)) for name, value in LAST.items()]
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("words", "quantity", "value"),
    [
        ("|u| is nearly constant", "variation", 0.3),
        ("within 10% of its least", "variance", 1.3),
        ("|u| varies less than without", "variation", 0.6),
        ("nearer to its least than without", "variance", 1.6),
        ("least L1 norm over features", "above", 0.05),
        ("trained weights are balanced", "unbalanced", 0.05),
        ("no more directions than data", "angles", CIRCLE + 2.0),
    ],
)
def test_claims_hold_and_can_fail(words: str, quantity: str, value: float) -> None:
    """Assert that each statement holds of rows that have it and does not of others."""
    config = small()
    assert verdicts(REGULARISERS, config, table(), words) == {Verdict.HOLDS}

    def other(row: Row) -> float:
        return value + 0.001 * (row.seed or 0) if row.quantity == quantity and row.curve != FREE else row.value

    assert verdicts(REGULARISERS, config, changed(table(), other), words) == {Verdict.VIOLATED}


def test_smoke_rows_are_judged_and_drawn(axis_table: Table) -> None:
    """Assert that the smoke scale has all of them, and three panels with lines."""
    own = axis_table.of("E4.8")
    assert len(said(REGULARISERS, small(), own, "")) == 9
    assert all(line.values.size for panel in REGULARISERS.panels(small(), own) for line in panel.lines)


def test_networks_are_what_they_are_called() -> None:
    """Assert that kinds have their L2, and that all see the data of their seed."""
    assert taught(NORMALISED, 0).strength != 0.0 and taught(FREE, 0).regulariser is None
    inputs = {kind: taught(kind, 1).data.inputs for kind in KINDS}
    assert all(torch.equal(x, inputs[FREE]) for x in inputs.values())
    risk = on_circle(2)
    assert isinstance(risk.scaling, MeanField) and risk.neuron.activation == ReLU()
    torch.testing.assert_close(risk.data.inputs.norm(dim=1), torch.ones(CIRCLE, dtype=torch.float64))


def test_directions_are_counted_over_the_seam() -> None:
    """Assert that particles on both sides of zero degrees are one group, and those without norm are none."""
    angles = torch.tensor([359.0, 1.0, 90.0, 91.0, 180.0, 270.0], dtype=torch.float64)
    outputs = torch.tensor([1.0, 1.0, -1.0, 1.0, 1e-9, 0.5], dtype=torch.float64)
    cloud = ParticleCloud(torch.cat([circle(angles), outputs[:, None]], dim=1))
    torch.testing.assert_close(degrees(cloud), angles)
    assert float(shares(cloud).sum()) == pytest.approx(1.0) and _angles(cloud) == 3.0
    one = ParticleCloud(torch.cat([circle(angles[:2]), outputs[:2, None]], dim=1))
    assert _angles(one) == 1.0 and math.isclose(float(shares(one)[0]), 0.5)
