"""Rates that are promised, and slopes that do not keep them."""

import math
from dataclasses import replace
from typing import Any

import pytest

from limits import Slope
from limits.theorems import Asymptotics, Verdict, agreement, convolution_distance, kernel_distance_rate
from particles import Erf, ReLU

SIZES = Asymptotics(Erf(), "both", (25, 50, 100), (3000,) * 3, (math.inf,) * 3, (0.5,) * 3, (80.0, 190.0, 400.0))
FALLS, FLAT, RISES = Slope(-0.9, -1.0, -0.8), Slope(-0.1, -0.3, 0.1), Slope(0.5, 0.4, 0.6)


@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
def test_a_gap_must_fall(trained: str) -> None:
    """Assert that a gap that falls with d agrees, one that rises violates, and one that may do either is undecided."""
    sizes = replace(SIZES, trained=trained)
    verdicts = [agreement(sizes, slope).verdict for slope in (FALLS, FLAT, RISES)]
    assert verdicts == [Verdict.HOLDS, Verdict.UNDECIDED, Verdict.VIOLATED]
    assert not agreement(sizes, FALLS).proven


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({"data": (20, 3000, 3000)}, "n > d for every d"),
        ({"particles": (256.0, 256.0, 64.0)}, "m > d^1 for every d"),
        ({"activation": ReLU(), "particles": (256.0, 4096.0, 16384.0)}, "m > d^2 for every d"),
        ({"activation": ReLU(), "steps": (0.5, 0.5, 2.0)}, "steps of at most 1"),
        ({"steps": (0.5, 0.5, 26.0)}, "steps of at most 25"),
        ({"until": (170.0, 190.0, 400.0)}, "times of at most 2 d log d"),
    ],
)
def test_sizes_that_the_theorem_does_not_allow_are_told(change: dict[str, Any], failing: str) -> None:
    """Assert that data, width, steps and times each have their condition, sharper where E sigma(g) is not zero."""
    assert agreement(replace(SIZES, **change), FALLS).failing == (failing,)


def test_first_layers_do_not_mind_the_mean() -> None:
    """Assert that m > d suffices for ReLU where hidden weights alone are trained."""
    sizes = replace(SIZES, activation=ReLU(), trained="hidden", particles=(256.0,) * 3)
    assert agreement(sizes, FALLS).verdict is Verdict.HOLDS


@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
def test_kernels_must_come_nearer_than_they_shrink(trained: str) -> None:
    """Assert that the distance falls faster than n/d, by as much as is asked for."""
    near, level = Slope(-1.26, -1.3, -1.2), Slope(-0.7, -0.75, -0.65)
    assert kernel_distance_rate(trained, near).verdict is Verdict.HOLDS
    assert kernel_distance_rate(trained, near, least=0.25).verdict is Verdict.UNDECIDED
    assert kernel_distance_rate(trained, level).verdict is Verdict.VIOLATED
    assert convolution_distance(near).verdict is Verdict.HOLDS
    assert convolution_distance(level).verdict is Verdict.VIOLATED
