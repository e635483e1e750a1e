"""The tangents of stacked members, against the tiles of each."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from particles import GELU, Activation, Identity, Perceptron, ReLU, Tanh, as_neuron
from particles.compute.member_tiles import MemberTiles
from particles.compute.tiles import Tiles
from particles.numerics.weighted_gram import MIRRORED
from tests.particles.risk.contracts.members import NEURONS
from tests.problems import numbers
from tests.tolerances import assert_identical

MEMBERS, COUNT = 3, 7
CASES = list(product((Tanh(), ReLU(), GELU()), ("hidden", "output", "both"), (1, 2)))
every_case = pytest.mark.parametrize(("activation", "trained", "outputs"), CASES, ids=str)


def compared(neuron: Perceptron, data: int, of: Callable[..., Tensor], *given: Tensor) -> None:
    """Apply `of` to the tangents of all members and to each member's own, with its part of what is given."""
    positions, phi = numbers(1, MEMBERS, COUNT, neuron.dim), numbers(2, data, 4)
    together = of(MemberTiles(neuron, positions.flatten(0, 1), phi, MEMBERS), *(part.flatten(0, 1) for part in given))
    singles = [of(Tiles(neuron, part, phi), *(parts[e] for parts in given)) for e, part in enumerate(positions)]
    assert_identical(together.reshape(torch.cat(singles).shape), torch.cat(singles))


@every_case
def test_products_are_those_of_each_member(activation: Activation, trained: str, outputs: int) -> None:
    """Assert that predict, pair, pull and push are those of each member, here and at other positions."""
    neuron = Perceptron(activation, Identity(4), outputs=outputs, trained=trained)
    s, q, v = numbers(3, MEMBERS, COUNT), numbers(4, MEMBERS, 5, outputs), numbers(5, MEMBERS, COUNT, neuron.dim)
    compared(neuron, 5, lambda tiles, s: tiles.predict(s), s)
    compared(neuron, 5, lambda tiles, q: tiles.pair(q), q)
    compared(neuron, 5, lambda tiles, s, q: tiles.pull(s, q), s, q)
    compared(neuron, 5, lambda tiles, s, v: tiles.push(s, v), s, v)
    compared(neuron, 5, lambda tiles, q, places: tiles.elsewhere(places).pair(q), q, numbers(7, MEMBERS, 2, neuron.dim))


@pytest.mark.parametrize("data", [5, 2 * MIRRORED + 3])
@every_case
def test_gram_matrices_are_those_of_each_member(activation: Activation, trained: str, outputs: int, data: int) -> None:
    """Assert that the blocks are each member's Gram matrix, mirrored or not, all weights or few, with these inputs and
    with others."""
    neuron = Perceptron(activation, Identity(4), outputs=outputs, trained=trained)
    weights, other = numbers(6, MEMBERS, COUNT).square(), numbers(8, 3, 4)
    some = weights * torch.tensor([[0, 0, 1, 0, 0, 1, 0], [0] * 7, [0, 0, 0, 0, 1, 1, 1]])
    for given in (weights, some, weights * (torch.arange(COUNT) < 2)):
        compared(neuron, data, lambda tiles, w: tiles.gram(w), given)
        compared(neuron, data, lambda tiles, w: tiles.gram(w, other), given)


def test_single_precision_products_are_rounded_only() -> None:
    """Assert that a dtype gives the same matrices to its rounding, in the dtype of the positions."""
    neuron = Perceptron(Tanh(), Identity(4), outputs=2, trained="both")
    tiles = MemberTiles(neuron, numbers(1, MEMBERS * COUNT, 6), numbers(2, 5, 4), MEMBERS)
    weights = numbers(6, MEMBERS * COUNT).square()
    exact, rounded = tiles.gram(weights), tiles.gram(weights, dtype=torch.float32)
    assert rounded.dtype == torch.float64
    assert 1e-9 < float((rounded - exact).abs().max() / exact.abs().max()) < 1e-5


@pytest.mark.parametrize("activation", [Tanh(), ReLU()], ids=repr)
def test_a_member_does_not_feel_the_others(activation: Activation) -> None:
    """Assert that sums and Gram matrices of a member have the same bits beside others that are small or large, or of
    which fewer particles have a weight."""
    neuron, phi = Perceptron(activation, Identity(4)), numbers(2, 5, 4)
    own, others, weights = 0.01 * numbers(1, COUNT, 5), numbers(3, 2 * COUNT, 5), numbers(4, 3 * COUNT).abs()
    fewer = weights.clone()
    fewer[COUNT + 2 :] = 0.0
    found = []
    for scale, masses in ((0.01, weights), (10.0, fewer)):
        tiles = MemberTiles(neuron, torch.cat([own, scale * others]), phi, MEMBERS)
        found.append((tiles.predict(masses)[:5], tiles.pull(masses, phi.new_ones(15, 1))[:COUNT]))
        found[-1] += (tiles.gram(masses)[0],)
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_neurons_that_take_one_cloud_are_refused() -> None:
    """Assert that members of a user's neuron are not mixed but refused."""
    (user,) = [read for read in map(as_neuron, NEURONS) if not isinstance(read, Perceptron)][:1]
    with pytest.raises(TypeError, match="MappedNeuron is not linearised for several clouds at once; evaluate them one"):
        MemberTiles(user, numbers(1, 4, user.dim), numbers(2, 5, 3), 2)
