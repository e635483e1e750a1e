"""Heun's method."""

from flows import Heun, evolve
from tests.problems import Clock, MeanAttraction, small_cloud
from tests.tolerances import assert_identical


def test_second_stage_sees_the_moved_measure() -> None:
    """Assert that the second velocity is that of the whole cloud at the Euler point and at the end of the step."""
    flow, cloud, size = MeanAttraction(), small_cloud(), 0.2
    first = flow.velocity(cloud, 0.4)
    moved = cloud.moved(cloud.positions + size * first)
    taken = evolve(flow, cloud, Heun(size), until=0.6, time=0.4)
    assert_identical(taken.positions, cloud.positions + 0.5 * size * (first + flow.velocity(moved, 0.6)))


def test_speed_linear_in_time_is_exact() -> None:
    """Assert that the trapezoidal rule integrates t exactly and overestimates t^2 by h^2 / 6."""
    line = evolve(Clock(lambda time: time), small_cloud(), Heun(0.25), until=1.0)
    assert_identical(line.positions, small_cloud().positions + 0.5)
    square = evolve(Clock(lambda time: time**2), small_cloud(), Heun(0.25), until=1.0)
    assert_identical(square.positions, small_cloud().positions + (1.0 / 3.0 + 0.25**2 / 6.0))
