"""Perceptrons of several clouds, linearised together, against the tangent of each."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from particles import GELU, Activation, Identity, Perceptron, ReLU, ShapeError, Tanh
from particles.numerics.weighted_gram import MIRRORED
from tests.problems import numbers
from tests.tolerances import assert_identical

MEMBERS, COUNT = 3, 7
CASES = list(product((Tanh(), ReLU(), GELU()), ("hidden", "output", "both"), (1, 2)))


def compared(
    activation: Activation, trained: str, outputs: int, data: int, of: Callable[..., Tensor], *given: Tensor
) -> None:
    """Apply `of` to the tangents together and to each member's own, with that member's part of what is given."""
    neuron = Perceptron(activation, Identity(4), outputs=outputs, trained=trained)
    positions, phi = numbers(1, MEMBERS, COUNT, 4 + outputs), numbers(2, data, 4)
    together = of(neuron.member_tangent(positions, phi), *given)
    singles = [of(neuron.tangent(part, phi), *(parts[e] for parts in given)) for e, part in enumerate(positions)]
    assert_identical(together, torch.stack(singles))


@pytest.mark.parametrize(("activation", "trained", "outputs"), CASES, ids=str)
def test_products_are_those_of_each_member(activation: Activation, trained: str, outputs: int) -> None:
    """Assert that predict, pull and push of all members are those of each, with factors and residuals of its own."""
    factors, residuals = numbers(3, MEMBERS, COUNT), numbers(4, MEMBERS, 5, outputs)
    velocities = numbers(5, MEMBERS, COUNT, 4 + outputs)
    compared(activation, trained, outputs, 5, lambda tangent, s: tangent.predict(s), factors)
    compared(activation, trained, outputs, 5, lambda tangent, s, q: tangent.pull(s, q), factors, residuals)
    compared(activation, trained, outputs, 5, lambda tangent, s, v: tangent.push(s, v), factors, velocities)


@pytest.mark.parametrize("data", [5, 2 * MIRRORED + 3])
@pytest.mark.parametrize(("activation", "trained", "outputs"), CASES, ids=str)
def test_gram_matrices_are_those_of_each_member(activation: Activation, trained: str, outputs: int, data: int) -> None:
    """Assert that the matrices are each member's Gram matrix, mirrored or not."""
    weights = numbers(6, MEMBERS, COUNT).square()
    compared(activation, trained, outputs, data, lambda tangent, w: tangent.gram(w, tangent), weights)
    compared(activation, trained, outputs, data, lambda tangent, w: tangent.gram(w, tangent, (0.3, 2.0)), weights)


@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
@pytest.mark.parametrize("activation", [Tanh(), ReLU()], ids=repr)
def test_rounded_tangents_are_those_of_each_member(activation: Activation, trained: str) -> None:
    """Assert that predict, pull, push, pair and gram of sigma and sigma' in another dtype are those of each member."""
    w, q = numbers(6, MEMBERS, COUNT).square().float(), numbers(4, MEMBERS, 5, 2).float()
    v = numbers(5, MEMBERS, COUNT, 6).float()
    asked: list[Callable[..., Tensor]] = [
        lambda tangent, w, q, v: tangent.to(torch.float32).predict(w),
        lambda tangent, w, q, v: tangent.to(torch.float32).pull(w, q),
        lambda tangent, w, q, v: tangent.to(torch.float32).push(w, v),
        lambda tangent, w, q, v: tangent.to(torch.float32).pair(q),
        lambda tangent, w, q, v: tangent.to(torch.float32).gram(w, tangent.to(torch.float32)),
    ]
    for of in asked:
        compared(activation, trained, 2, 5, of, w, q, v)


def test_coordinates_that_are_too_few_are_refused() -> None:
    """Assert that members of other neurons are refused as one cloud is."""
    neuron, phi = Perceptron(Tanh(), Identity(4)), numbers(2, 5, 4)
    with pytest.raises(ShapeError, match="Particles have 4 coordinates, but this neuron needs 5: 4 hidden weights and"):
        neuron.member_tangent(numbers(1, MEMBERS, COUNT, 4), phi)


@pytest.mark.parametrize("activation", [Tanh(), ReLU()], ids=repr)
def test_a_member_does_not_feel_the_others(activation: Activation) -> None:
    """Assert that sigma and sums of a member have the same bits beside others that are small or large."""
    neuron, phi = Perceptron(activation, Identity(4)), numbers(2, 5, 4)
    own, others, weights = 0.01 * numbers(1, 1, COUNT, 5), numbers(3, 2, COUNT, 5), numbers(4, MEMBERS, COUNT).abs()
    found = []
    for scale in (0.01, 10.0):
        tangent = neuron.member_tangent(torch.cat([own, scale * others]), phi)
        found.append((tangent.predict(weights)[0], tangent.pull(weights, phi.new_ones(MEMBERS, 5, 1))[0]))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
