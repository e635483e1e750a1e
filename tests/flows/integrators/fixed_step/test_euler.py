"""Euler's method."""

import torch

from flows import Euler, GradientFlow, evolve
from particles import NTK, Linear, tangent_gram
from tests.problems import Clock, MeanAttraction, network_cloud, network_risk, small_cloud
from tests.tolerances import assert_identical


def test_step_is_position_plus_step_times_velocity() -> None:
    """Assert that one step is theta + h v(theta, t) with the velocity at the beginning of the step."""
    cloud, flow = small_cloud(), MeanAttraction()
    taken = evolve(flow, cloud, Euler(0.2), until=0.6, time=0.4)
    assert_identical(taken.positions, cloud.positions + 0.2 * flow.velocity(cloud, 0.4))


def test_constant_speed_is_exact() -> None:
    """Assert that a constant velocity is integrated exactly, and one that grows with time is not."""
    moved = evolve(Clock(lambda time: 3.0), small_cloud(), Euler(0.25), until=1.0)
    assert_identical(moved.positions, small_cloud().positions + 3.0)
    behind = evolve(Clock(lambda time: time), small_cloud(), Euler(0.25), until=1.0)
    assert_identical(behind.positions, small_cloud().positions + 0.375)


def test_stable_below_two_over_the_largest_rate() -> None:
    """Assert that with hidden linear neurons the residual decays at h = 1.9 / lambda_max(K P) and grows at 2.1."""
    risk, start = network_risk(NTK(), activation=Linear(), trained="hidden"), network_cloud()
    rates = torch.linalg.eigvals(tangent_gram(risk, start) * risk.data.weights).real
    for factor, grows in ((1.9, False), (2.1, True)):
        step = factor / float(rates.max())
        first, later = (evolve(GradientFlow(risk), start, Euler(step), until=count * step) for count in (60, 90))
        assert (float(risk(later)) > 2.0 * float(risk(first))) is grows
