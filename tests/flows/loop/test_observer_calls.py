"""States are handed on once each, and every observer is called before any is heeded."""

from flows import Advance, Every
from flows.loop.observer_calls import ObserverCalls
from particles import ParticleCloud
from tests.problems import small_cloud


def test_every_observer_sees_a_state_before_one_stops_the_run() -> None:
    """Assert that the answer is that of any observer, and that later ones are called all the same."""
    seen: list[str] = []
    calls = ObserverCalls(
        [lambda step, time, cloud: seen.append("first") or True, lambda step, time, cloud: seen.append("second")]
    )
    assert calls.give(0, 0.0, small_cloud())
    assert seen == ["first", "second"]


def test_states_are_handed_on_once() -> None:
    """Assert that a state at a time seen before, by this run or an earlier one, is not handed on again."""
    times: list[float] = []
    calls = ObserverCalls([lambda step, time, cloud: times.append(time)], seen=0.5)
    for step, time in enumerate((0.5, 0.6, 0.6, 0.7)):
        assert not calls.give(step, time, small_cloud())
    assert times == [0.6, 0.7]


def test_schedules_see_the_cloud_between_steps() -> None:
    """Assert that due times inside a step are handed on with the cloud there, its end with the cloud of the end."""
    seen: list[tuple[float, float]] = []
    schedule = Every(time=0.25, observer=lambda step, time, cloud: seen.append((time, float(cloud.positions[0, 0]))))
    end = small_cloud()

    def between(time: float) -> ParticleCloud:
        return end.moved(0.0 * end.positions + time)

    assert not ObserverCalls([schedule]).offer((0, 0.0), 1, Advance(0.5, end, None, between))
    assert seen == [(0.25, 0.25), (0.5, float(end.positions[0, 0]))]
