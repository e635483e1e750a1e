"""The perceptron linearised: every way to a sum over particles or data is the formula, and nothing is overwritten."""

import copy

import pytest
import torch
from torch import Tensor

from particles import Activation, Erf, Identity, Perceptron, Tanh
from tests.draws import normals
from tests.particles.risk.contracts import neuron as contract
from tests.particles.risk.contracts.members import TRAINED, name_of
from tests.tolerances import assert_identical

OUTPUTS = 2


@pytest.mark.parametrize("trained", TRAINED)
def test_dense_gradients_are_what_pull_contracts(trained: str) -> None:
    """Assert that the dense tensor, which tests and small clouds use, holds the gradients that training sees."""
    neuron = Perceptron(Tanh(), Identity(3), OUTPUTS, trained)
    at = contract.place(neuron)
    assert_identical(neuron.tangent(at.positions, at.phi).gradients(), at.gradients())


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


@pytest.mark.parametrize("outputs", [1, OUTPUTS])
def test_tangents_for_many_products_keep_their_slopes(outputs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that in their own dtype products are the same with sigma' kept, and that it is computed once."""
    neuron, phi = Perceptron(Tanh(), Identity(3), outputs, "both"), normals(5, 3, seed=54)
    positions, factors, cotangents = normals(7, neuron.dim, seed=55), normals(7, seed=57), normals(5, outputs, seed=58)
    tangent = neuron.tangent(positions, phi)
    pulled, pushed = tangent.pull(factors, cotangents), tangent.push(factors, positions)
    kept = tangent.to(torch.float64)
    slopes, computed = Tanh.derivative_at, list[int]()
    monkeypatch.setattr(Tanh, "derivative_at", lambda *given, out=None: computed.append(1) or slopes(*given, out=out))
    for _ in range(3):
        assert_identical(kept.pull(factors, cotangents), pulled)
        assert_identical(kept.push(factors, positions), pushed)
    assert len(computed) == 1
