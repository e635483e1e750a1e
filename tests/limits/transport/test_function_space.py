"""The distance of clouds as functions."""

import pytest
import torch

from limits.transport import function_distance
from particles import Identity, MeanField, Network, ParticleCloud, Perceptron, ReLU, ShapeError, Tanh
from tests.draws import normals, unequal
from tests.limits.transport.clouds import assert_derivatives, cloud
from tests.limits.transport.test_symmetries import cancelled, reordered, rescaled, split

INPUTS = normals(7, 3, seed=1)
HERE, THERE = cloud(12, 4, seed=1), cloud(9, 4, seed=2)


def test_distance_is_written_out() -> None:
    """Assert that it is the weighted root mean square of what two tanh networks of different counts predict."""
    network = Network(Perceptron(Tanh(), Identity(3)), MeanField())
    weights = unequal(7)
    f1, f2 = (
        torch.tanh(INPUTS @ at.positions[:, :3].T / 3**0.5) @ (at.masses * at.positions[:, 3]) for at in (HERE, THERE)
    )
    expected = float((weights @ (f1 - f2).square()).sqrt())
    assert float(function_distance(network, HERE, THERE, INPUTS, weights)) == pytest.approx(expected, rel=1e-12)
    even = float((f1 - f2).square().mean().sqrt())
    assert float(function_distance(network, HERE, THERE, INPUTS)) == pytest.approx(even, rel=1e-12)


@pytest.mark.parametrize("change", [rescaled, reordered, split, cancelled], ids=lambda change: change.__name__)
def test_distance_does_not_see_symmetries(change: object) -> None:
    """Assert that whatever leaves a ReLU network alone has distance zero."""
    network = Network(Perceptron(ReLU(), Identity(3)), MeanField())
    assert float(function_distance(network, HERE, change(HERE), INPUTS)) < 1e-14
    assert float(function_distance(network, HERE, THERE, INPUTS)) > 0.1


def test_wrong_weights_are_refused(without_shape_checks: None) -> None:
    """Assert that there is one weight for each input."""
    network = Network(Perceptron(ReLU(), Identity(3)), MeanField())
    with pytest.raises(ShapeError, match=r"7 inputs came with weights of shape \(3,\); give one for each"):
        function_distance(network, HERE, THERE, INPUTS, torch.ones(3).double() / 3.0)


@pytest.mark.parametrize("outputs", [1, 3])
def test_derivatives_are_those_of_differences(outputs: int) -> None:
    """Assert that autograd is right in positions and masses of both clouds, and no NaN where they are one."""
    network = Network(Perceptron(Tanh(), Identity(3), outputs=outputs), MeanField())
    first, second = cloud(8, 3 + outputs, seed=1), cloud(9, 3 + outputs, seed=2)

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return function_distance(network, ParticleCloud(x, a), ParticleCloud(y, b), INPUTS)

    assert_derivatives(distance, first.positions, first.masses, second.positions, second.masses)
    places = first.positions.clone().requires_grad_()
    function_distance(network, ParticleCloud(places, first.masses), first, INPUTS).backward()
    assert bool(torch.isfinite(places.grad).all())
