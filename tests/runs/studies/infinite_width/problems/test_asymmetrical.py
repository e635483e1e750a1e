"""Asymmetrical clouds at the start and trained."""

import math

import torch

from limits import Nested
from particles import generator
from runs.studies.infinite_width.problems.asymmetrical import (
    ALPHA,
    CHANGE,
    GAMMA,
    INPUTS,
    SQUARE,
    start_kernel,
    training,
    transform,
)
from tests.runs.studies.infinite_width.small import Clouds
from tests.tolerances import PLANTED_Z, Z, z_score


def test_transform_is_that_of_sums_of_coins() -> None:
    """Assert that E exp(-rate K) is its mean over draws of K, whose parts are c or zero, and not exp(-rate E K)."""
    masses = torch.arange(1, 2001, dtype=torch.float64) ** (-1.0 / ALPHA)
    coins = torch.from_numpy(generator(0, "coins").random((1000, 2000)) < 0.5).double()
    draws = GAMMA / 2.0 + (1.0 - GAMMA) * coins @ (masses / masses.sum())
    assert abs(z_score(torch.exp(-4.0 * draws), transform(4.0, 1.0))) < Z
    assert abs(z_score(torch.exp(-4.0 * draws), math.exp(-2.0))) > PLANTED_Z


def test_kernels_at_the_start_have_the_law_of_the_limit() -> None:
    """Assert that mean, variance and transform of clouds are the limit's, and not those of equal masses."""
    question = start_kernel()
    exact = question.exact()
    clouds = Clouds.of(question, 128, 150)
    assert max(clouds.scores(exact).values()) < Z
    assert clouds.scores({**exact, "Var K": 0.0})["Var K"] > PLANTED_Z


def test_trained_clouds_start_at_zero_and_are_nested() -> None:
    """Assert that pairs of opposite sign have one mass, and that wider clouds begin with the same particles."""
    question = training(GAMMA)
    cloud, narrow = question.draw(16, 3), question.draw(8, 3)
    assert torch.equal(cloud.positions[:8], narrow.positions)
    assert torch.equal(cloud.masses[0::2], cloud.masses[1::2])
    assert torch.equal(cloud.positions[0::2, :INPUTS], cloud.positions[1::2, :INPUTS])
    assert torch.equal(cloud.positions[0::2, INPUTS:], -cloud.positions[1::2, INPUTS:])
    assert isinstance(question.coupling, Nested) and training(1.0).names == (SQUARE,)


def test_quantities_are_of_the_change() -> None:
    """Assert that nothing has changed at the start, and that the square is that of the change."""
    question = training(GAMMA)
    start = question.draw(16, 0)
    other = question.draw(16, 1)
    found = {name: float(quantity(start, other)) for name, quantity in question.quantities.items()}
    assert float(question.quantities[CHANGE](start, start)) == 0.0
    assert math.isclose(found[SQUARE], found[CHANGE] ** 2) and found[CHANGE] > 0.0
    assert math.isclose(found["movement"], float((start.positions[0] - other.positions[0]).norm()))
