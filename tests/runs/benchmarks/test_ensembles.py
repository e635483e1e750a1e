"""The benchmark of ensembles: both ways end alike, and the table says how long each took."""

import pytest

from flows import BDF, Euler
from runs.benchmarks.ensembles import Method, Size, Timing, main, measured

SMALL = Size(4, 20, 8, 3)


@pytest.mark.validation
def test_both_ways_end_alike() -> None:
    """Assert that the ensemble ends where the loop ends, to rounding, and was timed as often."""
    for method, apart in ((Method(Euler(1.0), 3.0), 1e-10), (Method(BDF(1e-3), 20.0), 1e-4)):
        result = measured(SMALL, method, rounds=2)
        assert result.difference < apart
        assert (len(result.together), len(result.loop)) == (2, 2)
        assert min(*result.together, *result.loop) > 0.0


def test_ratios_are_taken_within_a_round() -> None:
    """Assert that a line shows the medians of the seconds and of the ratios, with their range."""
    line = Timing(Size(4, 20, 8, 3, 2), "Euler", (1.0, 2.0, 4.0), (2.0, 3.0, 4.0), 1e-9).line
    assert line.split() == [
        "20",
        "8",
        "2",
        "Euler",
        "2.00",
        "s",
        "3.00",
        "s",
        "1.50",
        "(1.00",
        "to",
        "2.00)",
        "1.0e-09",
    ]


def test_table_has_a_line_for_each_size_and_method(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that every pair is measured and printed once."""
    methods = (Method(Euler(1.0), 1.0), Method(Euler(0.5), 1.0))
    assert len(main((SMALL, Size(4, 30, 8, 3)), methods, rounds=1)) == 4
    assert capsys.readouterr().out.count("Euler") == 4
