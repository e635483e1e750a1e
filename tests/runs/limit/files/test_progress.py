"""The progress of an estimate: the share of the planned work, and the time that is left."""

import io

import pytest
from rich.console import Console

from runs.batch import progress
from runs.limit.files.progress import LimitProgress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows: its first entry."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_line_says_the_share_and_the_time_left(clock: list[float]) -> None:
    """Assert that the speed is that since the first call, lines come ten seconds apart, and plans may grow."""
    out = io.StringIO()
    with LimitProgress(Console(file=out, width=200), "limit 1 of 2: ") as shown:
        for moment, done, total in ((5.0, 100.0, 1000.0), (9.0, 200.0, 1000.0), (15.0, 300.0, 1100.0)):
            clock[0] = moment
            shown.show(done, total)
    assert out.getvalue() == "limit 1 of 2: 27 % of the planned samples, about 40 s left\n"


def test_without_any_speed_there_is_no_guess(clock: list[float]) -> None:
    """Assert that the first line promises nothing, and nothing planned is all done."""
    out = io.StringIO()
    with LimitProgress(Console(file=out, width=200), "") as shown:
        clock[0] = 20.0
        shown.show(0.0, 0.0)
    assert out.getvalue() == "100 % of the planned samples, estimating the time left\n"
