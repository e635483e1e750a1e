"""Heun's method."""

from flows import Heun, Part, evolve
from tests.flows.contracts.members import INTEGRATORS
from tests.planted import OldMeasure
from tests.problems import Clock, Decay, MeanAttraction, small_cloud
from tests.tolerances import assert_identical


def test_second_stage_sees_the_moved_measure() -> None:
    """Assert that the second velocity is that of the whole cloud at the Euler point and at the end of the step."""
    flow, cloud, size = MeanAttraction(), small_cloud(), 0.2
    first = flow.velocity(cloud, 0.4)
    moved = cloud.moved(cloud.positions + size * first)
    taken = evolve(flow, cloud, Heun(size), until=0.6, time=0.4)
    assert_identical(taken.positions, cloud.positions + 0.5 * size * (first + flow.velocity(moved, 0.6)))


def test_old_measure_would_show() -> None:
    """Assert that holding the measure in the second stage changes the step by far more than rounding."""
    flow, cloud = MeanAttraction(), small_cloud()
    right = evolve(flow, cloud, Heun(0.2), until=0.2)
    stale = evolve(OldMeasure(flow, cloud), cloud, Heun(0.2), until=0.2)
    assert float((right.positions - stale.positions).abs().max()) > 1e-2


def test_speed_linear_in_time_is_exact() -> None:
    """Assert that the trapezoidal rule integrates t exactly and overestimates t^2 by h^2 / 6."""
    line = evolve(Clock(lambda time: time), small_cloud(), Heun(0.25), until=1.0)
    assert_identical(line.positions, small_cloud().positions + 0.5)
    square = evolve(Clock(lambda time: time**2), small_cloud(), Heun(0.25), until=1.0)
    assert_identical(square.positions, small_cloud().positions + (1.0 / 3.0 + 0.25**2 / 6.0))


def test_amplification_is_the_second_taylor_polynomial() -> None:
    """Assert that one step on d theta / dt = -theta multiplies by 1 - h + h^2 / 2."""
    taken = evolve(Decay(), small_cloud(), Heun(0.3), until=0.3)
    assert_identical(taken.positions, (1.0 - 0.3 + 0.3**2 / 2.0) * small_cloud().positions)


def test_claims() -> None:
    """Assert that Heun claims order 2 and transport only, and is under contract."""
    assert (Heun.order, Heun.handles) == (2.0, {Part.TRANSPORT})
    assert Heun in INTEGRATORS
