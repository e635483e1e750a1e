"""The bump as a neuron: its layout, its refusals, and what it is beside a kernel density estimate."""

import pytest
import torch

from particles import Bump, CompactProfile, Dataset, MeanField, ParticleCloud, Risk, ShapeError, Squared
from particles.cloud import Stacked
from particles.ensemble.risk import EnsembleRisk
from tests.problems import numbers
from tests.tolerances import assert_identical


def test_all_coordinates_are_a_centre() -> None:
    """Assert that a position is the centre alone, trained, with one output that has no weight."""
    bump = Bump(3, 0.2)
    assert (bump.dim, bump.hidden, bump.outputs, bump.trained_columns) == (3, 3, 1, slice(0, 3))
    assert bump.groups == {"centre": slice(0, 3)}


def test_mean_field_network_is_the_kernel_density_estimate() -> None:
    """Assert that f(x) is the sum of masses times the density of N(theta_j, width^2 I) at x."""
    cloud = ParticleCloud(numbers(1, 4, 2), torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64))
    inputs = numbers(2, 5, 2)
    risk = Risk(Bump(2, 0.4), MeanField(), Squared(), Dataset(inputs, numbers(3, 5, 1)))
    squares = (inputs[:, None, :] - cloud.positions).square().sum(dim=2)
    expected = (torch.exp(-squares / 0.32) / (2.0 * torch.pi * 0.16)) @ cloud.masses
    assert_identical(risk.predictions(cloud)[:, 0], expected)


def test_bumps_hear_nothing_beyond_a_compact_profile() -> None:
    """Assert that a bump of width delta is zero at inputs farther away than that, and stands still."""
    bump = Bump(1, 0.5, CompactProfile())
    tangent = bump.tangent(torch.zeros(1, 1, dtype=torch.float64), torch.tensor([[0.49], [0.51]], dtype=torch.float64))
    assert (tangent.features()[0, :, 0] > 0.0).tolist() == [True, False]
    assert not tangent.pull(torch.ones(1, dtype=torch.float64), torch.tensor([[0.0], [1.0]], dtype=torch.float64)).any()


@pytest.mark.parametrize("width", [0.0, -0.1, float("nan"), float("inf")])
def test_a_width_that_is_not_positive_is_refused(width: float) -> None:
    """Assert that the width must be positive and finite."""
    with pytest.raises(ValueError, match="The width of Bump is .*, but a positive finite number is needed"):
        Bump(2, width)


def test_other_dimensions_are_refused() -> None:
    """Assert that inputs and particles of another dimension are refused with both numbers."""
    bump = Bump(2, 0.1)
    with pytest.raises(ShapeError, match="Inputs have 3 coordinates, but the bump has 2; make them agree"):
        bump.embed(numbers(1, 4, 3))
    with pytest.raises(ShapeError, match="Particles have 3 coordinates, but the bump needs 2"):
        bump.tangent(numbers(1, 4, 3), numbers(2, 4, 2))
    with pytest.raises(ValueError, match="The dim of Bump is 0, but a positive integer is needed"):
        Bump(0, 0.1)


def test_velocities_of_an_ensemble_are_those_of_its_members() -> None:
    """Assert that the risk of an ensemble of bumps gives every member the velocity of its own."""
    risk = Risk(Bump(2, 0.7), MeanField(), Squared(), Dataset(numbers(1, 9, 2), numbers(2, 9, 1)))
    clouds = [ParticleCloud(numbers(seed, 5, 2)) for seed in range(3, 6)]
    together = EnsembleRisk.of([risk] * 3).velocity(Stacked(clouds))
    assert_identical(together, torch.cat([risk.velocity(cloud) for cloud in clouds]))
