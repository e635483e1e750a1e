"""Perceptrons of several clouds, linearised together, against the tangent of each."""

from collections.abc import Callable, Sequence
from itertools import product

import pytest
import torch
from torch import Tensor

from particles import GELU, Activation, Identity, Perceptron, ReLU, Tanh
from particles.ensemble.tangent import MemberTangents
from particles.numerics.weighted_gram import MIRRORED
from tests.problems import numbers
from tests.tolerances import assert_identical

MEMBERS, COUNT = 3, 7
CASES = list(product((Tanh(), ReLU(), GELU()), ("hidden", "output", "both"), (1, 2)))


def compared(
    activation: Activation, trained: str, outputs: int, data: int, of: Callable[..., Tensor], *given: Sequence[Tensor]
) -> None:
    """Apply `of` to the tangents together and to each member's own, with that member's part of what is given."""
    neuron = Perceptron(activation, Identity(4), outputs=outputs, trained=trained)
    positions, phi = numbers(1, MEMBERS * COUNT, 4 + outputs), numbers(2, data, 4)
    together = of(MemberTangents(neuron, positions, phi, MEMBERS), *(torch.cat(list(parts)) for parts in given))
    singles = [
        of(neuron.tangent(part, phi), *(parts[e] for parts in given)) for e, part in enumerate(positions.chunk(MEMBERS))
    ]
    assert_identical(together.reshape(torch.cat(singles).shape), torch.cat(singles))


@pytest.mark.parametrize(("activation", "trained", "outputs"), CASES, ids=str)
def test_products_are_those_of_each_member(activation: Activation, trained: str, outputs: int) -> None:
    """Assert that predict, pull and push of all members are those of each, with factors and residuals of its own."""
    factors, residuals = numbers(3, MEMBERS, COUNT), numbers(4, MEMBERS, 5, outputs)
    velocities = numbers(5, MEMBERS, COUNT, 4 + outputs)
    compared(activation, trained, outputs, 5, lambda tangent, s: tangent.predict(s), factors)
    compared(activation, trained, outputs, 5, lambda tangent, s, q: tangent.pull(s, q), factors, residuals)
    compared(activation, trained, outputs, 5, lambda tangent, s, v: tangent.push(s, v), factors, velocities)


def gram(tangent: object, weights: Tensor) -> Tensor:
    """The Gram matrices of all members, or that of one."""
    return tangent.gram(weights) if isinstance(tangent, MemberTangents) else tangent.gram(weights, tangent)


@pytest.mark.parametrize("data", [5, 2 * MIRRORED + 3])
@pytest.mark.parametrize(("activation", "trained", "outputs"), CASES, ids=str)
def test_gram_matrices_are_those_of_each_member(activation: Activation, trained: str, outputs: int, data: int) -> None:
    """Assert that the blocks are each member's Gram matrix, mirrored or not, all weights or few."""
    weights = numbers(6, MEMBERS, COUNT).square()
    compared(activation, trained, outputs, data, gram, weights)
    sparse = weights * torch.tensor([[0, 0, 1, 0, 0, 1, 0], [0] * 7, [0, 0, 0, 0, 1, 1, 1]])
    compared(activation, trained, outputs, data, gram, sparse)


def test_single_precision_products_are_rounded_only() -> None:
    """Assert that a dtype gives the same matrices to its rounding, in the dtype of the positions."""
    neuron = Perceptron(Tanh(), Identity(4), outputs=2, trained="both")
    tangents = MemberTangents(neuron, numbers(1, MEMBERS * COUNT, 6), numbers(2, 5, 4), MEMBERS)
    weights = numbers(6, MEMBERS * COUNT).square()
    exact, rounded = tangents.gram(weights), tangents.gram(weights, torch.float32)
    assert rounded.dtype == torch.float64
    assert 1e-9 < float((rounded - exact).abs().max() / exact.abs().max()) < 1e-5


@pytest.mark.parametrize("activation", [Tanh(), ReLU()], ids=repr)
def test_a_member_does_not_feel_the_others(activation: Activation) -> None:
    """Assert that sigma, sums and Gram matrices of a member have the same bits beside others that are small or large,
    or of which fewer particles have a weight."""
    neuron, phi = Perceptron(activation, Identity(4)), numbers(2, 5, 4)
    own, others, weights = 0.01 * numbers(1, COUNT, 5), numbers(3, 2 * COUNT, 5), numbers(4, 3 * COUNT).abs()
    fewer = weights.clone()
    fewer[COUNT + 2 :] = 0.0
    found = []
    for scale, masses in ((0.01, weights), (10.0, fewer)):
        tangents = MemberTangents(neuron, torch.cat([own, scale * others]), phi, MEMBERS)
        found.append((tangents.predict(masses)[:5], tangents.pull(masses, phi.new_ones(15, 1))[:COUNT]))
        found[-1] += (tangents.gram(masses)[0],)
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
