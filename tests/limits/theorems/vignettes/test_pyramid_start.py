"""How far training may move the layers of a pyramid, beside how far it does, and which width is enough."""

import math

import pytest
import torch

from limits.theorems import PyramidStart
from limits.theorems.vignettes.pyramid import Pyramid
from tests.limits.theorems.vignettes.pyramids import DATA, known, pyramid, steep


def test_layers_go_less_far_than_their_bound() -> None:
    """Assert that a reach of c promises a way of at most c times what is allowed, for a start where it is below 1."""
    risk, frames = known("steep")
    at, end = (Pyramid(risk).at(frames[place][1]) for place in (0, -1))
    allowed = 0.5 * float(at.singular[0, 0]) / float(torch.linalg.matrix_norm(at.features(0)[0], 2))
    way = float((end.weights(1) - at.weights(1)).norm())
    assert 0.0 < way <= PyramidStart.of(risk, frames[0][1]).reach * allowed


def test_reach_falls_with_the_readout_and_the_width() -> None:
    """Assert that it falls as the square of the readout from W_2 = 0, and is infinite where a layer is too narrow."""
    found = [PyramidStart.of(*steep(deviation)).reach for deviation in (1e6, 1e7)]
    assert found[0] / found[1] == pytest.approx(100.0, rel=1e-6)
    assert PyramidStart.of(*steep(1e6, width=200)).reach < found[0]
    assert PyramidStart.of(*steep(1e6, width=DATA - 1)).reach == float("inf")


def test_reach_is_that_of_its_formula() -> None:
    """Assert that with equal weights it is the ratio of ways that the docstring states, written out for L = 3."""
    start = PyramidStart.of(*pyramid())
    risk, cloud = pyramid()
    at = Pyramid(risk).at(cloud)
    x = at.features(0)[0]
    v1, v2, v3 = (float(torch.linalg.matrix_norm(at.weights(layer)[0], 2)) for layer in (1, 2, 3))
    first, third = at.singular[0].tolist()
    alpha = (0.5 - 0.5e-5) ** 2 * first**2 * third**2 / (16.0 * DATA)
    push = 2.0 * float(x.norm()) * math.sqrt(2.0 * float(risk(cloud)) / DATA) / alpha
    room = 0.5 * first / float(torch.linalg.matrix_norm(x, 2))
    v1, v3 = v1 + room, v3 + 0.5 * third
    v2 += push * v1 * v3
    assert start.reach == pytest.approx(max(push * v2 * v3 / room, push * v1 * v2 / (0.5 * third)), rel=1e-9)


def test_sufficient_width_is_where_the_reach_is_one() -> None:
    """Assert that the reach of the widened start is 1 there, and that the width itself does not enter."""
    start = PyramidStart.of(*pyramid((64, 4)))
    width = start.sufficient(64)
    assert start.widened(width / 64).reach == pytest.approx(1.0, rel=1e-9)
    assert start.widened(16.0).sufficient(16 * 64) == pytest.approx(width, rel=1e-9)
    assert PyramidStart.of(*pyramid((DATA - 1, 4))).sufficient(DATA - 1) == math.inf


def test_widening_is_what_wide_layers_do() -> None:
    """Assert that |V_1| and smin(F_1) of 64 times the units are those of the widened start, to a few parts in ten."""
    start, wide = (PyramidStart.of(*pyramid((width, 4))) for width in (1024, 64 * 1024))
    found = start.widened(64.0)
    for one, other in ((found.sizes[0], wide.sizes[0]), (found.singular[0], wide.singular[0])):
        assert one == pytest.approx(other, rel=0.3)


def test_a_start_of_several_networks_is_refused() -> None:
    """Assert that a cloud of two is named."""
    risk, frames = known("two")
    with pytest.raises(ValueError, match="The cloud has 2 networks; ask about one at a time"):
        PyramidStart.of(risk, frames[0][1])
