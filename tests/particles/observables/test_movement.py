"""Movements are distances from the start, and the effective count says how many particles carry the mass."""

import math

import pytest
import torch
from torch import Tensor

from particles import (
    Identity,
    LargestMovement,
    Linear,
    MassWeightedMovement,
    MeanMovement,
    ParticleCloud,
    Perceptron,
    ShapeError,
    effective_count,
    masses,
)
from tests.draws import normals, unequal
from tests.tolerances import assert_identical

START = ParticleCloud(normals(3, 2, seed=131), torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64))
#: Distances 5, 13 and 0.
END = START.moved(START.positions + torch.tensor([[3.0, -4.0], [5.0, 12.0], [0.0, 0.0]], dtype=torch.float64))
MOVEMENTS = [(MeanMovement, 6.0), (MassWeightedMovement, 5.75), (LargestMovement, 13.0)]


def number(value: float) -> Tensor:
    """A float64 scalar."""
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(("kind", "distance"), MOVEMENTS)
def test_movement_is_the_distance_moved(kind: type[MeanMovement], distance: float) -> None:
    """Assert that mean, mass-weighted and largest movement tell 5, 13 and 0 of masses 1/2, 1/4, 1/4 apart."""
    assert_identical(kind(START)(END), number(distance))
    assert_identical(kind(START)(START), number(0.0))


@pytest.mark.parametrize(
    ("kind", "distance"), [(MeanMovement, 8.0 / 3.0), (MassWeightedMovement, 2.75), (LargestMovement, 5.0)]
)
def test_movement_of_a_group_is_that_of_its_coordinates(kind: type[MeanMovement], distance: float) -> None:
    """Assert that one group is seen by its name, several together as all coordinates, and others are refused."""
    neuron = Perceptron(Linear(), Identity(1), trained="both")
    assert_identical(kind(START, "hidden", neuron)(END), number(distance))
    assert_identical(kind(START, ("output", "hidden"), neuron)(END), kind(START)(END))
    with pytest.raises(ValueError, match="groups to observe name 'bias', but the neuron's groups are 'hidden', 'out"):
        kind(START, "bias", neuron)
    with pytest.raises(TypeError, match="was given the group 'hidden' but no neuron that says which coordinates"):
        kind(START, "hidden")


def test_weighted_movement_takes_the_masses_at_hand() -> None:
    """Assert that the masses are those of the cloud, not those of the start."""
    reweighted = END.reweighted(masses.uniform(3))
    assert_identical(MassWeightedMovement(START)(reweighted), number(6.0))


@pytest.mark.parametrize(("kind", "distance"), MOVEMENTS)
def test_movement_follows_the_dtype_of_the_cloud(kind: type[MeanMovement], distance: float) -> None:
    """Assert that a float32 cloud is measured in float32 against a float64 start."""
    assert kind(START)(END.to(dtype=torch.float32)).dtype == torch.float32


@pytest.mark.parametrize(("kind", "distance"), MOVEMENTS)
def test_movement_of_other_particles_is_refused(kind: type[MeanMovement], distance: float) -> None:
    """Assert that clouds of different size are refused with both shapes."""
    with pytest.raises(
        ShapeError, match=r"The start has shape \(3, 2\) but the cloud \(4, 2\); movement compares the same"
    ):
        kind(START)(ParticleCloud(normals(4, 2, seed=132)))


def test_effective_count_is_the_inverse_of_concentrated_mass() -> None:
    """Assert that equal masses count all, one heavy mass counts one, and half of them massless counts the others."""
    positions = normals(6, 1, seed=136)
    one = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    half = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], dtype=torch.float64) / 3.0
    for lam, count in [(masses.uniform(6), 6.0), (one, 1.0), (half, 3.0)]:
        assert_identical(effective_count(ParticleCloud(positions, lam)), number(count))
    assert 1.0 < float(effective_count(ParticleCloud(positions, unequal(6)))) < 6.0


def test_effective_count_of_zipf_masses_stays_finite() -> None:
    """Assert that with index 1/2 a million particles weigh like two and a half: 1 / (2/5), to the tail 1/m."""
    cloud = ParticleCloud(torch.zeros(1_000_000, 1, dtype=torch.float64), masses.zipf(1_000_000, 0.5))
    assert math.isclose(float(effective_count(cloud)), 2.5, abs_tol=1e-5)
