"""Figures 7 and 8: the map is that of the study file, and slopes that are wrong are found out."""

import math

import numpy as np
import pytest

from limits.theorems import Verdict
from runs.studies.one_axis.experiments.regimes import (
    FROZEN,
    INVARIANT,
    MOVED,
    OF_LIMIT,
    OF_START,
    RISK,
    STUDY_FILE,
    End,
    Regimes,
    levelled,
)
from runs.studies.one_axis.study import STUDY
from runs.study.panels import Heat
from runs.study.table import Row, Table
from runs.studyfile.model.reading import read_study
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.one_axis.small import small

CONFIG = small(map_scales=(1.0, 4.0, 8.0, 16.0, 32.0), map_counts=(16, 64, 256), seeds=2)


def table(moved: float = -1.0, gap: float = -2.0, limit: float = -0.5) -> Table:
    """Numbers with these powers of alpha, and of m for the limit kernel, of seeds whose levels are far apart."""
    rows = []
    for seed in range(2):
        for m in CONFIG.map_counts:
            for alpha in CONFIG.map_scales:
                wiggle = (1.0 + seed) * (1.0 + 1e-3 * math.sin(alpha + seed + m))
                numbers = {MOVED: alpha**moved, OF_START: alpha**gap, OF_LIMIT: m**limit, RISK: 1.0}
                for quantity, value in numbers.items():
                    level = wiggle if quantity != OF_LIMIT else 1.0 + 1e-3 * (wiggle - 1.0)
                    rows.append(Row("E4.10", quantity, f"m = {m}", seed, alpha, level * value))
            for quantity, value in {MOVED: 0.0, OF_START: 0.0, OF_LIMIT: m**limit, RISK: 2.0, INVARIANT: 1e-8}.items():
                rows.append(Row("E4.10", quantity, FROZEN, seed, float(m), value))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("movement falls as alpha^(-1)", table(moved=-0.8)),
        ("falls as alpha^(-2)", table(gap=-1.0)),
        ("with every step of alpha", table(gap=0.5)),
        ("movement falls as m^(-1/2)", table(moved=-0.5)),
        ("limit kernel falls as m^(-1/2)", table(limit=-0.2)),
        ("do not move", changed(table(), lambda row: row.value + 1e-3 if row.curve == FROZEN else row.value)),
        ("whatever alpha is", changed(table(), lambda row: 0.1 if row.quantity == INVARIANT else row.value)),
        (
            "does not depend on m",
            changed(table(), lambda row: row.value * (2.0 if row.curve == "m = 256" else 1.0)),
        ),
    ],
)
def test_wrong_maps_are_found_out(words: str, wrong: Table) -> None:
    """Assert that the right powers hold at every m, seeds having their own levels, and that other ones do not."""
    assert verdicts(Regimes(), CONFIG, table(), words) == {Verdict.HOLDS}
    assert verdicts(Regimes(), CONFIG, wrong, words) == {Verdict.VIOLATED}


def test_laptop_scale_is_the_study_file() -> None:
    """Assert that the study at laptop scale has the very runs of the study file."""
    config = STUDY.configured(device="cpu")
    study = read_study(STUDY_FILE)
    points = [(m, alpha, seed) for m in config.map_counts for alpha in config.map_scales for seed in (0, 1)]
    assert [run.digest for run in study.runs] == [End.of(config, *point).run.config.digest for point in points]
    assert {run.until for run in study.runs} == {config.map_until}


def test_levels_of_seeds_are_taken_away() -> None:
    """Assert that every seed has the geometric mean of all, and ratios along a seed stay."""
    values = np.array([[1.0, 10.0], [2.0, 30.0], [4.0, 90.0]])
    found = levelled(values)
    assert np.allclose(np.log(found).mean(axis=0), np.log(values).mean())
    assert np.allclose(found[1:] / found[:-1], values[1:] / values[:-1])


def test_measured_map_is_drawn(table_of: Table) -> None:
    """Assert that every cell has a number at smoke scale, that theta moves less with alpha, and that features rest."""
    config = small()
    maps = [panel for panel in Regimes().panels(config, table_of) if isinstance(panel, Heat)]
    assert [one.values.shape for one in maps] == [(2, 5)] * 4
    moved, of_start, of_limit, risk = (one.values for one in maps)
    assert (np.diff(moved[:, :-1], axis=1) < 0.0).all() and np.isnan(moved[:, -1]).all()
    assert np.isfinite(of_limit).all() and np.isfinite(risk).all() and (np.diff(of_start[:, :-1], axis=1) < 0.0).all()
    assert verdicts(Regimes(), config, table_of, "whatever alpha is") == {Verdict.HOLDS}


@pytest.fixture
def table_of(axis_table: Table) -> Table:
    """The rows of this experiment at smoke scale."""
    return axis_table.of("E4.10")
