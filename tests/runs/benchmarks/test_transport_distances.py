"""The benchmark of distances: its laws, its tables, and that its truths are true."""

import math

import numpy as np
import pytest

from limits.transport import wasserstein
from runs.benchmarks.transport_distances import Scale, coverage, debiased, drawn, exact, main, sliced, weighted

TINY = Scale(exact=(40,), sliced=(500, 4), debiased=((100, 4),))


def test_clouds_have_the_laws_they_are_drawn_from() -> None:
    """Assert that means and scales are those asked for (|z| < 5), masses random and normalised, seeds apart."""
    cloud = drawn(20_000, "first", 3, shift=2.0, scale=1.5, dim=3)
    means = cloud.positions.mean(dim=0).numpy() - np.array([2.0, 0.0, 0.0])
    assert np.abs(means).max() < 5.0 * 1.5 / math.sqrt(20_000)
    assert float(cloud.positions.std()) == pytest.approx(math.sqrt(1.5**2 + 2.0**2 * 2.0 / 9.0), rel=0.02)
    masses = weighted(cloud, "masses", 3).masses
    assert float(masses.sum()) == pytest.approx(1.0, rel=1e-12)
    assert float(masses.max()) == pytest.approx(2.0 / 20_000, rel=0.05)
    assert float(drawn(5, "first", 1).positions[0, 0]) != float(drawn(5, "first", 2).positions[0, 0])


def test_exact_row_agrees_with_the_peer() -> None:
    """Assert that small problems are solved by both caps, and ours is within 1e-9 of both."""
    row = exact(60)
    assert abs(row.ours - row.peer) < 1e-9 and abs(row.ours - row.default) < 1e-9 and row.gap < 1e-9
    cloud = weighted(drawn(60, "first", 0), "first masses", 0)
    other = weighted(drawn(60, "second", 0, shift=1.0), "second masses", 0)
    assert row.ours == float(wasserstein(cloud, other))


def test_known_distances_are_known() -> None:
    """Assert that large clouds are at the distances that the table compares with, to a few percent."""
    result, truth = sliced(20_000, 0)
    assert truth == math.sqrt(4.0 / 5.0 + 0.25)
    assert float(result.distance) == pytest.approx(truth, rel=0.2)
    result, truth = debiased(1500, 0)
    assert truth == 1.0 and float(result.distance) == pytest.approx(1.0, rel=0.12)


def test_coverage_counts_intervals_that_hold_the_truth() -> None:
    """Assert that intervals of 1.96 standard errors are counted, by an answer whose scores are known."""
    scores = [0.5, -1.9, 2.0, -3.0]
    result, _ = debiased(30, 0)

    def draw(count: int, seed: int) -> tuple[object, float]:
        error = float(result.standard_error or 0.0)
        return result, float(result.distance.double()) - scores[seed] * error

    found = [
        coverage("debiased", 30, 1, lambda count, seed, which=which: draw(count, which)).covered for which in range(4)
    ]
    assert found == [1, 1, 0, 0]


def test_tables_have_a_line_for_every_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that each count and method is measured and printed."""
    rows, covered = main(TINY)
    assert [row.count for row in rows] == [40]
    assert [(one.method, one.count, one.repetitions) for one in covered] == [("sliced", 500, 4), ("debiased", 100, 4)]
    assert all(0 <= one.covered <= one.repetitions and one.seconds > 0.0 for one in covered)
    assert len(capsys.readouterr().out.splitlines()) == 6
