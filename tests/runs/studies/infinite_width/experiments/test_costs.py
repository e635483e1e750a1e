"""Particle steps for a standard error."""

import pytest

from limits.theorems import Verdict
from runs.studies.infinite_width.estimated import COST
from runs.studies.infinite_width.experiments.costs import AVERAGE, COMPARED, LEVELS, MISSED, ONE, Costs, Plan
from runs.studies.infinite_width.problems.every import KNOWN
from runs.study.table import Row, Table
from tests.runs.studies.infinite_width.small import scaled

MEAN_FIELD, RANDOM = COMPARED


def powers(change: float, made: float = 1.0) -> Table:
    """Costs that go as the formulas have them, times error^change, and errors of this size in units of those asked."""
    rows = []
    for compared in COMPARED:
        for way in compared.ways:
            for seed, error in ((seed, error) for seed in range(20) for error in (0.01, 0.02, 0.04)):
                cost = error ** (compared.power(way) + change) * (1.0 + 0.01 * (seed % 3))
                rows.append(Row("cost", COST, compared.curve(way), seed, error, cost))
                rows.append(Row("cost", MISSED, compared.curve(way), seed, error, made * (-1.0) ** seed))
    return Table(tuple(rows))


def test_powers_and_errors_are_claimed() -> None:
    """Assert that the powers of the formulas hold, and that others and errors larger than asked for are seen."""
    assert {claim.verdict for claim in Costs().claims(scaled(), powers(0.0))} == {Verdict.HOLDS}
    steeper = [claim for claim in Costs().claims(scaled(), powers(-1.0)) if "error^(" in claim.statement]
    assert {claim.verdict for claim in steeper} == {Verdict.VIOLATED}
    worse = [claim for claim in Costs().claims(scaled(), powers(0.0, 2.0)) if "mean square" in claim.statement]
    assert {claim.verdict for claim in worse} == {Verdict.VIOLATED}


def test_plain_ways_are_those_of_the_formulas() -> None:
    """Assert that one cloud has V / e^2 particles, and that clouds of sqrt(2) c / e have 2 V / e^2 of them together."""
    question = KNOWN["GaussianFlow"]().small(16, 1.0, ["f"])
    found = question.estimating(0)({"f": 0.05})
    error, v = 0.01, found.finite_width.fluctuation("f").value
    one, average = (Plan.of(way, found, error) for way in (ONE, AVERAGE))
    assert one.clouds == 1 and one.width == pytest.approx(v / error**2, abs=1.0)
    assert average.width == pytest.approx(2.0**0.5 * abs(found.finite_width.correction("f").value) / error, abs=2.0)
    assert average.clouds * average.width == pytest.approx(2.0 * v / error**2, abs=average.width)
    assert Plan(2, 8).mean(question, 0) != Plan(2, 8).mean(question, 1)


def test_every_way_is_measured(wide_table: Table) -> None:
    """Assert that every way has a cost and an error for each accuracy and repetition, and one panel for each limit."""
    for compared in COMPARED:
        for way in compared.ways:
            for quantity in (COST, MISSED):
                found = wide_table.at("cost", quantity, compared.curve(way)).values
                assert found.shape == (len(scaled().tolerances), scaled().repeats)
    assert LEVELS in RANDOM.ways and ONE in MEAN_FIELD.ways and ONE not in RANDOM.ways
    assert [panel.file for panel in Costs().panels(scaled(), wide_table)] == ["costs.png"] * 2
