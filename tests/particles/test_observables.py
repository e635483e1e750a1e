"""Observables are the numbers their docstrings say, on clouds where those are known."""

import math

import pytest
import torch
from torch import Tensor

from particles import (
    Alignment,
    Dataset,
    GramChange,
    Identity,
    LargestMovement,
    Linear,
    MassWeightedMovement,
    MeanField,
    MeanMovement,
    ParticleCloud,
    Perceptron,
    Risk,
    ShapeError,
    SmallestEigenvalue,
    Squared,
    effective_count,
    masses,
    tangent_gram,
)
from tests.draws import normals, unequal
from tests.particles.contracts.plain import example
from tests.tolerances import assert_identical

START = ParticleCloud(normals(3, 2, seed=131), torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64))
#: Distances 5, 13 and 0.
END = START.moved(START.positions + torch.tensor([[3.0, -4.0], [5.0, 12.0], [0.0, 0.0]], dtype=torch.float64))
MOVEMENTS = [(MeanMovement, 6.0), (MassWeightedMovement, 5.75), (LargestMovement, 13.0)]


def number(value: float) -> Tensor:
    """A float64 scalar."""
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(
    ("kind", "distance"), [(MeanMovement, 8 / 3), (MassWeightedMovement, 2.75), (LargestMovement, 5.0)]
)
def test_movement_of_a_group_is_that_of_its_coordinates(kind: type[MeanMovement], distance: float) -> None:
    """Assert that one group is seen by its name, several together as all coordinates, and others are refused."""
    neuron = Perceptron(Linear(), Identity(1), trained="both")
    assert_identical(kind(START, "hidden", neuron)(END), number(distance))
    assert_identical(kind(START, ("output", "hidden"), neuron)(END), kind(START)(END))
    with pytest.raises(
        ValueError, match="groups to observe name 'bias', but the neuron's groups are 'hidden', 'output'"
    ):
        kind(START, "bias", neuron)
    with pytest.raises(TypeError, match="was given the group 'hidden' but no neuron that says which coordinates"):
        kind(START, "hidden")


@pytest.mark.parametrize(("kind", "distance"), MOVEMENTS)
def test_movement_is_the_distance_moved(kind: type[MeanMovement], distance: float) -> None:
    """Assert that mean, mass-weighted and largest movement tell 5, 13 and 0 of masses 1/2, 1/4, 1/4 apart."""
    assert_identical(kind(START)(END), number(distance))
    assert_identical(kind(START)(START), number(0.0))


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


def test_gram_change_is_the_spectral_norm() -> None:
    """Assert that the largest absolute eigenvalue of the change is told, a negative one as well."""
    risk, cloud = example()
    inputs = normals(4, 3, seed=133)
    moved = cloud.moved(0.5 * cloud.positions)
    change = tangent_gram(risk, moved, inputs) - tangent_gram(risk, cloud, inputs)
    largest = torch.linalg.matrix_norm(change, ord=2)
    assert float(torch.linalg.eigvalsh(change)[0]) == pytest.approx(-float(largest))
    assert_identical(GramChange(risk, cloud, inputs)(moved), largest)
    assert_identical(GramChange(risk, moved, inputs)(cloud), largest)
    assert_identical(GramChange(risk, cloud, inputs)(cloud), number(0.0))


def test_smallest_eigenvalue_is_the_smallest() -> None:
    """Assert that the eigenvalue is that of the Gram matrix, and zero with fewer trained coordinates than data."""
    risk, cloud = example()
    inputs = normals(3, 3, seed=134)
    expected = torch.linalg.svdvals(tangent_gram(risk, cloud, inputs))[-1]
    assert expected > 1e-6
    assert_identical(SmallestEigenvalue(risk, inputs)(cloud), expected, operations=1e5)
    many = SmallestEigenvalue(risk, normals(30, 3, seed=135))(cloud)
    assert abs(float(many)) < 1e3 * torch.finfo(torch.float64).eps


def test_alignment_is_the_formula() -> None:
    """Assert that y^T K y / (|K|_F |y|^2) is told for several outputs, on the risk's own data."""
    risk, cloud = example()
    y, gram = risk.data.targets.flatten(), tangent_gram(risk, cloud)
    expected = (y @ gram @ y) / (torch.linalg.matrix_norm(gram) * y.norm() ** 2)
    assert 0.0 < float(expected) < 1.0
    assert_identical(Alignment(risk)(cloud), expected)


@pytest.mark.parametrize(("target", "alignment"), [(1.0, 1.0), (-1.0, 0.0)], ids=["along", "across"])
def test_alignment_has_its_ends(target: float, alignment: float) -> None:
    """Assert that a kernel of rank one is aligned with its own direction by one, and across it by zero."""
    inputs = torch.tensor([[1.0], [1.0]], dtype=torch.float64)
    targets = torch.tensor([1.0, target], dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1)), MeanField(), Squared(), Dataset(inputs, targets))
    assert_identical(Alignment(risk)(ParticleCloud(torch.ones(1, 2, dtype=torch.float64))), number(alignment))


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


def test_observables_write_into_nothing_given() -> None:
    """Assert that start and cloud are what they were."""
    risk, start = example()
    cloud = start.moved(start.positions + 1.0)
    before = [cloud.positions.clone(), cloud.masses.clone(), start.positions.clone()]
    for observable in (
        *(kind(start) for kind, _ in MOVEMENTS),
        *(GramChange(risk, start, risk.data.inputs), SmallestEigenvalue(risk, risk.data.inputs)),
        *(Alignment(risk), effective_count, risk),
    ):
        assert observable(cloud).shape == ()
    for tensor, copy in zip((cloud.positions, cloud.masses, start.positions), before, strict=True):
        assert torch.equal(tensor, copy)
