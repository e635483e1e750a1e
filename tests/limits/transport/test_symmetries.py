"""Distances modulo symmetries: each is zero along its symmetry and positive off it."""

import math

import pytest
import torch

from limits.transport import function_distance, homogeneous_distance, odd_distance, projected, wasserstein
from particles import (
    NTK,
    Biased,
    Erf,
    Identity,
    LeakyReLU,
    Linear,
    MeanField,
    Network,
    ParticleCloud,
    Perceptron,
    ReLU,
    Scaling,
    Tanh,
)
from tests.draws import normals, uniforms
from tests.limits.transport.clouds import assert_derivatives, cloud

NEURON = Perceptron(ReLU(), Identity(3), trained="both")
HERE, THERE = cloud(12, 4, seed=1), cloud(9, 4, seed=2)
#: The distance of rounding: unit vectors differ by some 1e-16, times the total mass.
ZERO = 1e-12


def rescaled(at: ParticleCloud) -> ParticleCloud:
    """(c w, a / c) with a factor c > 0 of its own for each particle."""
    factors = 0.2 + 3.0 * uniforms(at.count, seed=9)[:, None]
    return at.moved(torch.cat([at.positions[:, :3] * factors, at.positions[:, 3:] / factors], dim=1))


def reordered(at: ParticleCloud) -> ParticleCloud:
    """The same particles in reverse order."""
    return ParticleCloud(at.positions.flip(0), at.masses.flip(0))


def split(at: ParticleCloud) -> ParticleCloud:
    """The first particle as two of half its mass."""
    masses = torch.cat([at.masses[:1] / 2.0, at.masses[1:], at.masses[:1] / 2.0])
    return ParticleCloud(torch.cat([at.positions, at.positions[:1]]), masses)


def cancelled(at: ParticleCloud) -> ParticleCloud:
    """Two more neurons that cancel each other, with twice the output weights for half the mass elsewhere."""
    pair = torch.tensor([[1.0, 2.0, -1.0, 0.7], [1.0, 2.0, -1.0, -0.7]], dtype=torch.float64)
    louder = torch.cat([at.positions[:, :3], 2.0 * at.positions[:, 3:]], dim=1)
    return ParticleCloud(torch.cat([louder, pair]), torch.cat([at.masses / 2.0, at.masses.new_full((2,), 0.25)]))


@pytest.mark.parametrize("change", [rescaled, reordered, split, cancelled], ids=lambda change: change.__name__)
def test_homogeneous_distance_does_not_see_symmetries(change: object) -> None:
    """Assert that a change that leaves the function alone has distance zero, where plain W_2 may see it."""
    found = homogeneous_distance(HERE, change(HERE), NEURON)
    assert float(found.distance) < ZERO
    far, moved = (float(homogeneous_distance(at, THERE, NEURON).distance) for at in (HERE, change(HERE)))
    assert far > 0.1 and moved == pytest.approx(far, rel=1e-9)


def test_plain_distance_sees_rescaling() -> None:
    """Assert that the invariance above is not that of W_2."""
    assert float(wasserstein(HERE, rescaled(HERE))) > 0.1


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU(0.2), Linear()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("scaling", [MeanField(), NTK()], ids=lambda value: type(value).__name__)
def test_homogeneous_distance_bounds_the_outputs(activation: object, scaling: Scaling) -> None:
    """Assert that |f1(x) - f2(x)| <= L |phi(x)| times the distance at 200 inputs, with biases."""
    neuron = Perceptron(activation, Biased(Identity(2)), trained="both")
    inputs = 3.0 * normals(200, 2, seed=5)
    distance = float(homogeneous_distance(HERE, THERE, neuron, scaling).distance)
    network = Network(neuron, scaling)
    gap = (network(HERE, inputs) - network(THERE, inputs))[:, 0].abs()
    bound = activation.lipschitz * neuron.embed(inputs).norm(dim=1) * distance
    assert bool((gap <= bound).all()) and float((gap / bound).max()) > 0.05


def test_projection_is_the_network() -> None:
    """Assert that f(x) = int relu(u . phi) dnu with positive and negative parts, and dead neurons are no atoms."""
    dead = HERE.positions.clone()
    dead[0, :3], dead[1, 3] = 0.0, 0.0
    at = HERE.moved(dead)
    positive, negative = projected(at, NEURON)
    assert positive.count + negative.count == 10
    inputs = normals(5, 3, seed=6)
    phi = inputs / math.sqrt(3)
    f = torch.relu(phi @ positive.points.T) @ positive.masses - torch.relu(phi @ negative.points.T) @ negative.masses
    assert torch.allclose(f, Network(NEURON, MeanField())(at, inputs)[:, 0], rtol=1e-12, atol=1e-13)
    assert torch.allclose(positive.points.norm(dim=1), torch.ones(positive.count).double(), rtol=1e-14)


def test_projection_needs_homogeneous_neurons() -> None:
    """Assert that other activations and several outputs are refused with what to take instead."""
    for neuron in (Perceptron(Tanh(), Identity(3)), Perceptron(ReLU(), Identity(2), outputs=2)):
        with pytest.raises(ValueError, match="homogeneous activation and one output; for other neurons take"):
            homogeneous_distance(HERE, THERE, neuron)


@pytest.mark.parametrize("activation", [Tanh(), Erf(), Linear()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_odd_distance_does_not_see_signs(activation: object, p: float) -> None:
    """Assert that flipped neurons are at distance zero, others at the least distance over flips of one side."""
    neuron = Perceptron(activation, Identity(3), trained="both")
    signs = torch.where(uniforms(12, seed=4) < 0.5, -1.0, 1.0)[:, None].double()
    flipped = HERE.moved(signs * HERE.positions)
    assert float(odd_distance(HERE, flipped, neuron, p).distance) < ZERO < float(wasserstein(HERE, flipped, p))
    there, again = (odd_distance(at, THERE, neuron, p) for at in (HERE, flipped))
    assert float(there.distance) == pytest.approx(float(again.distance), rel=1e-12) and there.is_exact
    assert 0.1 < float(there.distance) < float(wasserstein(HERE, THERE, p))


def test_odd_distance_is_the_least_over_all_signs() -> None:
    """Assert that for three particles it is the least W_2 over the eight choices of signs."""
    first, second = cloud(3, 4, seed=7), cloud(3, 4, seed=8)
    choices = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 3)
    least = min(float(wasserstein(first.moved(signs[:, None] * first.positions), second)) for signs in choices)
    found = float(odd_distance(first, second, Perceptron(Tanh(), Identity(3))).distance)
    assert found <= least + 1e-12
    splits = [
        float(odd_distance(first.moved(s[:, None] * first.positions), second, Perceptron(Tanh(), Identity(3))).distance)
        for s in choices
    ]
    assert max(splits) - min(splits) < 1e-12


def test_odd_distance_needs_an_odd_activation() -> None:
    """Assert that ReLU is refused."""
    with pytest.raises(ValueError, match="ReLU is not odd, so theta and -theta are two neurons; take wasserstein"):
        odd_distance(HERE, THERE, NEURON)


def test_odd_distance_is_below_the_function() -> None:
    """Assert that clouds at odd distance zero are one function, which the flip of hidden weights alone is not."""
    network, inputs = Network(Perceptron(Tanh(), Identity(3)), MeanField()), normals(6, 3, seed=3)
    assert float(function_distance(network, HERE, HERE.moved(-HERE.positions), inputs)) < ZERO
    half = torch.cat([-HERE.positions[:, :3], HERE.positions[:, 3:]], dim=1)
    assert float(function_distance(network, HERE, HERE.moved(half), inputs)) > 0.01


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU(0.2), Linear()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("scaling", [MeanField(), NTK()], ids=lambda value: type(value).__name__)
def test_derivatives_of_the_homogeneous_distance_are_those_of_differences(activation: object, scaling: Scaling) -> None:
    """Assert that autograd is right in positions, which are masses on the sphere, and masses of both clouds."""
    neuron = Perceptron(activation, Identity(3), trained="both")

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return homogeneous_distance(ParticleCloud(x, a), ParticleCloud(y, b), neuron, scaling).distance

    assert_derivatives(distance, HERE.positions, HERE.masses, THERE.positions, THERE.masses)


def test_one_neuron_more_or_less_has_a_known_derivative() -> None:
    """Assert that |2 - a w|, the distance of a w delta and 2 delta, has derivative -w in a, split neurons included."""
    neuron, one = Perceptron(ReLU(), Identity(1)), torch.ones(1, dtype=torch.float64)
    other = ParticleCloud(torch.tensor([[1.0, 2.0]], dtype=torch.float64), one)
    for count in (1, 2):
        places = torch.tensor([[0.5, 1.0]] * count, dtype=torch.float64, requires_grad=True)
        found = homogeneous_distance(ParticleCloud(places, one.repeat(count) / count), other, neuron).distance
        found.backward()
        assert float(found.detach()) == pytest.approx(1.5)
        assert torch.allclose(places.grad.sum(dim=0), torch.tensor([-1.0, -0.5], dtype=torch.float64))


@pytest.mark.parametrize("big", [1e4, 1e12])
def test_what_both_have_in_common_does_not_spoil_the_rest(big: float) -> None:
    """Assert that an enormous neuron in both clouds leaves the distance of the others to its last digits."""
    alone = float(homogeneous_distance(HERE, THERE, NEURON).distance)
    neuron = torch.tensor([[1.0, 2.0, 2.0, big]], dtype=torch.float64)
    half = torch.tensor([0.5], dtype=torch.float64)
    first, second = (
        ParticleCloud(torch.cat([at.positions, neuron]), torch.cat([0.5 * at.masses, half])) for at in (HERE, THERE)
    )
    assert float(homogeneous_distance(first, second, NEURON).distance) == pytest.approx(0.5 * alone, rel=1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_derivatives_of_the_odd_distance_are_those_of_differences(p: float) -> None:
    """Assert that autograd is right in positions and masses of both clouds."""

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return odd_distance(ParticleCloud(x, a), ParticleCloud(y, b), Perceptron(Tanh(), Identity(3)), p).distance

    assert_derivatives(distance, HERE.positions, HERE.masses, THERE.positions, THERE.masses)


@pytest.mark.parametrize("far", [1e4, 1e8, 1e12])
def test_far_flipped_particles_do_not_spoil_the_odd_distance(far: float) -> None:
    """Assert that a pair far away that matches up to its sign, one apart, adds its part to the others' distance."""
    alone, neuron = (
        float(odd_distance(HERE, THERE, Perceptron(Tanh(), Identity(3))).distance),
        Perceptron(Tanh(), Identity(3)),
    )
    pair = torch.tensor([[far, 0.0, 0.0, 0.0], [-far, 1.0, 0.0, 0.0]], dtype=torch.float64)
    fifth = torch.tensor([0.2], dtype=torch.float64)
    first, second = (
        ParticleCloud(torch.cat([at.positions, pair[row : row + 1]]), torch.cat([0.8 * at.masses, fifth]))
        for row, at in enumerate((HERE, THERE))
    )
    found = odd_distance(first, second, neuron)
    assert float(found.distance) == pytest.approx((0.8 * alone**2 + 0.2) ** 0.5, rel=1e-12) and found.is_exact
