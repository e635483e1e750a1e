"""Figure 1c: the gap against d, apart from what finite width adds."""

from dataclasses import replace

import pytest

from limits.theorems import Verdict
from runs.studies.early_time.experiments.dimensions import WIDE, Dimensions
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


def table(power: float, noise: float = -1.0) -> Table:
    """Gaps d^power of infinite width, and what m adds, m^noise, of two seeds that hardly differ."""
    config, rows = small(), []
    for seed in range(2):
        for dim in config.dims:
            for where in ("data", "test inputs"):
                value = (1.0 + 0.001 * seed) * dim**power
                rows.append(Row("E2.1c", f"gap at {where}", WIDE, seed, float(dim), value))
                for width in config.gap_widths:
                    added = (1.0 + 0.001 * seed) * float(width) ** noise
                    rows.append(Row("E2.1c", f"gap at {where}", f"m = {width}", seed, float(dim), value + added))
                    rows.append(Row("E2.1c", f"noise at {where}", f"m = {width}", seed, float(dim), added))
    return Table(tuple(rows))


@pytest.mark.parametrize(("power", "verdict"), [(-1.0, Verdict.HOLDS), (0.0, Verdict.VIOLATED)])
def test_the_gap_must_halve(power: float, verdict: Verdict) -> None:
    """Assert that 1/d is taken for halving, and that a gap that stays is found out."""
    assert verdicts(Dimensions(), small(), table(power), "halves with every doubling") == {verdict}


def test_finite_width_must_add_its_inverse() -> None:
    """Assert that what finite width adds has slope -1 in m, and that no slope is found out; that gaps fall with m."""
    config = small()
    assert verdicts(Dimensions(), config, table(-1.0), "falls as 1/m") == {Verdict.HOLDS}
    assert verdicts(Dimensions(), config, table(-1.0, 0.0), "falls as 1/m") == {Verdict.VIOLATED}
    assert verdicts(Dimensions(), config, table(-1.0), "falls with the width") == {Verdict.HOLDS}


def test_rising_gaps_violate_the_theorem() -> None:
    """Assert that where the sizes allow it the slope decides, at the data and in the mean over x."""
    config = small(dims=(20, 40, 80), gap_rows=90)
    rows = tuple(replace(row, x=5.0 * row.x) for row in table(-1.0))
    assert verdicts(Dimensions(), config, Table(rows), "infinite width, (1/n) sum_i") == {Verdict.HOLDS}
    up = changed(Table(rows), lambda row: 1.0 / row.value)
    assert verdicts(Dimensions(), config, up, "infinite width, E_x") == {Verdict.VIOLATED}


def test_measured_gaps_have_every_width(early_table: Table) -> None:
    """Assert that gaps of finite width exceed those of infinite width at smoke scale, and that panels show all."""
    config = small()
    wide, finite = (early_table.at("E2.1c", "gap at data", name) for name in (WIDE, "m = 16"))
    assert wide.values.shape == (3, 2) and (finite.mean > wide.mean).all()
    assert [len(panel.lines) for panel in Dimensions().panels(config, early_table)] == [3, 3, 2]
