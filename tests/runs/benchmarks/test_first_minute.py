"""The benchmark of the first minute: what is counted of a command, and the whole of it at the smallest scale."""

import sys

import pytest

from runs.benchmarks.first_minute import Timing, main, measured

#: Says something after a while, and leaves a process behind that computes on.
LEAVING = """
import subprocess, sys, time
time.sleep(0.3)
print("here", file=sys.stderr, flush=True)
burning = "import time\\nwhile time.process_time() < 0.6: pass"
subprocess.Popen([sys.executable, "-c", burning], stderr=subprocess.DEVNULL)
"""


def test_a_line_has_the_middle_and_the_range() -> None:
    """Assert that one round is a number, and several are their middle with the least and the most."""
    line = Timing("import x", (1.0, 3.0, 2.0), (0.5, 0.5, 0.75)).line
    assert line.split() == ["import", "x", "2.00", "(1.00", "to", "3.00)", "0.50", "(0.50", "to", "0.75)", "-"]
    assert Timing("a", (1.0,), (0.5,), 0.25).line.split() == ["a", "1.00", "0.50", "0.25"]


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a process wait for others' children")
def test_what_is_left_behind_is_counted() -> None:
    """Assert that processors count of a process whose parent has ended, and its first line when it was said."""
    timing = measured("leaving", [sys.executable, "-c", LEAVING])
    assert timing.processors[0] > 0.6
    assert timing.first_line is not None and 0.3 < timing.first_line <= timing.wall[0]


def test_a_command_that_fails_is_told() -> None:
    """Assert that no time is given for it, and what it said comes out."""
    with pytest.raises(RuntimeError, match="bad ended with code 1: no such thing"):
        measured("bad", [sys.executable, "-c", "raise SystemExit('no such thing')"])


@pytest.mark.validation
def test_everything_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that there is a line for each import and command, and that the main job alone tells of its progress."""
    results = {timing.what: timing for timing in main(rounds=1, scale="smoke", imports=("runs",))}
    printed = capsys.readouterr().out
    assert len(results) == 7 and all(what in printed for what in results)
    assert all((timing.first_line is not None) == what.startswith("meanfield run") for what, timing in results.items())
