"""Values and names as people write them."""

import math

from runs.pages.words import LONGEST, counted, in_words, moment, said, time_said


def test_a_configuration_is_said_in_its_order() -> None:
    """Assert that nested names are joined, lists are spoken, and what is left out is left out."""
    held = {"rate_a": 0.1, "inner": {"deep": True, "none": None}, "widths": [1, 2], "tables": [{"x": 1}], "out": 3}
    assert in_words(held, without=("out",)) == [
        ("rate a", "0.1"),
        ("inner › deep", "yes"),
        ("inner › none", "none"),
        ("widths", "1, 2"),
        ("tables › 1 › x", "1"),
    ]


def test_a_value_is_short_and_printable() -> None:
    """Assert that numbers have nine digits, escapes are seen, and long values are cut."""
    assert [said(value) for value in (1.0 / 3.0, math.nan, False, [], "a\x1b", 7)] == [
        *("0.333333333", "none", "no", "none", "a\\x1b", "7")
    ]
    assert len(said("x" * 1000)) < LONGEST + 10


def test_counts_times_and_moments() -> None:
    """Assert that one is one, minutes are minutes, and a moment is of UTC."""
    assert (counted(1, "file"), counted(2, "file"), counted(2, "x", "y")) == ("1 file", "2 files", "2 y")
    assert [time_said(seconds) for seconds in (3.0, 150.0, 7200.0)] == ["3 seconds", "2.5 minutes", "2 hours"]
    assert moment("2026-11-29T11:20:30+00:00") == "2026-11-29 11:20 UTC"
