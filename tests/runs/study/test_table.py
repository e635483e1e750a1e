"""Rows, curves, and the one file layout of every study."""

import math
from pathlib import Path

import numpy as np
import pytest

from runs.study.table import Curve, Row, Table, log_slope
from runs.system.refusal import Refusal
from tests.runs.study.toy import same

ROWS = (
    Row("E1", "risk", "a", None, 64.0, math.pi * 1e-17),
    *(
        Row("E1", "risk", "a", seed, x, (1.0 + seed) / x, 0.5 if seed else math.nan)
        for seed in (0, 3)
        for x in (1.0, 4.0)
    ),
    Row("E2", "risk", "a", 0, 1.0, math.nan),
)


def test_rows_survive_the_file(tmp_path: Path) -> None:
    """Assert that what is read is what was written, to the last bit, predicted rows and NaN included."""
    Table(ROWS).write(tmp_path / "result.csv")
    text = (tmp_path / "result.csv").read_text()
    assert text.splitlines()[0] == "experiment,quantity,curve,seed,x,value,error"
    assert text.splitlines()[1] == f"E1,risk,a,,64.0,{math.pi * 1e-17!r},"
    assert same(Table.read(tmp_path / "result.csv"), Table(ROWS))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "panel,curve,seed,x,value\n",
            "has the columns panel, curve, seed, x, value, but those of",
        ),
        ("", "has the columns of no table"),
        ("experiment,quantity,curve,seed,x,value,error\nE1,risk,a,0,1.0\n", "is damaged at line 2"),
        ("experiment,quantity,curve,seed,x,value,error\nE1,risk,a,zero,1.0,1.0,\n", "is damaged at line 2"),
    ],
)
def test_other_files_are_refused(text: str, said: str, tmp_path: Path) -> None:
    """Assert that a table of another layout, and one that is damaged, are named with what to do."""
    path = tmp_path / "result.csv"
    path.write_text(text)
    with pytest.raises(Refusal, match=f"result.csv {said}.*remove the file"):
        Table.read(path)


def test_curves_have_seeds_apart_from_what_is_predicted() -> None:
    """Assert that values lie by x and seed, with their errors, that predicted ones are not among them, nor others."""
    curve = Table(ROWS).at("E1", "risk", "a")
    assert curve.x.tolist() == [1.0, 4.0] and curve.seeds == (0, 3)
    assert curve.values.tolist() == [[1.0, 4.0], [0.25, 1.0]] and curve.mean.tolist() == [2.5, 0.625]
    assert np.isnan(curve.errors[:, 0]).all() and curve.errors[:, 1].tolist() == [0.5, 0.5]
    assert Table(ROWS).at("E1", "risk", "a", predicted=True).values.tolist() == [[math.pi * 1e-17]]
    empty = Table(ROWS).at("E1", "risk", "b")
    assert empty.values.size == empty.mean.size == empty.last.size == 0
    assert len(Table(ROWS).of("E2").rows) == 1 and same(Table.merged([Table(ROWS[:2]), Table(ROWS[2:])]), Table(ROWS))


def test_a_seed_that_is_missing_is_not_a_number() -> None:
    """Assert that a place without a seed's value has NaN there, and the mean of the others."""
    curve = Curve.of(
        [row for row in ROWS if row.experiment == "E1" and (row.seed, row.x) in {(0, 1.0), (0, 4.0), (3, 4.0)}]
    )
    assert np.isnan(curve.values[0, 1]) and curve.mean.tolist() == [1.0, 0.625] and curve.last.tolist() == [0.25, 1.0]


def test_slope_has_students_interval() -> None:
    """Assert that a power law has its exponent, and scatter by a factor of two the interval of four points."""
    places = np.array([16.0, 64.0])
    values = places[:, None] ** -0.5 * np.array([1.0, 2.0])
    found = Curve(places, values, np.full_like(values, np.nan), (0, 1)).slope
    # Residuals are +-log(2)/2; t(0.975, 2) = 4.302653 and log(64/16) = 2 log 2.
    assert abs(found.value + 0.5) < 1e-12
    half = 4.302653 * math.sqrt(0.5) * math.log(2.0) / (2.0 * math.log(2.0))
    assert abs(found.high - found.value - half) < 1e-6 and abs(found.value - found.low - half) < 1e-6
    exact = log_slope((10.0, 100.0, 1000.0), np.array([[5.0], [0.5], [0.05]]))
    assert abs(exact.value + 1.0) < 1e-12


def test_errors_of_means_reach_to_students_interval() -> None:
    """Assert that two errors of three seeds 1, 2, 3 are t(0.975, 2) / sqrt(3), and one seed has the row's own error."""
    curve = Curve(np.ones(1), np.array([[1.0, 2.0, 3.0]]), np.full((1, 3), np.nan), (0, 1, 2))
    assert math.isclose(2.0 * curve.uncertain[0], 4.302653 / math.sqrt(3.0), rel_tol=1e-6)
    assert Curve.of([Row("E1", "risk", "a", 0, 1.0, 2.0, 0.25)]).uncertain.tolist() == [0.25]
    assert np.isnan(Curve.of([Row("E1", "risk", "a", 0, 1.0, 2.0)]).uncertain).all()
