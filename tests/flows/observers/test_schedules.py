"""Schedules: when a state is due, and what cannot be one."""

import math
from collections.abc import Callable
from itertools import pairwise
from time import process_time

import numpy as np
import pytest

from flows import Euler, Every, LogSpaced, evolve
from particles import ParticleCloud
from tests.problems import Still, small_cloud


def ignore(step: int, time: float, cloud: ParticleCloud) -> None:
    """Look away."""


def test_every_so_many_steps_is_due_at_multiples() -> None:
    """Assert that multiples of the steps are due under their own time, and no others."""
    every = Every(3, ignore)
    due = {step: every.due((step - 1, 0.1 * (step - 1)), (step, 0.1 * step)) for step in range(1, 8)}
    assert due == {1: [], 2: [], 3: [0.1 * 3], 4: [], 5: [], 6: [0.1 * 6], 7: []}


def test_every_so_much_time_is_due_at_every_multiple_passed() -> None:
    """Assert that all multiples in (before, now] are due: none, one, several, the one reached, not the one left."""
    every = Every(time=0.5, observer=ignore)
    assert every.due((0, 0.0), (1, 0.4)) == []
    assert every.due((1, 0.4), (2, 0.6)) == [0.5]
    assert every.due((2, 0.6), (3, 2.1)) == [1.0, 1.5, 2.0]
    assert every.due((3, 2.1), (4, 2.5)) == [2.5]
    assert every.due((4, 2.5), (5, 2.7)) == []


def test_time_that_misses_a_multiple_by_rounding_is_at_it() -> None:
    """Assert that 3 * 0.1 and 0.1 + 0.2 count as 0.3, and that the multiple is due once."""
    every = Every(time=0.3, observer=ignore)
    for reached in (0.3, 0.1 * 3, 0.1 + 0.2, math.nextafter(0.3, 0.0)):
        assert every.due((1, 0.2), (2, reached)) == [0.3]
        assert every.due((2, reached), (3, 0.4)) == []


def test_every_multiple_of_a_long_run_is_due_once() -> None:
    """Assert that a hundred thousand steps of 0.1 meet each of the 33,333 multiples of 0.3 once."""
    every = Every(time=0.3, observer=ignore)
    met = [len(every.due((step, step * 0.1), (step + 1, (step + 1) * 0.1))) for step in range(100_000)]
    assert sum(met) == 33_333
    assert max(met) == 1


def test_log_spaced_times_are_evenly_spaced_in_their_logarithm() -> None:
    """Assert that first and last are exact and that neighbours have one ratio."""
    times = LogSpaced(0.01, 100.0, 5, ignore).times
    assert (times[0], times[-1]) == (0.01, 100.0)
    np.testing.assert_allclose(times[1:] / times[:-1], 10.0, rtol=1e-12)


def test_log_spaced_is_due_at_the_times_passed() -> None:
    """Assert that the times in (before, now] are due, each once."""
    logged = LogSpaced(0.01, 100.0, 5, ignore)
    assert logged.due((0, 0.0), (1, 0.005)) == []
    assert logged.due((1, 0.005), (2, 0.01)) == [0.01]
    assert logged.due((2, 0.01), (3, 0.05)) == []
    assert logged.due((3, 0.05), (4, 50.0)) == pytest.approx([0.1, 1.0, 10.0])
    assert logged.due((4, 50.0), (5, 1000.0)) == [100.0]


def test_log_spaced_time_missed_by_rounding_is_met() -> None:
    """Assert that a state a rounding before one of the times is at it, and that the time is due once."""
    logged = LogSpaced(0.3, 3.0, 2, ignore)
    for reached in (0.3, 0.1 * 3, math.nextafter(0.3, 0.0)):
        assert logged.due((1, 0.2), (2, reached)) == [0.3]
        assert logged.due((2, reached), (3, 0.4)) == []


def test_schedules_pass_state_and_answer_on() -> None:
    """Assert that the inner observer gets step, time and cloud as they are, and that its answer comes back."""
    seen: list[tuple[int, float, ParticleCloud]] = []

    def stop(step: int, time: float, cloud: ParticleCloud) -> bool:
        """Keep the state and stop."""
        seen.append((step, time, cloud))
        return True

    cloud = small_cloud()
    assert Every(2, stop)(7, 0.7, cloud) is True
    assert LogSpaced(1.0, 2.0, 3, stop)(8, 0.8, cloud) is True
    assert seen == [(7, 0.7, cloud), (8, 0.8, cloud)]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Every(observer=ignore), "Every needs a number of steps or a time"),
        (lambda: Every(3, ignore, time=1.0), "Every needs a number of steps or a time"),
        (lambda: Every(0, ignore), "steps of Every is 0, but a positive integer is needed"),
        (lambda: Every(-2, ignore), "steps of Every is -2, but a positive integer is needed"),
        (lambda: Every(2.5, ignore), "steps of Every is 2.5, but a positive integer is needed"),
        (lambda: Every(True, ignore), "steps of Every is True, but a positive integer is needed"),
        (lambda: Every(time=0.0, observer=ignore), "time of Every is 0.0, but a positive finite number"),
        (lambda: Every(time=math.inf, observer=ignore), "time of Every is inf, but a positive finite number"),
        (lambda: Every(time=math.nan, observer=ignore), "time of Every is nan, but a positive finite number"),
        (lambda: LogSpaced(0.0, 1.0, 3, ignore), "first time of LogSpaced is 0.0, but a positive finite"),
        (lambda: LogSpaced(2.0, 1.0, 3, ignore), "LogSpaced was given times from 2.0 to 1.0, but first < last"),
        (lambda: LogSpaced(1.0, math.inf, 3, ignore), "last time of LogSpaced is inf, but a positive finite"),
        (lambda: LogSpaced(1.0, 2.0, 1, ignore), "times of LogSpaced is 1, but an integer of at least 2"),
    ],
)
def test_impossible_schedule_is_refused(make: Callable[[], object], told: str, without_shape_checks: None) -> None:
    """Assert that a schedule that is never or always due is refused with what was given."""
    with pytest.raises(ValueError, match=told):
        make()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Every(3), "Every was given the observer None, but a callable"),
        (lambda: Every(3, "trace"), "Every was given 'trace' as observer, but an Observer is needed; give Trace"),
        (
            lambda: LogSpaced(1.0, 2.0, 3, None),
            "LogSpaced was given None as observer, but an Observer is needed; give Trace",
        ),
    ],
)
def test_observer_that_cannot_be_called_is_refused(
    make: Callable[[], object], told: str, without_shape_checks: None
) -> None:
    """Assert that a forgotten observer is told when the schedule is made, not in the middle of a run."""
    with pytest.raises(TypeError, match=told):
        make()


def test_log_spaced_times_are_found_one_by_one_as_by_looking_at_all() -> None:
    """Assert that cutting a run anywhere, at the times themselves too, hands each of them on once and in order."""
    spaced = LogSpaced(0.01, 3.0, 40, lambda step, time, cloud: None)
    cuts = [0.0, *sorted([*spaced.times[::3].tolist(), *np.linspace(0.005, 3.5, 23).tolist()])]
    found = [spaced.due((0, before), (1, now)) for before, now in pairwise(cuts)]
    assert [time for some in found for time in some] == spaced.times.tolist()
    assert all(isinstance(time, float) for some in found for time in some)


def test_many_log_spaced_times_cost_nothing_where_none_is_due() -> None:
    """Assert that a million times are not looked at one by one in every step: it would take minutes."""
    spaced = LogSpaced(1e-3, 1.0, 10**6, lambda step, time, cloud: None)
    spaced.due((0, 0.0), (1, 1e-4))
    began = process_time()
    for step in range(2000):
        spaced.due((step, 2.0 + step), (step + 1, 3.0 + step))
    assert process_time() - began < 2.0


@pytest.mark.parametrize("apart", [1e-300, 1e-11])
def test_times_that_never_end_are_refused(apart: float) -> None:
    """Assert that a run or an ensemble that would be looked at for years is refused before it begins."""
    every = Every(time=apart, observer=lambda step, time, cloud: None)
    with pytest.raises(ValueError, match=rf"Every\(time={apart!r}\) would be more than 1e\+10 times from time 0.0"):
        evolve(Still(), small_cloud(), Euler(0.5), until=1.0, observers=[every])
    assert evolve(Still(), small_cloud(), Euler(0.5), until=apart, observers=[every]).count == small_cloud().count
