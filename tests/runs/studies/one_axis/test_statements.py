"""Orders, differences and published numbers as the study claims them."""

import math

import numpy as np
import pytest

from limits.theorems import Verdict
from runs.studies.one_axis.statements import FULL, exceeds, in_turn, ordered, published
from runs.study.table import Curve, Row, Table
from tests.runs.studies.one_axis.small import paper


def curve(*values: tuple[float, float]) -> Curve:
    """Two seeds at x = 1, 2, ..."""
    return Curve(np.arange(1.0, len(values) + 1.0), np.array(values), np.full((len(values), 2), math.nan), (0, 1))


def test_orders_are_those_of_ratios() -> None:
    """Assert that clear falls hold, a rise violates, and seeds that differ by more than they fall decide nothing."""
    falling, rising, unclear = curve((3.0, 3.01), (1.0, 1.01)), curve((1.0, 1.01), (3.0, 3.01)), curve((3, 1), (2.5, 1))
    verdicts = [in_turn("x falls", "figure 2", each).verdict for each in (falling, rising, unclear)]
    assert verdicts == [Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNDECIDED]
    assert in_turn("x rises", "figure 2", rising, increasing=True).verdict is Verdict.HOLDS
    alone = Curve(np.arange(2.0), np.array([[3.0], [1.0]]), np.array([[0.1], [0.1]]), (0,))
    unsure = Curve(alone.x, alone.values, 10.0 * alone.errors, (0,))
    assert [in_turn("x falls", "figure 2", one).verdict for one in (alone, unsure)] == [
        Verdict.HOLDS,
        Verdict.UNDECIDED,
    ]


def test_differences_are_judged_by_seeds() -> None:
    """Assert that a difference holds or is violated by its seeds, and that one seed decides nothing."""
    found = [
        exceeds("d", "figure 5", 0.05, np.array(values)).verdict for values in ([0.1, 0.101], [0.01, 0.011], [0.1])
    ]
    assert found == [Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNDECIDED]
    assert exceeds("d", "figure 5", 0.0, np.array([-0.1, -0.101])).verdict is Verdict.VIOLATED
    alike = np.array([-0.001, -0.001])
    verdicts = [exceeds("d", "figure 5", 0.0, alike, resolved).verdict for resolved in (0.0, 0.001)]
    assert verdicts == [Verdict.VIOLATED, Verdict.UNDECIDED]


def test_published_numbers_are_asked_at_their_sizes_only() -> None:
    """Assert that at another scale or size nothing is claimed, and that a number off by a half is a violation."""
    sizes = {"alpha_count": 10_000}
    full, other, fewer = paper(**FULL), paper(**{**FULL, "images": "digits"}), paper(alpha_count=5000, **FULL)
    measured = curve((15.0, 15.1), (6.0, 6.01))
    for config in (other, fewer):
        assert not list(published(config, sizes, "movement at ", "figure 2", (15.0, 4.0), measured))
    claims = list(published(full, sizes, "movement at ", "figure 2", (15.0, 4.0), measured))
    assert [claim.verdict for claim in claims] == [Verdict.HOLDS, Verdict.VIOLATED]
    assert [claim.statement for claim in claims] == ["movement at 1 is 15 to 3", "movement at 2 is 4 to 0.8"]
    points = list(published(full, sizes, "accuracy at ", "figure 2", (15.05, 6.0), measured, 0.01))
    assert [claim.verdict for claim in points] == [Verdict.UNDECIDED, Verdict.UNDECIDED]


def test_curves_are_sorted_by_x() -> None:
    """Assert that values and errors go with their x."""
    rows = [Row("E", "q", "c", 0, x, 10.0 * x, x / 10.0) for x in (0.1, 1.0, 0.01)]
    found = ordered(Table(tuple(rows)), "E", "q", "c")
    assert found.x.tolist() == [0.01, 0.1, 1.0] and found.values[:, 0] == pytest.approx([0.1, 1.0, 10.0])
    assert found.errors[:, 0] == pytest.approx([0.001, 0.01, 0.1])
