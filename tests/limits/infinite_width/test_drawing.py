"""Clouds that users draw: what is refused."""

import pytest
import torch

from limits.infinite_width.drawing import drawn, half_of, part, renormalised
from particles import MassError, ParticleCloud, ShapeError
from tests.limits.infinite_width.toys import normal

HEAVY = ParticleCloud(torch.ones(4, 1, dtype=torch.float64), torch.tensor([0.5, 0.5, 0.0, 0.0], dtype=torch.float64))


def test_a_draw_is_a_cloud_of_the_width() -> None:
    """Assert that another thing or another width is refused with what came."""
    assert drawn(normal, 4, 0).count == 4
    with pytest.raises(TypeError, match=r"draw\(width, seed\) gave int, but a ParticleCloud is needed"):
        drawn(lambda width, seed: width, 4, 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(ShapeError, match=r"draw\(4, 1\) gave a cloud of 5 particles; return one of 4"):
        drawn(lambda width, seed: normal(5, seed), 4, 1)


def test_a_fine_cloud_has_a_half() -> None:
    """Assert that odd and other widths are refused."""
    assert half_of(8) == 4
    with pytest.raises(ValueError, match=r"A fine cloud of 5 particles has no half"):
        half_of(5)
    with pytest.raises(ValueError, match=r"The width of a fine cloud is 0, but an integer of at least 2"):
        half_of(0)


def test_a_half_has_mass_one() -> None:
    """Assert that masses are divided by their sum, and that a half without mass is refused."""
    assert renormalised(HEAVY, slice(0, 2)).masses.tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match=r"particles of mass zero only; take Nested\(\)"):
        renormalised(HEAVY, slice(2, 4))


def test_a_part_must_be_whole() -> None:
    """Assert that particles keep their masses in another order, and that some of them alone are no cloud."""
    assert part(HEAVY, torch.tensor([3, 2, 1, 0])).masses.tolist() == [0.0, 0.0, 0.5, 0.5]
    with pytest.raises(MassError, match=r"Masses sum to 0.5 instead of 1"):
        part(HEAVY, slice(0, 1))
