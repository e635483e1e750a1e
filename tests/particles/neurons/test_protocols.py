"""What is a neuron or a tangent is recognised by what it offers."""

import pytest

from particles import Bump, Deep, Identity, Neuron, Perceptron, Tangent, Tanh, as_neuron
from particles.neurons.protocols import MemberNeuron
from tests.draws import normals
from tests.particles.risk.contracts.members import NEURONS, name_of


@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_members_are_neurons_with_tangents(neuron: object) -> None:
    """Assert that every neuron of the contract offers all of `Neuron`, and its tangent all of `Tangent`."""
    read = as_neuron(neuron)  # type: ignore[arg-type]
    assert isinstance(read, Neuron)
    assert isinstance(read.tangent(normals(2, read.dim, seed=1), read.embed(normals(4, 3, seed=2))), Tangent)


def test_others_are_not() -> None:
    """Assert that what lacks a part is not taken for a neuron or a tangent."""
    assert not isinstance(Tanh(), Neuron)
    assert not isinstance(Perceptron(Tanh(), Identity(3)), Tangent)


@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_neurons_of_several_clouds_say_so(neuron: object) -> None:
    """Assert that ours are linearised for several clouds at once, and a user's neuron is not."""
    read = as_neuron(neuron)  # type: ignore[arg-type]
    assert isinstance(read, MemberNeuron) == isinstance(neuron, Perceptron | Deep | Bump)
    if isinstance(read, MemberNeuron):
        assert isinstance(
            read.member_tangent(normals(3, 2, read.dim, seed=1), read.embed(normals(4, 3, seed=2))), Tangent
        )
