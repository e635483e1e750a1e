"""Progress: when it speaks, what it estimates, and how it writes."""

import io
from collections.abc import Iterator

import pytest

import flows.observers.progress
from flows import Euler, Progress, Report, evolve
from flows.observers.progress import to_stderr
from tests.problems import Still, small_cloud


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds on the clock, in a list of one that a test may change."""
    now = [100.0]
    monkeypatch.setattr(flows.observers.progress, "monotonic", lambda: now[0])
    yield now


def test_reports_come_at_the_interval_and_at_the_end(clock: list[float]) -> None:
    """Assert that with 0.4 s a step and an interval of 1 s every third step is told, and the last."""
    reports: list[Report] = []
    progress = Progress(1.0, reports.append)

    def tick(*state: object) -> None:
        """Let 0.4 seconds pass."""
        clock[0] += 0.4

    evolve(Still(), small_cloud(), Euler(0.125), until=1.0, observers=[progress, tick])
    assert [report.step for report in reports] == [3, 6, 8]
    assert reports[-1] == Report(step=8, time=1.0, share=1.0, remaining=0.0)


def test_remaining_time_is_in_proportion_to_the_time_done(clock: list[float]) -> None:
    """Assert that after a quarter of the run in 30 s another 90 s are expected."""
    reports: list[Report] = []
    progress = Progress(8.0, reports.append)
    progress(0, 0.0, small_cloud())
    clock[0] += 30.0
    progress(20, 2.0, small_cloud())
    assert reports == [Report(step=20, time=2.0, share=0.25, remaining=90.0)]


def test_resumed_run_is_estimated_by_what_it_did_itself(clock: list[float]) -> None:
    """Assert that time done by an earlier run counts for the share, not for the speed."""
    reports: list[Report] = []
    progress = Progress(8.0, reports.append)
    progress(40, 4.0, small_cloud())
    clock[0] += 10.0
    progress(50, 5.0, small_cloud())
    assert reports == [Report(step=50, time=5.0, share=0.625, remaining=30.0)]


def test_a_second_run_is_estimated_by_itself(clock: list[float]) -> None:
    """Assert that one observer handed to another run from the same start counts that run's time, not the time since."""
    reports: list[Report] = []
    progress = Progress(8.0, reports.append)
    for begins in (0.0, 500.0):
        clock[0] += begins
        progress(0, 0.0, small_cloud())
        clock[0] += 30.0
        progress(20, 2.0, small_cloud())
    assert reports == [Report(step=20, time=2.0, share=0.25, remaining=90.0)] * 2


def test_nothing_done_means_unknown_time(clock: list[float]) -> None:
    """Assert that without progress the remaining time is unknown, and that the report says so."""
    reports: list[Report] = []
    progress = Progress(8.0, reports.append, interval=0.0)
    progress(0, 0.0, small_cloud())
    assert reports[0].remaining == float("inf")
    assert str(reports[0]) == "step 0, time 0, 0%, unknown time to go"


def test_run_without_a_span_is_at_its_end(clock: list[float]) -> None:
    """Assert that a run until its own start is told as done, with nothing to go."""
    reports: list[Report] = []
    evolve(Still(), small_cloud(), Euler(0.1), until=0.0, observers=[Progress(0.0, reports.append)])
    assert reports == [Report(step=0, time=0.0, share=1.0, remaining=0.0)]


@pytest.mark.parametrize(
    ("remaining", "told"), [(0.0, "0 s"), (59.4, "59 s"), (65.0, "1 min 5 s"), (3700.0, "61 min 40 s")]
)
def test_report_is_one_readable_line(remaining: float, told: str) -> None:
    """Assert that a report reads as step, time, share and time to go."""
    assert str(Report(120, 0.75, 0.5, remaining)) == f"step 120, time 0.75, 50%, {told} to go"


def test_away_from_a_terminal_every_report_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that in a log file reports end in newlines, on standard error."""
    for share in (0.5, 1.0):
        to_stderr(Report(1, share, share, 3.0))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.rstrip() for line in captured.err.split("\n")] == [
        "step 1, time 0.5, 50%, 3 s to go",
        "step 1, time 1, 100%, 3 s to go",
        "",
    ]


def test_on_a_terminal_reports_overwrite_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that on a terminal a report ends in a carriage return, and the last in a newline."""

    class Terminal(io.StringIO):
        """Text that says it is a terminal."""

        def isatty(self) -> bool:
            """Yes."""
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    to_stderr(Report(1, 0.5, 0.5, 3.0))
    assert terminal.getvalue().endswith("\r")
    to_stderr(Report(2, 1.0, 1.0, 0.0))
    assert terminal.getvalue().endswith("\n")


def test_default_progress_writes_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that without a report of one's own the end of a short run is written to standard error."""
    evolve(Still(), small_cloud(), Euler(0.1), until=1.0, observers=[Progress(1.0)])
    assert capsys.readouterr().err.startswith("step 10, time 1, 100%, 0 s to go")
