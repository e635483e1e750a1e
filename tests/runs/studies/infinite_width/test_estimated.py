"""Rows and panels of estimates."""

import math
from functools import cache

import pytest

from limits import InfiniteWidth
from limits.theorems import Assumption, Statement, Verdict, from_above
from runs.studies.infinite_width.estimated import (
    CORRECTION,
    COST,
    FLUCTUATION,
    LEAST,
    LIMIT,
    MEAN,
    MOST,
    WIDTH,
    against_width,
    curve,
    granted,
    rows_of,
    words,
)
from runs.studies.infinite_width.problems.asymmetrical import start_kernel
from runs.study.table import Table
from tests.runs.studies.infinite_width.test_question import QUESTION


@cache
def estimate() -> InfiniteWidth:
    """One estimate for all tests."""
    return QUESTION.estimate(0.3, 0)


def test_rows_are_those_of_the_estimate() -> None:
    """Assert that limit, interval, correction, width that is enough and means at every width are the estimate's."""
    found = estimate()
    table = Table(tuple(rows_of("here", "net", found)))
    for value in found.values:
        name = curve("net", value.name)
        limit = table.at("here", LIMIT, name)
        assert limit.values.item() == value.value and limit.errors.item() == pytest.approx((value.high - value.low) / 4)
        assert table.at("here", CORRECTION, name).values.item() == found.finite_width.correction(value.name).value
        width = found.finite_width.width_for(value.name, 0.01, relative=True)
        named = zip((WIDTH, LEAST, MOST), (width.value, width.low, width.high), strict=True)
        assert all(table.at("here", quantity, name).values.item() == number for quantity, number in named)
        means = table.at("here", MEAN, name)
        assert means.x.tolist() == [level.width for level in found.levels]
        assert means.values[0, 0] == found.levels[0].mean[found.names.index(value.name)]
        assert means.values[-1, 0] == pytest.approx(
            sum(one.mean[found.names.index(value.name)] for one in found.levels)
        )
    assert table.at("here", COST, "net").values.item() == found.cost


def test_random_limits_have_no_width_that_is_enough() -> None:
    """Assert that neither fluctuation nor width stands where the variance does not fall."""
    found = start_kernel().estimate(0.3, 0)
    table = Table(tuple(rows_of("here", "net", found)))
    name = curve("net", "E K")
    assert table.at("here", LIMIT, name).values.size == 1
    assert table.at("here", WIDTH, name).values.size == table.at("here", FLUCTUATION, name).values.size == 0


def test_panel_has_means_and_the_band() -> None:
    """Assert that the band is two standard errors to either side of the limit, along all widths."""
    table = Table(tuple(rows_of("here", "net", estimate())))
    name = curve("net", "risk at 2")
    means, band = against_width(table, "here", name, "red", "file.png").lines
    limit = table.at("here", LIMIT, name)
    assert means.x.tolist() == table.at("here", MEAN, name).x.tolist() and band.x.tolist() == means.x[[0, -1]].tolist()
    ends = [limit.values.item() + side * 2.0 * limit.errors.item() for side in (-1.0, 1.0)]
    assert band.kind == "band" and band.values.tolist() == [ends, ends]
    assert words(name)[name] == "risk at 2"


def test_nothing_is_said_where_an_assumption_fails() -> None:
    """Assert that a result stays as it is where all holds, and says so where something does not."""
    statement = Statement("one is small", "here", proven=False)
    for holds, verdict in ((True, Verdict.HOLDS), (False, Verdict.ASSUMPTION_FAILS)):
        result = granted(from_above(statement, (Assumption("it holds", holds),), 2.0, 1.0))
        assert result.verdict is verdict and math.isnan(result.bound) is not holds
