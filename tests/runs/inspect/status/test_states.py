"""States of runs as data: counts, shares, and the time that is left."""

from pathlib import Path

import pytest

from runs.inspect.status.states import FolderState, RunState, counted, seconds_left, share

FINISHED = RunState("a", "", 0, "finished", 1.0, seconds=10.0)
RUNNING = RunState("b", "", 1, "running", 0.5, seconds=10.0, seconds_left=10.0)
MISSING = RunState("c", "", 2, "missing", 0.0)
FAILED = RunState("d", "", 3, "failed", 0.25, failure="It broke.")


def test_counts_name_every_state() -> None:
    """Assert that states without a run are counted too, and that the share is the mean of all."""
    runs = (FINISHED, RUNNING, MISSING, FAILED)
    assert counted(runs) == {"finished": 1, "running": 1, "begun": 0, "failed": 1, "missing": 1}
    assert share(runs) == pytest.approx(1.75 / 4.0) and share(()) == 0.0
    state = FolderState(Path("f"), "study", "toy", True, runs, 3.0, ("a word",))
    assert list(state.values) == [
        *("folder", "kind", "study", "at_work", "counts", "done", "seconds_left", "runs", "remarks"),
    ]
    assert state.values["runs"][3]["failure"] == "It broke." and state.values["remarks"] == ["a word"]


def test_time_left_is_that_of_all_runs_over_those_at_work() -> None:
    """Assert that a missing run counts with the mean of those known, and is shared by those that go on."""
    assert seconds_left((FINISHED, RUNNING)) == 10.0
    assert seconds_left((FINISHED, RUNNING, MISSING)) == pytest.approx(10.0 + 15.0)
    assert seconds_left((FINISHED, RUNNING, RUNNING, MISSING, MISSING)) == pytest.approx((20.0 + 2 * 50.0 / 3.0) / 2.0)
    assert seconds_left((FINISHED, RUNNING, FAILED)) == 10.0  # what failed waits for nobody


def test_nothing_is_foretold_where_nothing_is_known() -> None:
    """Assert that there is no time left where nobody is at work, or no run has got anywhere."""
    assert seconds_left((FINISHED, MISSING)) is None
    assert seconds_left((RunState("a", "", 0, "running", 0.0, seconds=3.0), MISSING)) is None
