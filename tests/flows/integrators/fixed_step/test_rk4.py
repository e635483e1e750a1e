"""The classical Runge-Kutta method."""

from flows import RK4, Part, evolve
from tests.flows.contracts.members import INTEGRATORS
from tests.planted import OldMeasure
from tests.problems import Clock, Decay, MeanAttraction, small_cloud
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


def test_old_measure_would_show() -> None:
    """Assert that holding the measure in the inner stages changes the step by far more than rounding."""
    flow, cloud = MeanAttraction(), small_cloud()
    right = evolve(flow, cloud, RK4(0.2), until=0.2)
    stale = evolve(OldMeasure(flow, cloud), cloud, RK4(0.2), until=0.2)
    assert float((right.positions - stale.positions).abs().max()) > 1e-2


def test_speed_cubic_in_time_is_exact() -> None:
    """Assert that Simpson's rule integrates t^3 exactly and overestimates t^4 by h^4 / 120."""
    cubic = evolve(Clock(lambda time: time**3), small_cloud(), RK4(0.25), until=1.0)
    assert_identical(cubic.positions, small_cloud().positions + 0.25)
    quartic = evolve(Clock(lambda time: time**4), small_cloud(), RK4(0.25), until=1.0)
    assert_identical(quartic.positions, small_cloud().positions + (0.2 + 0.25**4 / 120.0))


def test_amplification_is_the_fourth_taylor_polynomial() -> None:
    """Assert that one step on d theta / dt = -theta multiplies by 1 - h + h^2/2 - h^3/6 + h^4/24."""
    size = 0.3
    taken = evolve(Decay(), small_cloud(), RK4(size), until=size)
    factor = 1.0 - size + size**2 / 2.0 - size**3 / 6.0 + size**4 / 24.0
    assert_identical(taken.positions, factor * small_cloud().positions)


def test_claims() -> None:
    """Assert that RK4 claims order 4 and transport only, and is under contract."""
    assert (RK4.order, RK4.handles) == (4.0, {Part.TRANSPORT})
    assert RK4 in INTEGRATORS
