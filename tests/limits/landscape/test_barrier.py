"""Barriers of paths whose highest point is known."""

import math

import pytest
import torch

from limits import Barrier, StraightPath, barrier
from limits.chaos import Observable
from particles import ParticleCloud, ShapeError

LINE = StraightPath(ParticleCloud(torch.zeros(1, 1).double()), ParticleCloud(torch.ones(1, 1).double()))


def place_of(cloud: ParticleCloud) -> float:
    """s itself."""
    return float(cloud.positions[0, 0])


def bump(top: float, width: float = 0.05) -> Observable:
    """A risk of height one at `top`, over a slope."""
    return lambda cloud: 0.3 * place_of(cloud) + math.exp(-(((place_of(cloud) - top) / width) ** 2))


@pytest.mark.parametrize("top", [0.31, 0.5, 0.777, 0.99])
def test_peaks_between_the_places_of_the_grid_are_found(top: float) -> None:
    """Assert that height and place of a peak are right to 1e-6 of it, which the grid alone misses by 1e-3 or more."""
    width = 0.05
    places = torch.linspace(max(0.0, top - width), min(1.0, top + width), 200_001, dtype=torch.float64)
    values = 0.3 * places + torch.exp(-(((places - top) / width) ** 2))
    found = barrier(LINE, bump(top, width))
    assert found.place == pytest.approx(float(places[values.argmax()]), abs=1e-4)
    assert found.height + max(found.ends) == pytest.approx(float(values.max()), abs=1e-6)
    grid = [bump(top, width)(LINE(k / 16)) for k in range(17)]
    assert top == 0.5 or max(grid) < found.height + max(found.ends) - 1e-3


def test_convex_constant_and_monotone_risks_have_no_barrier() -> None:
    """Assert that the height is zero to rounding, and that few places are looked at beside the grid."""
    for risk in (lambda c: (place_of(c) - 0.3) ** 2, lambda c: 2.0, place_of, lambda c: -place_of(c)):
        found = barrier(LINE, risk)
        assert found.height == 0.0 and len(found.places) < 70
    tilted = barrier(LINE, lambda c: 1.0 + 1e-14 * math.sin(1e3 * place_of(c)))
    assert tilted.height < 1e-13


def test_height_is_above_the_worse_end() -> None:
    """Assert that it is not the rise from the start, and that the curve begins and ends where the path does."""
    found = barrier(LINE, lambda c: 3.0 * place_of(c) + 4.0 * place_of(c) * (1.0 - place_of(c)))
    assert found.ends == (0.0, 3.0) and found.height == pytest.approx(49.0 / 16.0 - 3.0, abs=1e-6)
    assert found.place == pytest.approx(0.875, abs=1e-3)
    assert bool((found.places.diff() > 0.0).all())


def test_corners_of_a_path_are_looked_at() -> None:
    """Assert that a risk with its highest point in a corner off the grid, or just beside one, is found."""

    class Cornered:
        corners = (0.0, 1.0 / 3.0, 1.0)

        def __call__(self, place: float) -> ParticleCloud:
            return LINE(place)

    assert barrier(Cornered(), lambda c: -abs(place_of(c) - 1.0 / 3.0)).height == pytest.approx(1.0 / 3.0, abs=1e-12)
    beside = barrier(Cornered(), bump(0.34, 0.02))
    assert beside.height == pytest.approx(0.3 * 0.34 + 1.0 - 0.3, abs=1e-4)


def test_any_function_of_the_place_is_a_path() -> None:
    """Assert that a plain function will do, and that what it or the risk gives wrong is refused by name."""
    assert barrier(lambda place: LINE(place**2), lambda c: -((place_of(c) - 0.25) ** 2)).place == pytest.approx(
        0.5, abs=1e-3
    )
    with pytest.raises(TypeError, match="The path gave float at 0, but a ParticleCloud"):
        barrier(lambda place: place, place_of)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="risk of a cloud on the path is 'high', but a number"):
        barrier(LINE, lambda c: "high")  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="number of points is 2, but an integer of at least 3"):
        barrier(LINE, place_of, points=2)


def test_wrong_corners_and_curves_are_refused(without_shape_checks: None) -> None:
    """Assert that corners must rise from 0 to 1, and that a barrier has a risk for every place."""

    class Turned:
        corners = (0.0, 0.7, 0.4, 1.0)

        def __call__(self, place: float) -> ParticleCloud:
            return LINE(place)

    with pytest.raises(ValueError, match=r"corners of the path are \(0.0, 0.7, 0.4, 1.0\), but rising"):
        barrier(Turned(), place_of)
    with pytest.raises(ShapeError, match="3 places and 2 risks"):
        Barrier(torch.zeros(3).double(), torch.zeros(2).double())
