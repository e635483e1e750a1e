"""Steps with their velocities: the cloud in between, and sums of velocities for one cloud and for members."""

import math

import torch

from flows.integrators.explicit_step import Cubic, added, combined
from particles.shapes import Positions, Velocity
from tests.problems import ATTRACTIONS, MeanAttraction, numbers, small_cloud
from tests.tolerances import ORDER, assert_identical

START, VELOCITY = numbers(1, 3, 10), numbers(2, 3, 10)


def test_cubic_has_order_three() -> None:
    """Assert that between exact positions and velocities the error of the cubic falls as h^4."""
    for flow in ATTRACTIONS:
        start, errors = small_cloud(), []
        for size in (0.05, 0.025):
            end = start.moved(flow.exact(start, size))
            velocities = (flow.velocity(start, 0.0), flow.velocity(end, size))
            middle = Cubic(start, 0.0, size, end.positions, velocities).at(0.4 * size)
            errors.append(float((middle.positions - flow.exact(start, 0.4 * size)).norm()))
        assert abs(math.log2(errors[0] / errors[1]) - (Cubic.order + 1.0)) < ORDER


def test_cubic_paths_are_reproduced() -> None:
    """Assert that a cubic path is reproduced, at another time than zero and with a size other than one."""
    start, size = small_cloud(), 0.5
    direction = start.positions.sin()

    def path(s: float) -> tuple[Positions, Velocity]:
        return start.positions + direction * (s - s**2 + 2.0 * s**3), direction * (1.0 - 2.0 * s + 6.0 * s**2)

    end, velocities = path(size)[0], (path(0.0)[1], path(size)[1])
    assert_identical(Cubic(start, 2.0, size, end, velocities).at(2.3).positions, path(0.3)[0])


def test_columns_are_numbers_for_each_row() -> None:
    """Assert that a column adds to every row what its number adds to one."""
    weights = [0.3, -2.0, 0.0]
    result = added(START.clone(), VELOCITY, torch.tensor(weights, dtype=torch.float64)[:, None])
    for row, weight in enumerate(weights):
        assert_identical(result[row], added(START[row].clone(), VELOCITY[row], weight))


def test_combination_writes_into_nothing() -> None:
    """Assert that start + h sum_i b_i v_i is a new tensor."""
    start, velocity = small_cloud().positions, MeanAttraction().velocity(small_cloud(), 0.0)
    copies = start.clone(), velocity.clone()
    result = combined(start, [velocity, velocity], (0.5, 0.25), 2.0)
    assert_identical(result, copies[0] + 1.5 * copies[1])
    assert torch.equal(start, copies[0])
    assert torch.equal(velocity, copies[1])
