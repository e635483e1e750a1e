"""The overlap with a teacher is a cosine for each of its neurons, and the angle a median over the mass."""

import math

import pytest
import torch
from torch import Tensor

from particles import (
    Dataset,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    ShapeError,
    Squared,
    Tanh,
    TeacherAngle,
    TeacherOverlap,
)
from particles.observables.teacher import median
from tests.draws import normals, uniforms
from tests.tolerances import assert_identical

RISK = Risk(Perceptron(Tanh(), Identity(2)), MeanField(), Squared(), Dataset(normals(3, 2, seed=1), normals(3, seed=2)))
AXES = torch.tensor([[2.0, 0.0], [0.0, 0.5]], dtype=torch.float64)


def cloud_at(angles: list[float], masses: list[float] | None = None) -> ParticleCloud:
    """Particles whose hidden weights have these directions, and all sizes."""
    theta = torch.tensor(angles, dtype=torch.float64)
    size = torch.arange(1.0, len(angles) + 1.0, dtype=torch.float64)
    positions = torch.stack([size * theta.cos(), size * theta.sin(), torch.ones_like(theta)], dim=1)
    return ParticleCloud(positions, None if masses is None else torch.tensor(masses, dtype=torch.float64))


def numbers(*values: float) -> Tensor:
    """A float64 vector."""
    return torch.tensor(values, dtype=torch.float64)


def test_overlap_is_the_best_cosine_of_each_teacher() -> None:
    """Assert that the particle nearest in direction counts, whatever the sizes, with its sign."""
    found = TeacherOverlap(RISK, AXES)(cloud_at([0.3, 2.0, -3.0]))
    assert_identical(found, numbers(math.cos(0.3), math.sin(2.0)))
    assert_identical(TeacherOverlap(RISK, AXES[:1])(cloud_at([math.pi])), numbers(-1.0))


def test_particles_without_mass_or_weights_find_nothing() -> None:
    """Assert that a particle of mass zero does not count, and one whose hidden weights are zero has cosine zero."""
    found = TeacherOverlap(RISK, AXES)(cloud_at([0.0, 2.0], [0.0, 1.0]))
    assert_identical(found, numbers(math.cos(2.0), math.sin(2.0)))
    nothing = ParticleCloud(torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64))
    assert_identical(TeacherOverlap(RISK, AXES)(nothing), numbers(0.0, 0.0))
    assert_identical(TeacherAngle(RISK, AXES)(nothing), torch.tensor(math.pi / 2.0, dtype=torch.float64))


@pytest.mark.parametrize(
    ("masses", "angle"),
    [(None, 0.2), ([0.6, 0.1, 0.1, 0.1, 0.1], 1e-9), ([0.1, 0.1, 0.1, 0.1, 0.6], 0.5)],
    ids=["equal", "near", "far"],
)
def test_angle_is_the_median_over_the_mass(masses: list[float] | None, angle: float) -> None:
    """Assert that the angle within which half of the mass lies is told, small ones with all their digits."""
    half = math.pi / 2.0
    found = TeacherAngle(RISK, AXES)(cloud_at([1e-9, half - 0.1, -0.2, half + 0.3, -0.5], masses))
    assert float(found) == pytest.approx(angle, rel=1e-6)


@pytest.mark.parametrize("count", [1, 2, 9, 100])
def test_median_is_that_of_sorted_values(count: int) -> None:
    """Assert that halving finds the very value that sorting finds, in both dtypes."""
    angles = math.pi * uniforms(count, seed=count)
    cloud = ParticleCloud(torch.zeros(count, 1, dtype=torch.float64))
    assert float(median(cloud, angles)) == float(angles.sort().values[(count - 1) // 2])
    single = cloud.to(dtype=torch.float32)
    assert float(median(single, angles.float())) == float(angles.float().sort().values[(count - 1) // 2])


@pytest.mark.parametrize("kind", [TeacherOverlap, TeacherAngle])
def test_teachers_that_do_not_fit_are_refused(kind: type[TeacherOverlap | TeacherAngle]) -> None:
    """Assert that another number of weights, no teacher and one that is zero are told."""
    with pytest.raises(ShapeError, match=r"The teacher has shape \(1, 3\), but \[teachers, 2\] is needed"):
        kind(RISK, torch.ones(1, 3))
    with pytest.raises(ShapeError, match=r"The teacher has shape \(0, 2\), but"):
        kind(RISK, torch.ones(0, 2))
    for value in (0.0, math.nan):
        with pytest.raises(ValueError, match="hidden weights that are all zero or not finite; drop it"):
            kind(RISK, torch.tensor([[1.0, 0.0], [value, 0.0]]))
