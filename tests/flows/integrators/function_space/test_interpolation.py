"""Interpolation weights: exact on polynomials of their degree, in value and slope, and sums that write to nothing."""

import pytest
import torch

from flows.integrators.function_space.interpolation import combination, slopes, weights
from tests.tolerances import assert_identical

TIMES = (1.3, 1.0, 0.2, -0.1, -0.9)
COEFFICIENTS = (0.7, -1.1, 0.4, 2.0, -0.6)


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("time", [1.9, 0.5])
def test_polynomials_of_the_degree_are_reproduced(count: int, time: float) -> None:
    """Assert that value and slope of a polynomial of degree count - 1 come out at a time that is no grid point."""
    powers, times = range(count), TIMES[:count]
    held = [torch.tensor([sum(COEFFICIENTS[p] * t**p for p in powers)], dtype=torch.float64) for t in times]
    value = sum(COEFFICIENTS[p] * time**p for p in powers)
    slope = sum(p * COEFFICIENTS[p] * time ** (p - 1) for p in powers if p > 0)
    assert float(combination(weights(times, time), held)) == pytest.approx(value, abs=1e-12)
    assert float(combination(slopes(times, time), held)) == pytest.approx(slope, abs=1e-12)


def test_a_grid_point_is_met_exactly() -> None:
    """Assert that at one of the times the weights are one there and zero elsewhere, bit for bit."""
    assert weights(TIMES, TIMES[2]) == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_sum_is_a_new_tensor() -> None:
    """Assert that a combination is sum c_i theta_i and that no tensor given is written to, a single one included."""
    held = [torch.arange(6.0).reshape(2, 3) + i for i in range(3)]
    before = [tensor.clone() for tensor in held]
    assert_identical(combination([2.0, -1.0, 0.5], held), 2.0 * held[0] - held[1] + 0.5 * held[2])
    combination([3.0], held[:1]).zero_()
    assert all(torch.equal(now, then) for now, then in zip(held, before, strict=True))
