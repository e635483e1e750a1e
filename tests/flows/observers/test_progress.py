"""Progress: when it speaks, what it estimates, and how it writes."""

import io
import re
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import flows.observers.progress
from flows import (
    Adaptive,
    Checkpoint,
    DormandPrince,
    Euler,
    GradientFlow,
    MembersFailed,
    Observer,
    Progress,
    Report,
    Trace,
    evolve,
    evolve_all,
)
from flows.observers.progress import Pace, to_stderr
from particles import Ensemble, Linear, Ranks, SharedCloud
from tests.front_door.parts import CLOUD, ENSEMBLE, RISK
from tests.problems import Still, network_cloud, network_risk, small_cloud
from tests.tolerances import assert_identical


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


class Screen(io.StringIO):
    """Standard error that says whether it is a terminal."""

    def __init__(self, live: bool) -> None:
        super().__init__()
        self.live = live

    def isatty(self) -> bool:
        """As it was told."""
        return self.live

    @property
    def shown(self) -> list[str]:
        """What was written over what, without blanks at the ends."""
        return [text.strip() for text in re.split(r"[\r\n]", self.getvalue()) if text.strip()]


def screen(monkeypatch: pytest.MonkeyPatch, live: bool) -> Screen:
    """A terminal, or a log file, in place of standard error."""
    there = Screen(live)
    monkeypatch.setattr("sys.stderr", there)
    return there


def ticking(clock: list[float], seconds: float) -> Observer:
    """An observer that lets this time pass at every state."""

    def tick(*state: object) -> None:
        """Let it pass."""
        clock[0] += seconds

    return tick


def test_pace_forgets_the_earlier_half() -> None:
    """Assert that after 100 s with one step and 10 s with a hundred the pace is that of the latter, within a half."""
    pace = Pace()
    assert pace.see(0.0, 0, 0.0) == (0.0, 0.0)
    assert pace.see(100.0, 1, 1.0) == (0.01, 0.01)
    for second in range(1, 101):
        steps, time = pace.see(100.0 + second, 1 + 10 * second, 1.0 + 2.0 * second)
    assert (steps, time) == (10.0, 2.0)


def test_bar_has_rate_and_remaining_time(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that at half of a run of steps of 2 s the bar says where it is, how fast and how long it will take."""
    terminal = screen(monkeypatch, live=True)
    evolve(Still(), small_cloud(), Euler(0.125), until=1.0, observers=[ticking(clock, 2.0)], progress=True)
    assert any(
        "50%|" in text and "step 4, time 0.5 of 1, 0.5 steps/s, 0.0625 time/s, 8 s to go" in text
        for text in terminal.shown
    )
    assert "100%|" in terminal.shown[-1] and "step 8, time 1 of 1, in 16 s" in terminal.shown[-1]


def test_bar_of_a_resumed_run_is_of_what_is_left(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run from the middle begins at no progress, and ends with all of it."""
    terminal = screen(monkeypatch, live=True)
    evolve(Still(), small_cloud(), Euler(0.25), until=1.0, time=0.5, index=2, progress=True)
    assert terminal.shown[0].startswith("0%|") and "step 2, time 0.5 of 1" in terminal.shown[0]
    assert terminal.shown[-1].startswith("100%|")


def test_bar_stays_where_a_run_was_stopped(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that an observer's stop and an error leave a closed bar at the place, without a time to go."""
    terminal = screen(monkeypatch, live=True)
    evolve(Still(), small_cloud(), Euler(0.25), until=1.0, observers=[lambda step, *_: step == 1], progress=True)
    assert terminal.shown[-1].startswith("25%|") and "step 1, time 0.25 of 1, in 0 s" in terminal.shown[-1]

    def fail(step: int, *state: object) -> None:
        """Fail at the third step."""
        if step == 3:
            raise ArithmeticError("no more")

    with pytest.raises(ArithmeticError, match="no more"):
        evolve(Still(), small_cloud(), Euler(0.25), until=1.0, observers=[fail], progress=True)
    assert terminal.shown[-1].startswith("50%|") and terminal.getvalue().endswith("\n")


def test_no_bar_for_a_run_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a refusal at the door writes nothing."""
    terminal = screen(monkeypatch, live=True)
    with pytest.raises(ValueError, match="a finite span forward is needed"):
        evolve(Still(), small_cloud(), Euler(0.25), until=-1.0, progress=True)
    assert terminal.getvalue() == ""


def test_a_log_gets_a_line_in_ten_seconds(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that away from a terminal at most a line every ten seconds is written, and one at the end."""
    log = screen(monkeypatch, live=False)
    evolve(Still(), small_cloud(), Euler(0.125), until=1.0, observers=[ticking(clock, 4.0)], progress=True)
    assert log.shown == [
        "step 3, time 0.375 of 1, 0.25 steps/s, 0.0312 time/s, 20 s to go",
        "step 6, time 0.75 of 1, 0.25 steps/s, 0.0312 time/s, 8 s to go",
        "step 8, time 1 of 1, in 32 s",
    ]


def test_a_log_of_a_short_run_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run of less than ten seconds is told once, at its end."""
    log = screen(monkeypatch, live=False)
    evolve(Still(), small_cloud(), Euler(0.125), until=1.0, progress=True)
    assert log.shown == ["step 8, time 1 of 1, in 0 s"]


def test_nothing_is_written_without_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that runs are silent unless asked, and that tqdm leaves no thread behind."""
    terminal = screen(monkeypatch, live=True)
    threads = threading.active_count()
    evolve(Still(), small_cloud(), Euler(0.125), until=1.0)
    assert terminal.getvalue() == ""
    evolve(Still(), small_cloud(), Euler(0.125), until=1.0, progress=True)
    assert threading.active_count() == threads and terminal.getvalue() != ""


@pytest.mark.parametrize("integrator", [Euler(0.1), DormandPrince(), Adaptive()], ids=repr)
def test_progress_changes_no_bit(integrator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run and its states are the same with and without progress."""
    screen(monkeypatch, live=False)
    ends, traces = [], []
    for progress in (False, True):
        trace = Trace(positions=lambda cloud: cloud.positions)
        ends.append(
            evolve(GradientFlow(RISK), CLOUD, integrator, until=1.0, observers=[trace], progress=progress).positions
        )
        traces.append((trace.times.tolist(), trace["positions"].tolist()))
    assert_identical(ends[1], ends[0], claim="the end with progress")
    assert traces[0] == traces[1]


@pytest.mark.parametrize("together", [1, 2], ids=["one-by-one", "side-by-side"])
def test_members_are_counted(together: int, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that for an ensemble members done and the time of all are told, one that is stopped among them."""
    log = screen(monkeypatch, live=False)
    observers = [[ticking(clock, 4.0)], [lambda step, *_: step == 2]]
    flow = GradientFlow(RISK)
    evolve_all(flow, ENSEMBLE, Euler(0.125), until=1.0, observers=observers, together=together, progress=True)
    assert log.shown[-1] == f"2 of 2 members done, in {40 - 4 * together} s"
    assert log.shown[0].startswith(f"{together - 1} of 2 members done, ")


@pytest.mark.parametrize("together", [1, 2], ids=["one-by-one", "side-by-side"])
def test_members_that_were_done_before_are_counted(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a member kept at the end or later counts as done, and that the bar of the others gets full."""
    terminal = screen(monkeypatch, live=True)
    kept = [Checkpoint(9, 1.125, CLOUD, None), Checkpoint(4, 0.5, CLOUD, None)]
    flow, integrator = GradientFlow(RISK), Euler(0.125)
    evolve_all(flow, ENSEMBLE, integrator, until=1.0, resume=kept, together=together, progress=True)
    assert terminal.shown[-1].startswith("100%|") and "2 of 2 members done" in terminal.shown[-1]


def test_members_that_fail_are_done_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a member that diverges leaves nothing to go, and that its failure is raised after the bar ends."""
    log = screen(monkeypatch, live=False)
    start = network_cloud()
    far = Ensemble.of([start, start.moved(1e160 * start.positions)])
    with pytest.raises(MembersFailed, match="1 of 2 members failed"):
        evolve_all(GradientFlow(network_risk(activation=Linear())), far, Euler(0.01), until=0.2, progress=True)
    assert log.shown[-1].startswith("2 of 2 members done, in ")


def test_one_process_of_several_shows_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that of processes that share a cloud the first one tells, and others are silent."""
    log = screen(monkeypatch, live=False)

    class Later(SharedCloud):
        """A part of a cloud that another process holds the beginning of."""

        first = 8

    whole = SharedCloud.of(CLOUD, Ranks())
    evolve(Still(), Later(whole.positions, whole.masses, whole.share), Euler(0.5), until=1.0, progress=True)
    assert log.shown == []
    evolve(Still(), whole, Euler(0.5), until=1.0, progress=True)
    assert log.shown == ["step 2, time 1 of 1, in 0 s"]


def test_a_notebook_without_widgets_gets_a_bar_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that in a kernel, whose standard error is no terminal, tqdm's bar is drawn, and no warning is raised."""
    log = screen(monkeypatch, live=False)
    monkeypatch.setitem(sys.modules, "ipykernel.zmqshell", ModuleType("ipykernel.zmqshell"))
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    sys.modules["IPython"].get_ipython = lambda: None  # type: ignore[attr-defined]
    for name in ("tqdm.auto", "tqdm.autonotebook"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    evolve(Still(), small_cloud(), Euler(0.5), until=1.0, progress=True)
    assert log.shown[-1].startswith("100%|")
