"""Fixed steps: the time grid, and where a step may come from."""

import math
from collections.abc import Callable

import pytest
import torch

from flows import RK4, Euler, EulerMaruyama, Every, Heun, StepNoise, evolve
from flows.integrators.fixed_step.grid import on_grid
from tests.problems import Clock, Still, small_cloud


def walked(size: float, until: float, time: float = 0.0) -> list[tuple[float, float]]:
    """Every (size, time reached) of a run."""
    taken = []
    while time < until:
        _, length, reached = Euler(size).next(time, until)
        assert reached > time, f"a step from {time} with {size} goes nowhere"
        taken.append((length, reached))
        time = reached
    return taken


def test_hundred_thousand_steps_end_where_they_should() -> None:
    """Assert that 100,000 steps of 0.1 are 100,000, each to a multiple of 0.1, and end at 10,000 exactly."""
    taken = walked(0.1, 10_000.0)
    assert len(taken) == 100_000
    assert all(reached == step * 0.1 for step, (_, reached) in enumerate(taken[:-1], start=1))
    assert taken[-1] == (0.1, 10_000.0)
    assert {length for length, _ in taken} == {0.1}


def test_evolve_takes_a_hundred_thousand_steps_exactly(without_shape_checks: None) -> None:
    """Assert that the loop counts 100,000 steps of 0.1 and that each of them is 0.1 long."""
    seen: list[tuple[int, float]] = []
    end = evolve(
        Clock(lambda time: 1.0),
        small_cloud(),
        Euler(0.1),
        until=10_000.0,
        observers=[Every(50_000, lambda step, time, cloud: seen.append((step, time)))],
    )
    assert seen == [(0, 0.0), (50_000, 5_000.0), (100_000, 10_000.0)]
    torch.testing.assert_close(end.positions, small_cloud().positions + 10_000.0, rtol=2e-11, atol=0.0)


@pytest.mark.parametrize(
    ("size", "until", "expected"),
    [
        (0.25, 1.0, [0.25, 0.5, 0.75, 1.0]),
        (0.1, 0.3, [0.1, 0.2, 0.3]),
        (0.3, 1.0, [0.3, 0.6, 0.3 * 3, 1.0]),
        (0.4, 0.1, [0.1]),
        (0.1, 0.1 + 1e-9, [0.1 + 1e-9]),
        (0.1, 0.1 - 1e-9, [0.1 - 1e-9]),
    ],
    ids=["multiple", "not a multiple in floating point", "shortened", "shorter than a step", "above", "below"],
)
def test_times_are_multiples_and_the_end(size: float, until: float, expected: list[float]) -> None:
    """Assert that all times but the last are multiples of the step, and the last is `until` to the bit; a difference
    below a millionth of a step is none."""
    assert [reached for _, reached in walked(size, until)] == expected


def test_last_step_is_as_long_as_it_must_be() -> None:
    """Assert that the shortened step has the length that is left, and all others have the step to the bit."""
    lengths = [length for length, _ in walked(0.3, 1.0)]
    assert lengths[:3] == [0.3, 0.3, 0.3]
    assert lengths[3] == pytest.approx(0.1, rel=1e-12)


def test_run_that_starts_off_the_grid_returns_to_it() -> None:
    """Assert that from 0.25 with steps of 0.1 the first step is a short one to 0.3."""
    taken = walked(0.1, 0.6, time=0.25)
    assert [reached for _, reached in taken] == [0.1 * 3, 0.4, 0.5, 0.6]
    assert taken[0][0] == pytest.approx(0.05, rel=1e-12)
    assert [length for length, _ in taken[1:]] == [0.1, 0.1, 0.1]


def test_grid_may_be_met_before_time_zero() -> None:
    """Assert that multiples are counted through negative times."""
    assert [reached for _, reached in walked(0.25, 0.5, time=-0.6)] == [-0.5, -0.25, 0.0, 0.25, 0.5]


@pytest.mark.parametrize(("time", "expected"), [(0.7, 0.1 * 7), (0.1 * 7, 0.1 * 7), (0.75, 0.75), (0.0, 0.0)])
def test_time_stands_for_the_multiple_it_is(time: float, expected: float) -> None:
    """Assert that 0.7 stands for 7 * 0.1, which is another number, and that a time off the grid stands for itself."""
    assert on_grid(0.1, time) == expected


def test_flow_is_asked_at_the_multiple() -> None:
    """Assert that a run continued at 0.7 asks for the velocity at 7 * 0.1, as the uninterrupted one does."""
    asked: list[float] = []

    def speed(time: float) -> float:
        """Note the time."""
        asked.append(time)
        return 1.0

    evolve(Clock(speed), small_cloud(), Euler(0.1), until=0.9, time=0.7, index=7)
    assert asked == [0.1 * 7, 0.1 * 8]


@pytest.mark.parametrize("step", [0.0, -0.1, math.inf, math.nan])
@pytest.mark.parametrize("make", [Euler, Heun, RK4, EulerMaruyama])
def test_impossible_step_is_refused(make: Callable[[float], object], step: float) -> None:
    """Assert that a step that is not positive and finite is refused where it is given."""
    with pytest.raises(ValueError, match=f"The step is {step!r}, but a positive finite number is needed"):
        make(step)


def test_impossible_step_in_the_call_is_refused() -> None:
    """Assert that `evolve` refuses it with the same sentence."""
    with pytest.raises(ValueError, match="The step is -0.1, but a positive finite number is needed"):
        evolve(Still(), small_cloud(), Euler(), until=1.0, step=-0.1)


def test_step_without_a_size_is_refused() -> None:
    """Assert that an integrator driven by hand refuses to begin without a step."""
    with pytest.raises(ValueError, match=r"RK4 was given no step; write RK4\(step=0.1\) or evolve\(..., step=0.1\)"):
        RK4().init(Still(), small_cloud())


def test_integrators_are_values() -> None:
    """Assert that equal kind and step are equal, another step or kind is not, and that a step gives a new value."""
    bare = Euler()
    assert bare.sized(0.1) == Euler(0.1) == Euler(step=0.1)
    assert bare == Euler()
    assert len({Euler(0.1), Euler(0.2), Heun(0.1), Euler(0.1)}) == 3
    assert repr(Euler(0.1)) == "Euler(step=0.1)" and eval(repr(Euler(0.1))) == Euler(0.1)


def test_step_by_hand_is_the_step_of_the_loop() -> None:
    """Assert that an integrator driven by hand reaches the cloud and the time that `evolve` does."""
    flow, integrator, cloud, time = Clock(lambda time: 1.0 + time), RK4(0.25), small_cloud(), 0.0
    state = integrator.init(flow, cloud)
    for index in range(4):
        taken = integrator.step(flow, cloud, state, time, 1.0, StepNoise(0, index))
        time, cloud, state = taken.time, taken.cloud, taken.state
    assert time == 1.0
    assert torch.equal(cloud.positions, evolve(flow, small_cloud(), integrator, until=1.0).positions)
