"""The scales that integrators in function space measure errors by."""

import math
from dataclasses import replace

import torch

from flows.integrators.error_controlled.step_control import Tolerance
from flows.integrators.function_space.error_scales import Scales
from flows.integrators.function_space.gauss_newton import GaussNewton
from particles import NTK, Dataset, Linear, Logistic
from tests.problems import network_cloud, network_risk

RISK = network_risk(NTK(), activation=Linear(), trained="hidden")
SIZES, COORDINATES = (3.0, 0.5), 24


def scales(dtype: torch.dtype = torch.float64) -> Scales:
    """Of linear neurons, before a run."""
    return Scales.of(GaussNewton.of(RISK, network_cloud(dtype=dtype)))


def test_nothing_has_been_gone_at_the_start() -> None:
    """Assert that no distance is foreseen: all that an error of the positions may be at the start is rounding.

    Of the function it is relative to the residual of the start, where the loss is squared, and to nothing elsewhere.
    """
    known = scales()
    residual = RISK.data.weights.sqrt()[:, None] * RISK.residual(network_cloud())
    assert known.distance == 0.0 and math.isclose(known.change, float(residual.norm()))
    assert known.judged((known.rounding, 0.0), COORDINATES, Tolerance(1e-3, 0.0)) == 1.0
    logistic = replace(RISK, loss=Logistic(), data=Dataset(RISK.data.inputs, RISK.data.targets.sign()))
    assert Scales.of(GaussNewton.of(logistic, network_cloud())).change == 0.0


def test_rounding_is_that_of_the_positions_and_of_what_they_make_of_the_function() -> None:
    """Assert that rounding positions to float32 moves positions and function by some of the units that are allowed."""
    narrow, wide = scales(torch.float32), network_cloud()
    rounded = wide.moved(wide.positions.float().double())
    moved = float((rounded.positions - wide.positions).norm())
    root = RISK.data.weights.sqrt()[:, None]
    blurred = float((root * (RISK.predictions(rounded) - RISK.predictions(wide))).norm())
    assert 1.0 < narrow.rounding / moved < 10.0
    assert 1.0 < narrow.blur / blurred < 30.0
    assert abs(scales().rounding / narrow.rounding / (torch.finfo(torch.float64).eps / 2.0**-23) - 1.0) < 1e-6


def test_distances_grow_and_never_shrink() -> None:
    """Assert that the farthest that positions and function have been counts."""
    far = scales().went(2.0, 5.0)
    assert (far.distance, far.change) == (2.0, 5.0)
    near = far.went(1.0, 6.0)
    assert (near.distance, near.change) == (2.0, 6.0)


def test_error_is_the_worse_of_positions_and_function() -> None:
    """Assert that each counts relative to how far it has been, and atol alike."""
    known = scales().went(2.0, 5.0)
    assert math.isclose(known.judged((SIZES[0], 0.0), COORDINATES, Tolerance(1e-3, 0.0)), SIZES[0] / 2e-3)
    assert math.isclose(known.judged((0.0, SIZES[1]), COORDINATES, Tolerance(1e-3, 0.0)), SIZES[1] / 5e-3)
    assert math.isclose(known.judged(SIZES, COORDINATES, Tolerance(1e-3, 0.0)), SIZES[0] / 2e-3)
    assert math.isclose(known.judged((SIZES[0], 0.0), COORDINATES, Tolerance(0.0, 1e-3)), SIZES[0] / (1e-3 * 24**0.5))


def test_broken_error_is_infinite_and_no_error_is_zero() -> None:
    """Assert that a number that is not finite is never within the tolerance, and zero always is, even of nothing."""
    nothing = Scales(network_cloud().positions, torch.zeros(7).double(), 0.0, 0.0)
    assert nothing.judged((math.nan, 0.0), COORDINATES, Tolerance(1e-3, 0.0)) == math.inf
    assert nothing.judged((0.0, 0.0), COORDINATES, Tolerance(1e-3, 0.0)) == 0.0
    assert nothing.judged((1.0, 0.0), COORDINATES, Tolerance(1e-3, 0.0)) == math.inf
