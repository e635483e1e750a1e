"""The knot finder: the knots of the limit, their masses, and curvature that lies on none."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from limits.mean_field.rectified.coldest import piecewise_linear
from limits.mean_field.rectified.gibbs import ReLUGibbs
from limits.mean_field.rectified.knots import Knots, knots
from tests.limits.mean_field.rectified.line_problems import random_points, three_points


def test_known_knot() -> None:
    """Assert that there is one knot, at zero, of slope change 1.02, and sharper at lower temperature."""
    found = [knots(ReLUGibbs(three_points(), t, 0.02).solve()) for t in (1e-5, 1e-8)]
    for one in found:
        assert one.places.tolist() == pytest.approx([0.0], abs=1e-9)
    assert float(found[1].turns[0]) == pytest.approx(1.02, abs=1e-6)
    assert float(found[1].masses[0]) == pytest.approx(1.0, abs=1e-6)
    assert float(found[1].widths[0]) < 1e-7 < float(found[0].widths[0]) < 1e-3
    assert found[1].off < 1e-7 < found[0].off


@pytest.mark.parametrize("seed", [0, 2, 3, 6])
def test_knots_are_those_of_the_limit(seed: int) -> None:
    """Assert that knots at temperature 1e-8 lie where the piecewise linear limit turns, and turn as much."""
    risk = random_points(3 + seed % 4, seed)
    found = knots(ReLUGibbs(risk, 1e-8, 0.05).solve())
    low, high = float(risk.data.inputs.min()), float(risk.data.inputs.max())
    turns = piecewise_linear(risk, 0.05).turns(low, high, merged=0.01)
    turns = {place: change for place, change in turns.items() if abs(change) > 0.02 * found.total}
    assert found.places.tolist() == pytest.approx(list(turns), abs=1e-4)
    assert found.turns.tolist() == pytest.approx(list(turns.values()), abs=1e-4)


@pytest.mark.parametrize("temperature", [1e-1, 1e-3, 1e-5])
def test_minima_of_q_are_three_at_most_between_inputs(temperature: float) -> None:
    """Assert that no closed interval between inputs has more than three peaks, however light, at any temperature."""
    for seed in range(4):
        risk = random_points(6, seed)
        found = knots(ReLUGibbs(risk, temperature, 0.02).solve(), merged=1e-9, least=0.0)
        inputs = risk.data.inputs[:, 0].sort().values.tolist()
        assert max(found.between(low, high) for low, high in pairwise(inputs)) <= 3
        assert len(found.places) > 0


def test_masses_and_what_is_off_add_up() -> None:
    """Assert that the masses of knots and what lies on none are the whole, in a warm law too."""
    for temperature in (1e-2, 1e-5):
        found = knots(ReLUGibbs(random_points(5, 2), temperature, 0.02).solve(), least=0.0)
        assert float(found.masses.sum()) + found.off == pytest.approx(1.0, abs=1e-12)


def test_counting_between_inputs() -> None:
    """Assert that the ends of an interval belong to it."""
    law = ReLUGibbs(three_points(), 1e-6, 0.02).solve()
    none = torch.zeros(3, dtype=torch.float64)
    some: Knots = replace(
        knots(law), places=torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64), masses=none, turns=none, widths=none
    )
    assert (some.between(0.0, 1.0), some.between(0.5, 0.9), some.between(0.6, 0.9)) == (3, 1, 0)


def test_refusals() -> None:
    """Assert that an interval has a length."""
    with pytest.raises(ValueError, match="low < high is needed"):
        knots(ReLUGibbs(three_points(), 0.1, 0.3).solve(), 1.0, 1.0)
