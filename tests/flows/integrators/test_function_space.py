"""The scales that integrators in function space measure errors by."""

import math

import torch

from flows.gauss_newton import GaussNewton
from flows.integrators.control import Tolerance
from flows.integrators.function_space import Scales
from particles import NTK, Linear
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import assert_identical

RISK = network_risk(NTK(), activation=Linear(), trained="hidden")


def scales(span: float) -> Scales:
    """Of linear neurons."""
    return Scales.of(GaussNewton.of(RISK, network_cloud()), span)


def test_distance_of_a_short_run_is_velocity_times_time() -> None:
    """Assert that the predicted distance of a short run is |h F|, and that longer runs go farther, not for ever."""
    speed = float(RISK.velocity(network_cloud()).norm())
    assert abs(scales(1e-6).distance / (1e-6 * speed) - 1.0) < 1e-5
    assert scales(1.0).distance < scales(1e3).distance < scales(1e9).distance < 1e6 * scales(1.0).distance


def test_distance_follows_a_cloud_that_went_farther() -> None:
    """Assert that the distance is the larger of prediction and what has been moved, and never shrinks."""
    start, first = network_cloud(), scales(1.0)
    step = 10.0 * first.distance / math.sqrt(start.positions.numel())
    far = first.reached(start.moved(start.positions + step))
    assert abs(far.distance / (10.0 * first.distance) - 1.0) < 1e-12
    assert far.reached(start).distance == far.distance


def test_error_is_the_worse_of_positions_and_function() -> None:
    """Assert that positions count relative to the distance, the function relative to the residual, and atol alike."""
    known = scales(1.0)
    vector, change, still = numbers(1, 6, 4), numbers(2, 7), torch.zeros(6, 4).double()
    by_position = known.error(network_cloud(), vector, torch.zeros(7).double(), Tolerance(1e-3, 0.0))
    by_function = known.error(network_cloud(), still, change, Tolerance(1e-3, 0.0))
    assert_identical(torch.tensor(by_position), vector.norm().float() / (1e-3 * known.distance))
    assert_identical(torch.tensor(by_function), change.norm().float() / (1e-3 * known.residual))
    assert known.error(network_cloud(), vector, change, Tolerance(1e-3, 0.0)) == max(by_position, by_function)
    absolute = known.error(network_cloud(), vector, torch.zeros(7).double(), Tolerance(0.0, 1e-3))
    assert_identical(torch.tensor(absolute), vector.norm().float() / (1e-3 * math.sqrt(24.0)))


def test_broken_error_is_infinite_and_no_error_is_zero() -> None:
    """Assert that a number that is not finite is never within the tolerance, and zero always is, even of nothing."""
    nothing = Scales(network_cloud().positions, 0.0, 0.0)
    zero, broken = torch.zeros(6, 4).double(), torch.full((6, 4), math.nan, dtype=torch.float64)
    assert nothing.error(network_cloud(), broken, torch.zeros(7).double(), Tolerance(1e-3, 0.0)) == math.inf
    assert nothing.error(network_cloud(), zero, torch.zeros(7).double(), Tolerance(1e-3, 0.0)) == 0.0
    assert nothing.error(network_cloud(), zero + 1.0, torch.zeros(7).double(), Tolerance(1e-3, 0.0)) == math.inf
