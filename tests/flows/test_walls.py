"""Boxes and balls: what is inside, the nearest point, the mirror image, and the exact law of a folded Gaussian step."""

import math
import re

import pytest
import torch
from torch import Tensor

from flows import Ball, Box, Walls
from particles import ShapeError
from tests.draws import normals
from tests.tolerances import QUADRATURE, assert_identical

SETS: list[Walls] = [
    Box(-1.0, 1.0),
    Box((-0.5, 0.0, -math.inf), (0.25, math.inf, math.inf)),
    Box(-math.inf, (0.5, 1.0, 0.2)),
    Ball(1.0),
    Ball(0.7, (0.1, -0.2, 0.3)),
]


def column(*numbers: float) -> Tensor:
    """Points on a line."""
    return torch.tensor(numbers, dtype=torch.float64)[:, None]


@pytest.mark.parametrize("walls", SETS, ids=repr)
def test_points_come_back_inside(walls: Walls) -> None:
    """Assert that points from far away are inside once projected or mirrored, and that those inside keep their bits."""
    points = 3.0 * normals(400, 3, seed=1)
    inside = walls.inside(points)
    assert 0 < int(inside.sum()) < 400
    for back in (walls.projected(points), walls.mirrored(points)):
        assert bool(walls.inside(back).all())
        assert torch.equal(back[inside], points[inside])
        assert not bool((back[~inside] == points[~inside]).all(dim=1).any())


@pytest.mark.parametrize("walls", SETS, ids=repr)
def test_projection_is_the_nearest_point(walls: Walls) -> None:
    """Assert that (x - P x) . (y - P x) <= 0 for every y inside, which only the nearest point satisfies."""
    points = 3.0 * normals(60, 3, seed=2)
    nearest, others = walls.projected(points), walls.projected(3.0 * normals(300, 3, seed=3))
    angles = torch.einsum("pq,poq->po", points - nearest, others[None] - nearest[:, None])
    assert float(angles.max()) < 1e-12


def test_mirror_images_are_written_out() -> None:
    """Assert that one, two and three reflections lead where a ray of light ends."""
    points = column(0.3, 1.4, -1.4, 2.9, 3.2, -3.2, 5.5)
    expected = column(0.3, 0.6, -0.6, -0.9, -0.8, 0.8, 0.5)
    assert_identical(Box(-1.0, 1.0).mirrored(points), expected)
    assert_identical(Ball(1.0).mirrored(points), expected)
    assert_identical(Box(0.0, math.inf).mirrored(points), points.abs())
    assert_identical(Box(-math.inf, 0.0).mirrored(points), -points.abs())


def test_mirror_images_in_a_ball_lie_behind_the_sphere() -> None:
    """Assert that the image of a point at distance r is at 2 R - r from the centre, in the same direction."""
    centre = torch.tensor([0.2, -0.1], dtype=torch.float64)
    direction = torch.tensor([0.6, 0.8], dtype=torch.float64)
    image = Ball(1.0, (0.2, -0.1)).mirrored((centre + 1.3 * direction)[None])
    assert_identical(image[0], centre + 0.7 * direction)


def test_folded_gaussian_step_has_the_law_of_reflected_brownian_motion() -> None:
    """Assert that E cos(k pi (theta - low) / s) after a step of variance t is exp(-(k pi / s)^2 t / 2) of the start.

    These are the eigenfunctions of the Laplacian between two walls with slope zero, so they fix the law. The mean over
    the Gaussian is a sum over equidistant nodes, which is exact to rounding for what is analytic and even at the walls.
    """
    low, high, start, deviation = -0.5, 1.0, 0.8, 2.0
    nodes = torch.linspace(-9.0, 9.0, 4001, dtype=torch.float64)
    weights = torch.exp(-0.5 * nodes.square())
    ends = Box(low, high).mirrored((start + deviation * nodes)[:, None])[:, 0]
    for k in range(1, 4):
        rate = k * math.pi / (high - low)
        found = float((weights / weights.sum()) @ torch.cos(rate * (ends - low)))
        assert abs(found - math.cos(rate * (start - low)) * math.exp(-0.5 * (rate * deviation) ** 2)) < QUADRATURE
        clipped = Box(low, high).projected((start + deviation * nodes)[:, None])[:, 0]
        assert abs(float((weights / weights.sum()) @ torch.cos(rate * (clipped - low))) - found) > 1e-3


@pytest.mark.parametrize("walls", SETS, ids=repr)
def test_what_is_not_finite_is_not_hidden(walls: Walls) -> None:
    """Assert that a particle that has diverged is neither inside nor brought back."""
    points = torch.full((2, 3), 0.05, dtype=torch.float64)
    points[0, 1], points[1, 2] = math.nan, math.inf
    for back in (walls.projected(points), walls.mirrored(points)):
        assert not bool(torch.isfinite(back).all(dim=1).any())


def test_rounding_of_float32_is_inside() -> None:
    """Assert that points on a wall stay inside when they are rounded, and float32 stays float32."""
    points = (3.0 * normals(200, 3, seed=4)).float()
    for walls in SETS:
        for back in (walls.projected(points), walls.mirrored(points)):
            assert back.dtype == torch.float32
            assert bool(walls.inside(back).all())


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.0, 1.0, "The box goes from 1.0 to 1.0, but low < high is needed in every coordinate"),
        ((0.0, 2.0), (1.0, 1.0), "low < high is needed"),
        (math.nan, 1.0, "low is nan, but a number is needed, which may be infinite"),
    ],
)
def test_boxes_that_are_none_are_refused(low: float, high: float, said: str) -> None:
    """Assert that a box needs low < high."""
    with pytest.raises(ValueError, match=said):
        Box(low, high)


def test_other_numbers_of_coordinates_are_refused() -> None:
    """Assert that walls with a number for each coordinate are not put around others."""
    points = torch.zeros(4, 2, dtype=torch.float64)
    with pytest.raises(ShapeError, match=re.escape("high (1.0, 1.0, 1.0), but there are 2 coordinates")):
        Box(0.0, (1.0, 1.0, 1.0)).inside(points)
    with pytest.raises(ShapeError, match="but there are 2 coordinates; give one"):
        Box((0.0, 0.0), (1.0, 1.0, 1.0))
    with pytest.raises(ShapeError, match="The centre of the ball has 3 coordinates, but points have 2"):
        Ball(1.0, (0.0, 0.0, 0.0)).projected(points)
    with pytest.raises(ValueError, match="The radius is 0.0, but a positive finite number is needed"):
        Ball(0.0)
