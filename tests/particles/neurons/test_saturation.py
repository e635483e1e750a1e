"""Saturated particles: found where they are saturated everywhere, and moved with all the digits of sigma'."""

import mpmath
import pytest
import torch
from torch import Tensor

from particles import MeanField, ParticleCloud, Perceptron, ReLU, Risk, Sigmoid, Squared, Tanh
from particles.compute.backend_choice import fused_for
from particles.neurons.activations import Autonomous
from particles.neurons.embeddings import Identity
from particles.neurons.saturation import saturated, saturated_rows
from particles.risk.dataset import Dataset
from tests.draws import normals
from tests.tolerances import assert_identical

SLOPES = {
    Tanh: lambda z: mpmath.sech(z) ** 2,
    Sigmoid: lambda z: 1 / ((1 + mpmath.exp(-z)) * (1 + mpmath.exp(z))),
}
#: Particle 0 is not saturated, 1 and 3 are everywhere, 2 is at the first input only.
HIDDEN = torch.tensor([[0.3, 0.1], [100.0, 1.0], [40.0, -39.9], [-75.0, -60.0]], dtype=torch.float64)
X = torch.tensor([[1.0, 0.5], [1.0, 1.0], [1.2, 0.1]], dtype=torch.float64)


def exact(activation: Autonomous, z: Tensor) -> Tensor:
    """sigma' at 60 digits."""
    with mpmath.workdps(60):
        values = [[float(SLOPES[type(activation)](mpmath.mpf(each))) for each in row] for row in z.tolist()]
    return torch.tensor(values, dtype=torch.float64)


def expected_pull(activation: Autonomous, positions: Tensor, phi: Tensor, c: Tensor) -> Tensor:
    """a_j sum_i c_i sigma'(z_ij) phi_i."""
    slopes = exact(activation, positions[:, :2] @ phi.T)
    return positions[:, 2:] * ((slopes * c.T) @ phi)


def assert_rows_agree(found: Tensor, expected: Tensor) -> None:
    """Assert that every particle's velocity is right to 1e-7 of itself: half of the digits of sigma' at the limit."""
    assert float(((found - expected).norm(dim=1) / expected.norm(dim=1)).max()) < 1e-7


def test_rows_saturated_everywhere_are_found() -> None:
    """Assert that exactly these are found, none where nothing is saturated, and none for ReLU."""
    z = HIDDEN @ X.T
    for activation in (Tanh(), Sigmoid()):
        found = saturated(activation, z)
        assert found is not None
        assert found.rows.tolist() == [1, 3]
        assert torch.equal(found.slopes, activation.derivative(z[found.rows]))
        assert saturated_rows(activation, z[:1]) is None
        assert saturated_rows(activation, z[2:3]) is None
        assert saturated_rows(activation, z[:0]) is None
    assert saturated_rows(ReLU(), z) is None


@pytest.mark.parametrize("activation", [Tanh(), Sigmoid()], ids=repr)
def test_velocities_of_saturated_particles_keep_their_digits(activation: Autonomous) -> None:
    """Assert that each particle moves with the right relative velocity, where sigma' from sigma would be zero."""
    neuron, c = Perceptron(activation, Identity(2)), normals(3, 1, seed=1)
    positions = torch.cat([HIDDEN, torch.ones(4, 1, dtype=torch.float64)], dim=1)
    expected = expected_pull(activation, positions, X, c)
    tangent = neuron.tangent(positions, X)
    assert_rows_agree(tangent.pull(torch.ones(4, dtype=torch.float64), c)[:, :2], expected)
    assert float(activation.derivative_at(activation.value(HIDDEN @ X.T))[1].abs().max()) == 0.0
    members = neuron.member_tangent(torch.stack([positions, positions]), X)
    assert_rows_agree(members._derivative.reshape(8, 3), exact(activation, HIDDEN @ X.T).repeat(2, 1))
    # One datum, all particles saturated: the Gram matrix is a sum of squares of tiny slopes.
    single = neuron.tangent(positions[[1, 3]], X[:1])
    square = (exact(activation, HIDDEN[[1, 3]] @ X[:1].T).square() * X[:1].square().sum()).sum()
    assert_identical(single.gram(torch.ones(2, dtype=torch.float64), single), square.reshape(1, 1), operations=1e5)


@pytest.mark.parametrize("activation", [Tanh(), Sigmoid()], ids=repr)
@pytest.mark.parametrize("members", [1, 2])
def test_fused_kernels_are_put_right(activation: Autonomous, members: int) -> None:
    """Assert that pulls by the CPU's kernels have the same digits, with and without what predictions kept."""
    neuron = Perceptron(activation, Identity(2))
    positions = torch.cat([HIDDEN, torch.ones(4, 1, dtype=torch.float64)], dim=1).repeat(members, 1)
    c = normals(3 * members, 1, seed=1)
    expected = [expected_pull(activation, positions[:4], X, c[3 * each : 3 * each + 3]) for each in range(members)]
    ones = torch.ones(4 * members, dtype=torch.float64)
    for keeps in (False, True):
        fused = fused_for(neuron, positions, X, True, keeps, members)
        assert fused is not None
        if keeps:
            fused.predict(ones)
        assert_rows_agree(fused.pull(ones, c)[:, :2], torch.cat(expected))


@pytest.mark.parametrize("activation", [Tanh(), Sigmoid()], ids=repr)
def test_a_saturated_datum_still_moves(activation: Autonomous) -> None:
    """Assert that the risk's velocity at z = 300 is not zero, in float64 and, at z = 40, in float32."""
    for dtype, w in ((torch.float64, 300.0), (torch.float32, 40.0)):
        cloud = ParticleCloud(torch.tensor([[w, 1.0]], dtype=dtype))
        risk = Risk(Perceptron(activation, Identity(1)), MeanField(), Squared(), Dataset(X[:1, :1], X[:1, :1] - 3.0))
        with mpmath.workdps(60):
            slope = float(SLOPES[type(activation)](mpmath.mpf(w)))
        assert abs(float(risk.velocity(cloud)[0, 0]) + 3.0 * slope) < 1e-5 * 3.0 * slope
