"""Runs are looked at after the same numbers of gradient steps, whichever integrator computes them."""

import pytest
import torch

from flows import LogSpaced
from particles import ParticleCloud
from runs.studies.asymmetric_scaling.schedule import GradientSteps, steps_at


def silent(step: int, time: float, cloud: ParticleCloud) -> None:
    """Take no notice."""


@pytest.mark.parametrize(("last", "count"), [(500, 30), (100_000, 60), (3, 2)])
def test_times_are_whole_steps_from_the_first_to_the_last(last: int, count: int) -> None:
    """Assert that the times are multiples of the step, each once, with both ends, and as many as there is room for."""
    times = GradientSteps(2.0, last, count, silent).times
    steps = times / 2.0
    assert steps[0] == 1.0 and steps[-1] == last
    assert (steps == steps.round()).all() and (steps[1:] > steps[:-1]).all()
    assert count // 2 <= len(steps) <= count


def test_descent_is_seen_at_the_steps_that_log_spacing_finds() -> None:
    """Assert that step by step the same states are due as with times rounded up by the loop."""
    ours, theirs = GradientSteps(2.0, 500, 30, silent), LogSpaced(2.0, 1000.0, 30, silent)
    for step in range(500):
        before, now = (step, 2.0 * step), (step + 1, 2.0 * (step + 1))
        assert bool(ours.due(before, now)) == bool(theirs.due(before, now))


def test_long_step_is_asked_for_every_moment_in_it_once() -> None:
    """Assert that two adjacent steps of an integrator share the moments between them, with their common end in one."""
    schedule = GradientSteps(2.0, 100, 12, silent)
    middle = float(schedule.times[4])
    first, second = schedule.due((0, 0.0), (1, middle)), schedule.due((1, middle), (2, 200.0))
    assert first + second == list(schedule.times) and first[-1] == middle


def test_observer_is_told_gradient_steps() -> None:
    """Assert that the 7th step of an integrator at time 24 is gradient step 12, and its answer is handed back."""
    seen: list[tuple[int, float]] = []

    def stop(step: int, time: float, cloud: ParticleCloud) -> bool:
        seen.append((step, time))
        return True

    cloud = ParticleCloud(torch.zeros(2, 3))
    assert GradientSteps(2.0, 100, 12, stop)(7, 24.0, cloud) is True
    assert seen == [(12, 24.0)]


@pytest.mark.parametrize(("time", "steps"), [(0.0, 0), (1.9, 0), (2.0, 1), (3 * 0.1, 3), (199999.9, 99_999)])
def test_steps_are_counted_whole(time: float, steps: int) -> None:
    """Assert that a step counts once it is done, rounding of its time apart."""
    assert steps_at(time, 0.1 if steps == 3 else 2.0) == steps
