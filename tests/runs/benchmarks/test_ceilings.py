"""The ceilings of one velocity: counts are the formulas, seconds their sum."""

import pytest

from particles.tiles import KEPT_ENTRIES
from runs.benchmarks.ceilings import Ceilings, fastest


def test_counts_are_those_of_the_formulas() -> None:
    """Assert that 10 particles, 5 data, 3 inputs take 700 operations, and 760 bytes where sigma is kept."""
    kept, streamed = (Ceilings(10, 5, 3, 1e-9, 2e-9, traffic) for traffic in (3e-9, 0.0))
    assert kept.flop == streamed.flop == 700.0
    assert (kept.bytes, streamed.bytes) == (760.0, 360.0)
    assert kept.seconds == pytest.approx(50 * 6e-9)
    assert "reached 50% of them" in kept.line(100 * 6e-9)
    assert "14 GFLOP/s in products, 2.00 ns an activation, 3.00 ns of traffic" in kept.line(1.0)


@pytest.mark.parametrize(("count", "kept"), [(20, True), (KEPT_ENTRIES // 10 + 1, False)])
def test_traffic_is_measured_where_sigma_is_kept(count: int, kept: bool) -> None:
    """Assert that a streamed cloud has no traffic of the matrix, and everything else takes time."""
    ceilings = Ceilings.of(count, 10, 2)
    assert (ceilings.traffic > 0.0) == kept
    assert ceilings.products > 0.0
    assert ceilings.activation > 0.0


def test_fastest_calls_once_more_than_it_times() -> None:
    """Assert that the first call is not timed."""
    calls: list[int] = []
    assert fastest(lambda: calls.append(1)) >= 0.0
    assert len(calls) == 8
