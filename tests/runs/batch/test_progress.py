"""Progress of a batch: a plain line now and then where there is no terminal."""

import io
import re

import pytest
from rich.console import Console

from runs.batch import progress
from runs.batch.progress import BatchProgress, spoken_duration


class Clock:
    """Time that goes on only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that progress reads."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.9, "1 min 0 s"), (200.0, "3 min 20 s"), (3600.0, "1 h 0 min"), (-1.0, "0 s")],
)
def test_duration_is_spoken_in_two_units(seconds: float, words: str) -> None:
    """Assert that durations read as one says them."""
    assert spoken_duration(seconds) == words


def test_remaining_time_is_in_proportion_to_the_steps_of_this_batch(clock: Clock) -> None:
    """Assert that 150 of 350 steps in 30 s leave 40 s: neither earlier steps nor the workers' start count."""
    out = io.StringIO()
    with BatchProgress([201, 200], [50, 0], Console(file=out), complete=4, every=15.0) as shown:
        shown.show([50, 0])
        clock.now += 14.0
        shown.show([51, 0])
        clock.now += 30.0
        shown.show([201, 0])
    assert out.getvalue() == "5 of 6 runs complete, 50 % of all steps, about 40 s left\n"


def test_lines_come_only_now_and_then(clock: Clock) -> None:
    """Assert that no line is written before ten seconds have passed, and one for each ten after."""
    out = io.StringIO()
    with BatchProgress([100], [0], Console(file=out)) as shown:
        for second in range(1, 26):
            clock.now = 100.0 + second
            shown.show([second])
    assert re.findall(r"(\d+) %", out.getvalue()) == ["10", "20"]


def test_nothing_done_yet_has_no_estimate(clock: Clock) -> None:
    """Assert that before the first step no time is promised."""
    out = io.StringIO()
    with BatchProgress([100], [0], Console(file=out)) as shown:
        clock.now += 11.0
        shown.show([0])
    assert out.getvalue() == "0 of 1 runs complete, 0 % of all steps, estimating the time left\n"


def test_terminal_gets_a_bar_and_no_lines(clock: Clock) -> None:
    """Assert that a terminal shows the label and the estimate in place and keeps no line of its own."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with BatchProgress([100, 100], [0, 0], console) as shown:
        shown.show([50, 0])
        clock.now += 10.0
        shown.show([100, 0])
    assert "1 of 2 runs complete" in out.getvalue() and "about 20 s left" in out.getvalue()
    assert "of all steps" not in out.getvalue()
