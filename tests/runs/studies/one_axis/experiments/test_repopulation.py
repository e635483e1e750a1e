"""Repopulated features in the study: laws, tangents, and the claims of a table that is known."""

import math
from pathlib import Path

import torch

from flows import Adam
from limits.theorems import Verdict
from particles import jacobian_product
from runs.studies.one_axis.experiments.repopulation import (
    CODED,
    DENSITY,
    LAWS,
    PICTURES,
    RANDOM,
    SLIP,
    SMALL,
    TANGENT,
    Repopulation,
    Squares,
    laws_of,
)
from runs.studies.one_axis.reuse import Reuse
from runs.study.table import Row, Table
from tests.runs.studies.claimed import verdicts
from tests.runs.studies.one_axis.small import small
from tests.tolerances import SINGLE

E46 = Repopulation()
CONFIG = small()
REUSE = Reuse.of(CONFIG, CONFIG.regrown_pool)


def known(random: float, coded: float, small_one: float = 0.9) -> Table:
    """A table with these accuracies."""
    values = {RANDOM: random, CODED: coded, DENSITY: coded, SMALL: small_one, SLIP: small_one}
    rows = [
        Row("E4.6", "frozen", law, draw, 20, value + 1e-5 * draw) for law, value in values.items() for draw in (0, 1)
    ]
    rows += [Row("E4.6", "tangent", law, 0, 20, value, 1e-4) for law, value in values.items()]
    return Table(tuple(rows))


def test_claims_are_those_of_row_4h() -> None:
    """Assert that learned features more than 1.5 points ahead hold, and random ones as good are a violation."""
    assert verdicts(E46, CONFIG, known(0.9468, 0.9762), "by more than 1.5 points") == {Verdict.HOLDS}
    assert verdicts(E46, CONFIG, known(0.9468, 0.9762), "features have 0.9") >= {Verdict.HOLDS}
    assert verdicts(E46, CONFIG, known(0.95, 0.955, 0.95), "by more than 1.5 points") == {Verdict.VIOLATED}
    assert verdicts(E46, CONFIG, known(0.80, 0.85), "features have 0.9") == {Verdict.VIOLATED}


def test_laws_have_the_spread_that_they_should() -> None:
    """Assert that random theta are those of whole images, small ones torch's, and particles those of the networks."""
    nets = REUSE.descended(REUSE.risk(), [REUSE.start(10, seed) for seed in range(2)], Adam(1e-3), 3, seed=0)
    laws = laws_of(nets, REUSE, CONFIG)
    clouds = {law: E46._cloud(REUSE, own, 400, 0).positions[:, : REUSE.inputs] for law, own in laws.items()}
    assert set(clouds) == set(LAWS)
    assert abs(float(clouds[RANDOM].std()) / CONFIG.regrown_pool - 1.0) < 0.05
    assert abs(float(clouds[SMALL].std()) * math.sqrt(3.0 * REUSE.inputs) - 1.0) < 0.05
    given = torch.cat([net.positions[:, : REUSE.inputs] for net in nets])
    assert bool((clouds["particles"][:, None] == given).all(dim=2).any(dim=1).all())


def test_tangents_are_those_of_the_formula() -> None:
    """Assert that f = sum_j u_j h'(theta_j . x) v_j . x with f(0) = 0, and the slip has the pre-activation for h'."""
    cloud = REUSE.start(5, 0)
    theta, u = cloud.positions[:, : REUSE.inputs], cloud.positions[:, REUSE.inputs :]
    v = torch.sin(torch.arange(theta.numel(), dtype=torch.float32)).reshape(theta.shape)
    z = REUSE.train.inputs @ theta.T
    for law, slope in ((RANDOM, 1.0 - torch.tanh(z).square()), (SLIP, z)):
        flow = E46._linearised(REUSE, law, cloud, 1e-3)
        assert float(flow.predictions(flow.anchor).abs().max()) < SINGLE
        moved = torch.cat([v, -v])
        velocities = torch.cat([moved, torch.zeros(10, 10)], dim=1)
        expected = (slope * (REUSE.train.inputs @ v.T)) @ (math.sqrt(3.0) * u)
        found = jacobian_product(flow.risk, flow.anchor, velocities)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=10.0 * SINGLE)
    assert float(Squares().derivative(torch.tensor(3.0))) == 3.0 and float(Squares().value(torch.tensor(3.0))) == 4.5


def test_smoke_scale_has_every_law_and_its_pictures(axis_table: Table, axis_folder: Path) -> None:
    """Assert that accuracies are those of all laws, along training and in tangent space, and images are drawn."""
    for law in LAWS:
        assert axis_table.at("E4.6", "frozen", law).values.shape == (1, CONFIG.regrown_draws)
        assert axis_table.at("E4.6", "frozen along", law).x[-1] == CONFIG.regrown_steps
    for law in (*TANGENT, SLIP):
        assert 0.0 <= float(axis_table.at("E4.6", "tangent", law).mean[0]) <= 1.0
    assert (axis_folder / PICTURES).stat().st_size > 1000
