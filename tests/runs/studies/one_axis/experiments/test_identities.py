"""Identities at the smoke scale, and rows that break them."""

import torch

from limits.theorems import Verdict
from runs.studies.one_axis.checked import MODELS, STATEMENTS
from runs.studies.one_axis.experiments.identities import (
    ALPHAS,
    FIXED,
    GROWN,
    KERNELS,
    SAMPLED,
    VERDICTS,
    Identities,
    kernel_of,
)
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.one_axis.small import small

IDENTITIES = Identities()


def test_every_identity_holds_at_every_scale(axis_table: Table) -> None:
    """Assert that all theorems hold on every model, and that those of trained mean-field clouds are there."""
    claims = [claim for claim in IDENTITIES.claims(small(), axis_table.of("E4.0")) if claim.proven]
    assert {claim.verdict for claim in claims} == {Verdict.HOLDS}
    proven = sum(said.proven for said in STATEMENTS.values())
    assert len(claims) == len(MODELS) * (proven - 1) + 2


def test_a_verdict_is_what_was_found(axis_table: Table) -> None:
    """Assert that a violation that was stored is claimed as one."""
    worst = float(VERDICTS.index(Verdict.VIOLATED))
    broken = changed(axis_table, lambda row: worst if row.quantity == "ridge: verdict" else row.value)
    assert verdicts(IDENTITIES, small(), broken, "kernel ridge regression") == {Verdict.VIOLATED}


def table_of(power: float, lazy: float, sampled: float) -> Table:
    """Rows in m and alpha with these powers, and a little noise."""
    rows = []
    for seed in range(4):
        noise = 1.0 + 0.01 * seed
        for count in (25.0, 100.0, 400.0):
            rows += [Row("E4.0", "deviation", name, seed, count, noise * count**power) for name in KERNELS]
            rows.append(Row("E4.0", "sampled", SAMPLED, seed, count, noise * count**sampled))
        for alpha in ALPHAS:
            rows.append(Row("E4.0", "gap", FIXED, seed, alpha, noise * alpha**lazy))
            rows.append(Row("E4.0", "gap", GROWN, seed, alpha, noise * alpha ** (0.001 * seed)))
    return Table(tuple(rows))


def test_rates_are_told_from_others() -> None:
    """Assert that the powers that are stated hold and half of each is violated."""
    config = small()
    right, wrong = table_of(-0.5, -2.0, -1.0), table_of(-0.25, -1.0, -0.5)
    for words in ("m^(-1/2)", "falls as 1/m", "falls as 1/alpha^2"):
        assert verdicts(IDENTITIES, config, right, words) == {Verdict.HOLDS}
        assert verdicts(IDENTITIES, config, wrong, words) == {Verdict.VIOLATED}
    words = "the gap does not fall"
    assert verdicts(IDENTITIES, config, right, words) == {Verdict.HOLDS}
    falling = changed(right, lambda row: row.value / row.x if row.curve == GROWN else row.value)
    assert verdicts(IDENTITIES, config, falling, words) == {Verdict.VIOLATED}


def test_kernels_are_those_of_the_groups() -> None:
    """Assert that the kernel of both groups exceeds that of u by a positive part on the diagonal."""
    x = torch.eye(3, dtype=torch.float64)
    assert bool((kernel_of("both")(x).diagonal() > kernel_of("output")(x).diagonal()).all())


def test_panels_show_what_was_measured(axis_table: Table) -> None:
    """Assert that there are three panels, and lines in each."""
    panels = IDENTITIES.panels(small(), axis_table)
    assert len(panels) == 3 and all(line.values.size for panel in panels for line in panel.lines)
