"""The classical Runge-Kutta method."""

from flows import RK4, evolve
from tests.problems import Clock, MeanAttraction, small_cloud
from tests.tolerances import assert_identical


def test_every_stage_sees_the_moved_measure() -> None:
    """Assert that one step is the tableau written out with whole clouds at t, t + h/2, t + h/2, t + h."""
    flow, cloud, size, time = MeanAttraction(), small_cloud(), 0.2, 0.4
    start = cloud.positions
    first = flow.velocity(cloud, time)
    second = flow.velocity(cloud.moved(start + 0.1 * first), time + 0.1)
    third = flow.velocity(cloud.moved(start + 0.1 * second), time + 0.1)
    fourth = flow.velocity(cloud.moved(start + 0.2 * third), time + 0.2)
    taken = evolve(flow, cloud, RK4(size), until=0.6, time=time)
    assert_identical(taken.positions, start + (first / 6 + second / 3 + third / 3 + fourth / 6) * size)


def test_speed_cubic_in_time_is_exact() -> None:
    """Assert that Simpson's rule integrates t^3 exactly and overestimates t^4 by h^4 / 120."""
    cubic = evolve(Clock(lambda time: time**3), small_cloud(), RK4(0.25), until=1.0)
    assert_identical(cubic.positions, small_cloud().positions + 0.25)
    quartic = evolve(Clock(lambda time: time**4), small_cloud(), RK4(0.25), until=1.0)
    assert_identical(quartic.positions, small_cloud().positions + (0.2 + 0.25**4 / 120.0))
