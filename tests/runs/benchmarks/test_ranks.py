"""The benchmark of ranks: what it reports is the ratio of times within a round, and whether bits agree."""

import pytest

from runs.benchmarks.ranks import Task, Timing, main
from tests.ranks import needs_fork


@needs_fork
def test_toy_size_has_the_same_bits(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that two processes measure a small cloud and find the same bits."""
    (result,) = main(count=500, sizes=((3, "float32"),), steps=2, rounds=2, start="fork")
    assert result.identical and len(result.efficiencies) == 2 and min(result.efficiencies) > 0.0
    printed = capsys.readouterr().out
    assert "m = 500, n = 100, 2 Euler step(s), 2 ranks" in printed and "same" in printed


def test_efficiency_is_that_of_each_round() -> None:
    """Assert that t_1 / (2 t_2) is taken round by round, shown with its range, and other bits are called so."""
    task = Task(10, 2, "float64", 1, 2)
    result = Timing(task, (2.0, 4.0), (4.0, 4.0), (2.0, 4.0), (0.9, 1.0), identical=False)
    assert result.efficiencies == [1.0, 0.5]
    assert "0.75 (0.50 to 1.00)   0.95 (0.90 to 1.00)" in result.line and result.line.endswith("OTHER")
