"""Shells of a ball: their volumes add up, and they halve where they are refined."""

import math

import pytest

from limits import Shells
from limits.mean_field.shells import unit_ball
from tests.tolerances import assert_identical


@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_volumes_are_those_of_the_ball(dim: int) -> None:
    """Assert that shells add up to the ball, and two refined ones to one."""
    shells = Shells(1.5, dim, 7)
    assert abs(float(shells.volumes.sum()) / (unit_ball(dim) * 1.5**dim) - 1.0) < 1e-12
    assert_identical(shells.refined.volumes.reshape(7, 2).sum(dim=1), shells.volumes)
    assert_identical(shells.centres, 0.5 * (shells.edges[1:] + shells.edges[:-1]))


def test_unit_balls_are_the_known_ones() -> None:
    """Assert that the volumes in one, two and three dimensions are 2, pi and 4 pi / 3."""
    for dim, volume in ((1, 2.0), (2, math.pi), (3, 4.0 * math.pi / 3.0)):
        assert abs(unit_ball(dim) / volume - 1.0) < 1e-12


def test_what_is_no_ball_is_refused() -> None:
    """Assert that radius, dim and number of shells are checked."""
    with pytest.raises(ValueError, match="The radius is -1.0, but a positive finite number is needed"):
        Shells(-1.0, 2, 10)
    with pytest.raises(ValueError, match="The dim of the ball is 0, but a positive integer is needed"):
        Shells(1.0, 0, 10)
    with pytest.raises(ValueError, match="The number of shells is 1, but an integer of at least 2 is needed"):
        Shells(1.0, 2, 1)
