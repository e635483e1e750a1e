"""The spectral radius from velocities: against eigenvalues, and from unlucky beginnings."""

import math
from dataclasses import dataclass

import pytest
import torch

from flows import GradientFlow
from flows.integrators.error_controlled.spectral_radius import MOST_ITERATIONS, SAFETY, SpectralRadius
from particles import NTK, Dataset, Lazy, MeanField, ParticleCloud, Scaling, tangent_gram
from particles.shapes import Positions, Velocity
from tests.problems import Still, network_cloud, network_risk, numbers, small_cloud


@dataclass(frozen=True)
class Linear:
    """d theta / dt = -theta A for a cloud taken as one long vector, plus a constant."""

    matrix: Positions
    constant: float = 0.0

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The product."""
        return self.constant - (self.matrix @ cloud.positions.reshape(-1)).reshape(cloud.positions.shape)


def with_eigenvalues(*values: float) -> Positions:
    """A symmetric matrix with these eigenvalues and nothing special about its eigenvectors."""
    basis = torch.linalg.qr(numbers(4, len(values), len(values)))[0]
    return basis @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ basis.T


MATRIX = with_eigenvalues(5.0, 4.0, 2.0, 1.0, 0.5, 0.1, 0.05, 0.01, 0.0, 0.0)


def test_symmetric_matrix_gives_its_largest_eigenvalue() -> None:
    """Assert that the estimate is 1.1 times the largest eigenvalue, within the 2 % at which the iteration stops."""
    flow, cloud = Linear(MATRIX, 1.0), small_cloud()
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.value == pytest.approx(SAFETY * 5.0, rel=0.02)
    assert 2 < radius.velocities < 25


def test_growing_mode_counts_by_its_size() -> None:
    """Assert that an eigenvalue of the other sign is taken by its absolute value."""
    flow, cloud = Linear(-MATRIX), small_cloud()
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.value == pytest.approx(SAFETY * 5.0, rel=0.02)


@pytest.mark.parametrize("scaling", [NTK(), MeanField(), Lazy(3.0)], ids=str)
def test_fitted_network_gives_the_largest_eigenvalue_of_its_gram_matrix(scaling: Scaling) -> None:
    """Assert that without residual the radius is the largest eigenvalue of P^(1/2) K P^(1/2), in every scaling."""
    risk, cloud = network_risk(scaling), network_cloud()
    fitted = risk.on(Dataset(risk.data.inputs, risk.predictions(cloud), risk.data.weights))
    root = risk.data.weights.sqrt()
    largest = float(torch.linalg.eigvalsh(root[:, None] * tangent_gram(fitted, cloud) * root)[-1])
    flow = GradientFlow(fitted)
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud), 0.0)
    assert radius.value == pytest.approx(SAFETY * largest, rel=0.03)


def test_velocity_without_the_leading_direction_does_not_mislead() -> None:
    """Assert that the leading eigenvalue is found where the velocity itself has nothing of its direction."""
    matrix = torch.diag(torch.tensor([10.0, 1.0, *[0.1] * 8], dtype=torch.float64))
    cloud = ParticleCloud(torch.tensor([[0.0, 1.0], *[[0.2, 0.1]] * 4], dtype=torch.float64))
    flow = Linear(matrix)
    assert float(flow.velocity(cloud, 0.0)[0, 0]) == 0.0
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.value == pytest.approx(SAFETY * 10.0, rel=0.02)


def test_known_direction_saves_velocities() -> None:
    """Assert that starting from the last direction takes two velocities."""
    flow, cloud = Linear(MATRIX), small_cloud()
    velocity = flow.velocity(cloud, 0.0)
    first = SpectralRadius.estimate(flow, cloud, velocity, 0.0)
    again = SpectralRadius.estimate(flow, cloud, velocity, 0.0, first.direction)
    assert again.velocities == 2 < first.velocities
    assert again.value == pytest.approx(first.value, rel=0.02)


def test_constant_velocity_has_radius_zero() -> None:
    """Assert that where the velocity does not change the radius is zero, and nothing is divided by."""
    cloud = small_cloud()
    radius = SpectralRadius.estimate(Still(), cloud, Still().velocity(cloud, 0.0), 0.0)
    assert radius.value == 0.0
    assert bool(torch.isfinite(radius.direction).all())


def test_broken_velocity_ends_the_iteration() -> None:
    """Assert that velocities that are no numbers give a radius of zero after one of them."""
    cloud, flow = small_cloud(), Linear(math.nan * MATRIX)
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert (radius.value, radius.velocities) == (0.0, 1)


def test_iteration_ends_where_it_does_not_settle() -> None:
    """Assert that a rotation with unequal axes, whose iterates never settle, costs fifty velocities and no more."""
    matrix = torch.zeros(10, 10, dtype=torch.float64)
    matrix[0, 1], matrix[1, 0] = 100.0, -1.0
    flow, cloud = Linear(matrix), small_cloud()
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.velocities == MOST_ITERATIONS
    assert radius.value > 0.0


def test_cloud_at_the_origin_has_a_radius() -> None:
    """Assert that the probe does not shrink with the positions."""
    flow, cloud = Linear(MATRIX, 1.0), small_cloud().moved(torch.zeros_like(small_cloud().positions))
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.value == pytest.approx(SAFETY * 5.0, rel=0.02)


@pytest.mark.parametrize("size", [1e-9, 1e-14])
def test_tiny_positions_do_not_make_noise_a_radius(size: float) -> None:
    """Assert that where a probe as long as the positions ask for is lost in the velocity's rounding a longer one is
    taken: the radius of noise would be a thousand times too large, or more."""
    flow, start = Linear(MATRIX, 1.0), small_cloud()
    cloud = start.moved(size * start.positions)
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.value == pytest.approx(SAFETY * 5.0, rel=0.05)


def test_single_precision_finds_the_same() -> None:
    """Assert that a float32 cloud gives the eigenvalue too, by a larger probe."""
    flow, cloud = Linear(MATRIX.float(), 1.0), small_cloud(torch.float32)
    radius = SpectralRadius.estimate(flow, cloud, flow.velocity(cloud, 0.0), 0.0)
    assert radius.value == pytest.approx(SAFETY * 5.0, rel=0.02)
    assert radius.direction.dtype == torch.float32
