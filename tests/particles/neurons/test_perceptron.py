"""Every neuron keeps the contract, and the perceptron lays out its particles as its docstring says."""

import pytest
import torch
from torch import Tensor

from particles import Identity, Neuron, Perceptron, ShapeError, Tanh, UserNeuron, as_neuron
from tests.draws import normals
from tests.particles.risk.contracts import neuron as contract
from tests.particles.risk.contracts.members import NEURONS, name_of
from tests.particles.risk.contracts.planted.neurons import PLANTED_NEURONS
from tests.tolerances import assert_identical

OUTPUTS = 2


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_neuron_keeps_the_law(neuron: Neuron | UserNeuron, law: contract.Law) -> None:
    """Assert that the neuron keeps this law of its family."""
    law(contract.place(as_neuron(neuron)))


@pytest.mark.parametrize(("neuron", "law", "claim"), PLANTED_NEURONS, ids=name_of)
def test_law_rejects_the_planted_neuron(neuron: Neuron, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted neuron breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(contract.place(neuron))


def test_hidden_weights_come_first() -> None:
    """Assert that a position is (w, a): features w of the embedding from the left, then one output weight each."""
    neuron = Perceptron(Tanh(), Identity(1), OUTPUTS)
    theta = torch.tensor([[0.5, 2.0, -3.0]], dtype=torch.float64)
    features = neuron.tangent(theta, neuron.embed(torch.ones(1, 1, dtype=torch.float64))).features()
    assert (neuron.hidden, neuron.outputs, neuron.dim) == (1, 2, 3)
    expected: Tensor = torch.tensor([2.0, -3.0], dtype=torch.float64) * torch.tanh(theta[0, 0])
    assert_identical(features[0, 0], expected)


@pytest.mark.parametrize(("trained", "columns"), [("hidden", [0, 1, 2]), ("output", [3, 4]), ("both", [0, 1, 2, 3, 4])])
def test_trained_columns_are_the_named_ones(trained: str, columns: list[int]) -> None:
    """Assert that "hidden" is the first D columns, "output" the other k, and "both" all."""
    neuron = Perceptron(Tanh(), Identity(3), OUTPUTS, trained)
    assert list(range(neuron.dim))[neuron.trained_columns] == columns


def test_unknown_trained_is_refused() -> None:
    """Assert that a misspelt `trained` is answered with the three choices."""
    with pytest.raises(ValueError, match="trained is 'all', but one of 'hidden', 'output', 'both' is needed"):
        Perceptron(Tanh(), Identity(3), trained="all")


@pytest.mark.parametrize("outputs", [0, -1, True])
def test_impossible_numbers_of_outputs_are_refused(outputs: int) -> None:
    """Assert that a number of outputs that is no positive integer is refused."""
    with pytest.raises(ValueError, match="number of outputs is .*, but a positive integer is needed"):
        Perceptron(Tanh(), Identity(3), outputs=outputs)


def test_particles_of_another_length_are_refused() -> None:
    """Assert that positions with the wrong number of coordinates are refused with how they are laid out."""
    neuron = Perceptron(Tanh(), Identity(3), OUTPUTS)
    with pytest.raises(ShapeError, match="have 4 coordinates, but this neuron needs 5: 3 hidden weights and 2 output"):
        neuron.tangent(torch.zeros(1, 4), torch.zeros(1, 3))


def test_preactivations_are_those_of_the_hidden_weights() -> None:
    """Assert that w . phi(x) of every particle is the one unit of the layer "hidden", and other positions are told."""
    neuron = Perceptron(Tanh(), Identity(3), outputs=2)
    positions, phi = normals(4, 5, seed=1), normals(6, 3, seed=2)
    (found,) = neuron.preactivations(positions, phi).values()
    assert [*neuron.preactivations(positions, phi)] == ["hidden"] and found.shape == (4, 6, 1)
    assert_identical(found[..., 0], positions[:, :3] @ phi.T)
    with pytest.raises(ShapeError, match="Particles have 4 coordinates, but this neuron needs 5"):
        neuron.preactivations(positions[:, :4], phi)
