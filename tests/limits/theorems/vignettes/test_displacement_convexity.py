"""Displacement convexity: it holds along the limit, fails where its assumptions do, and planted decays violate it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from limits import Interval, PorousMedium, Shells
from limits.mean_field.shells import unit_ball
from limits.theorems import Verdict, convexity_rate, decay_to_floor, displacement_convexity
from particles import ShapeError

TIMES = np.linspace(0.0, 1.5, 16).tolist()
MEDIUM = PorousMedium(lambda x: 0.75 * (1.0 - x.square()), Interval(-1.0, 1.0, 60))


def aside(x: Tensor) -> Tensor:
    """N(0.4, 0.25^2), up to a factor."""
    return torch.exp(-0.5 * ((x - 0.4) / 0.25).square())


def test_bound_holds_and_is_nearly_met() -> None:
    """Assert that L falls by exp(-3 t) at least on [-1, 1], with f = 3/4 (1 - x^2), and hardly more in the end."""
    result = displacement_convexity(MEDIUM.solve(aside, TIMES), 1.5)
    assert convexity_rate(MEDIUM, 1.5) == 3.0
    assert result.verdict is Verdict.HOLDS and result.proven and 0.0 < result.margin < 0.05


@pytest.mark.parametrize("dim", [2, 3])
def test_bound_holds_in_balls(dim: int) -> None:
    """Assert that the same holds for f = c (1 - |x|^2) in the unit ball, mu = 2 c, from a start of equal density."""
    c = 0.5 * (dim + 2) / unit_ball(dim)
    medium = PorousMedium(lambda r: c * (1.0 - r.square()), Shells(1.0, dim, 60))
    assert displacement_convexity(medium.solve(torch.ones_like, TIMES), 2.0 * c).verdict is Verdict.HOLDS


@pytest.mark.parametrize("factor", [1.5, 1.0])
def test_planted_slow_decay_violates_it(factor: float) -> None:
    """Assert that a solution whose clock runs faster than the equation says, 1.5 times as fast, is a violation."""
    solution = MEDIUM.solve(aside, TIMES)
    verdict = displacement_convexity(replace(solution, times=factor * solution.times), 1.5).verdict
    assert verdict is (Verdict.HOLDS if factor == 1.0 else Verdict.VIOLATED)


def test_assumptions_are_looked_at() -> None:
    """Assert that a larger mu, another integral and a temperature are found, each under its name."""
    faults = {
        "f is mu-strongly concave": (MEDIUM, 1.6),
        "f >= 0 with integral one": (replace(MEDIUM, target=lambda x: 0.8 - 0.75 * x.square()), 1.5),
        "no temperature": (replace(MEDIUM, temperature=0.1), 1.5),
    }
    for text, (medium, concavity) in faults.items():
        result = displacement_convexity(medium.solve(aside, [0.0, 0.1]), concavity)
        assert result.verdict is Verdict.ASSUMPTION_FAILS and result.failing == (text,)
    hollow = PorousMedium(lambda r: torch.full_like(r, 1.0 / math.pi), Shells(1.0, 2, 20))
    assert "f is mu-strongly concave" in displacement_convexity(hollow.solve(torch.ones_like, [0.0, 0.1]), 1.0).failing


def test_particles_fall_to_their_floor() -> None:
    """Assert that decay to a floor holds with that floor and is violated by a slower decay, or without the floor."""
    times = torch.linspace(0.0, 3.0, 13, dtype=torch.float64)
    excess = 0.3 * torch.exp(-3.2 * times) + 0.01 * (1.0 - torch.exp(-times))
    assert decay_to_floor(times, excess, 3.0, 0.01).verdict is Verdict.HOLDS
    assert decay_to_floor(times, excess, 3.0, 0.005).verdict is Verdict.VIOLATED
    assert decay_to_floor(times, 0.3 * torch.exp(-2.5 * times), 3.0, 0.001).verdict is Verdict.VIOLATED


def test_wrong_numbers_are_refused() -> None:
    """Assert that a concavity, a rate and a floor are checked, and that there is one risk for each time."""
    with pytest.raises(ValueError, match="The concavity mu is 0.0, but a positive finite number is needed"):
        convexity_rate(MEDIUM, 0.0)
    two = torch.tensor([0.0, 1.0], dtype=torch.float64)
    with pytest.raises(ValueError, match="The floor is -1.0, but a finite non-negative number is needed"):
        decay_to_floor(two, two, 1.0, -1.0)
    with pytest.raises(ShapeError, match="There are 2 times with 1 risks; give one for each of two times or more"):
        decay_to_floor(two, two[:1], 1.0, 0.0)
