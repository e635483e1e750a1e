"""Every neuron keeps the contract, and the perceptron lays out its particles as its docstring says."""

import copy

import pytest
import torch
from torch import Tensor

from particles import Activation, Erf, Identity, Neuron, Perceptron, ShapeError, Tanh, UserNeuron, as_neuron
from tests.draws import normals
from tests.particles.contracts import neuron as contract
from tests.particles.contracts.members import NEURONS, TRAINED, name_of
from tests.particles.contracts.planted.neurons import PLANTED_NEURONS
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


@pytest.mark.parametrize("trained", TRAINED)
def test_dense_gradients_are_what_pull_contracts(trained: str) -> None:
    """Assert that the dense tensor, which tests and small clouds use, holds the gradients that training sees."""
    neuron = Perceptron(Tanh(), Identity(3), OUTPUTS, trained)
    at = contract.place(neuron)
    assert_identical(neuron.tangent(at.positions, at.phi).gradients(), at.gradients())


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


@pytest.mark.parametrize("outputs", [1, OUTPUTS])
@pytest.mark.parametrize("activation", [Tanh(), Erf()], ids=name_of)
def test_tangents_alive_at_once_share_no_memory(activation: Activation, outputs: int) -> None:
    """Assert that what a tangent has computed stays while other tangents of its shape come, compute and go."""
    neuron, phi = Perceptron(activation, Identity(3), outputs), normals(5, 3, seed=54)
    first, second = (neuron.tangent(normals(7, neuron.dim, seed=seed), phi) for seed in (55, 56))
    factors, cotangents = normals(7, seed=57), normals(5, outputs, seed=58)
    expected = [tangent.features().clone() for tangent in (first, second)]
    pulled = first.pull(factors, cotangents).clone()
    for seed in (59, 60):
        neuron.tangent(normals(7, neuron.dim, seed=seed), phi).pull(factors, cotangents)
    twin = copy.copy(first)
    del twin
    neuron.tangent(normals(7, neuron.dim, seed=61), phi).pull(factors, cotangents)
    for tangent, features in zip((first, second), expected, strict=True):
        assert torch.equal(tangent.features(), features)
    assert torch.equal(first.pull(factors, cotangents), pulled)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # of torch's own jvp
@pytest.mark.parametrize("trained", TRAINED)
@pytest.mark.parametrize("outputs", [1, OUTPUTS])
def test_pull_can_be_differentiated_both_ways(trained: str, outputs: int) -> None:
    """Assert that forward and reverse derivatives of a pull agree, that is, that no buffer stands in their way."""
    neuron, phi = Perceptron(Tanh(), Identity(3), outputs, trained), normals(5, 3, seed=54)
    factors, cotangents = normals(7, seed=57), normals(5, outputs, seed=58)

    def pull(positions: Tensor) -> Tensor:
        return neuron.tangent(positions, phi).pull(factors, cotangents)

    positions = normals(7, neuron.dim, seed=55)
    assert_identical(torch.func.jacfwd(pull)(positions), torch.func.jacrev(pull)(positions))


@pytest.mark.parametrize(("count", "inputs"), [(20, 12), (5, 12), (20, 3)], ids=["many", "wide", "narrow"])
def test_every_way_to_pull_is_the_formula(count: int, inputs: int) -> None:
    """Assert that sums over data are those of the dense gradients, of few inputs, many, and more than particles."""
    neuron, phi = Perceptron(Tanh(), Identity(inputs)), normals(5, inputs, seed=54)
    factors, cotangents = normals(count, seed=57), normals(5, 1, seed=58)
    tangent = neuron.tangent(normals(count, inputs + 1, seed=55), phi)
    dense = factors[:, None] * torch.einsum("jicd,ic->jd", tangent.gradients(), cotangents)
    assert_identical(tangent.pull(factors, cotangents), dense)
