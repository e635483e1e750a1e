"""The limit of zero temperature: its known numbers, its certificate, and the laws that come near it."""

import pytest
import torch

from limits.mean_field.rectified.coldest import piecewise_linear
from limits.mean_field.rectified.gibbs import ReLUGibbs
from tests.limits.mean_field.rectified.line_problems import places, random_points, rectifiers, three_points


def test_known_limit() -> None:
    """Assert that f is (.44, -.12, .34) with one knot, at zero, where the slope changes by 1.02."""
    limit = piecewise_linear(three_points(), 0.02)
    known = torch.tensor([[0.44], [-0.12], [0.34]], dtype=torch.float64)
    torch.testing.assert_close(limit.predictions, known, rtol=0.0, atol=1e-12)
    turns = limit.turns(-1.0, 1.0)
    assert list(turns) == pytest.approx([0.0], abs=1e-12)
    assert turns[next(iter(turns))] == pytest.approx(1.02, abs=1e-12)
    assert limit.gap < 1e-14


@pytest.mark.parametrize("seed", range(4))
def test_certificate_and_cold_laws(seed: int) -> None:
    """Assert that the duality gap is at rounding, and that laws come nearer to the limit as the temperature falls."""
    risk = random_points(3 + seed % 4, seed)
    limit = piecewise_linear(risk, 0.05)
    assert limit.gap < 1e-12
    x = places(-1.2, 1.2, 25)
    gaps = [float((ReLUGibbs(risk, t, 0.05).solve()(x) - limit(x)).abs().max()) for t in (1e-4, 1e-6, 1e-8)]
    assert gaps[1] < 0.15 * gaps[0]
    assert gaps[2] < 0.15 * gaps[1]


def test_knot_between_the_data() -> None:
    """Assert that a neuron with its kink between inputs is found where there is one."""
    risk = random_points(5, 2)
    limit = piecewise_linear(risk, 0.05)
    inputs = risk.data.inputs[:, 0]
    turns = limit.turns(float(inputs.min()), float(inputs.max()))
    between = [place for place in turns if float((inputs - place).abs().min()) > 1e-3]
    assert len(between) == 1


def test_enough_confinement_leaves_nothing() -> None:
    """Assert that the limit is zero where the confinement exceeds every |g|."""
    limit = piecewise_linear(three_points(), 10.0)
    assert len(limit.masses) == 0
    assert float(limit.predictions.abs().max()) == 0.0
    assert limit.gap == 0.0


def test_weights_of_data_count() -> None:
    """Assert that a datum twice is one with twice the weight."""
    one = piecewise_linear(rectifiers([0.0, 0.0, 1.0, -1.0], [1.0, 1.0, -0.5, 0.5]), 0.05)
    other = piecewise_linear(rectifiers([0.0, 1.0, -1.0], [1.0, -0.5, 0.5], [0.5, 0.25, 0.25]), 0.05)
    torch.testing.assert_close(one.predictions[1:], other.predictions, rtol=0.0, atol=1e-10)
