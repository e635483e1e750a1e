"""Scratch memory: a matrix has one holder at a time, goes back with its last lease, and not too much is kept."""

import copy

import pytest
import torch
from torch import Tensor
from torch.func import grad, jvp, vmap

from particles import GELU, Activation, Identity, Perceptron, ReLU, Tanh
from particles.numerics.scratch import FRESH, Scratch, reusable
from tests.draws import normals
from tests.tolerances import assert_identical

LIKE = torch.zeros(1, dtype=torch.float32)


def test_memory_goes_from_one_holder_to_the_next() -> None:
    """Assert that a matrix is handed out again, for its own dtype and shape alone, once its lease is gone."""
    scratch = Scratch()
    lease = scratch.lease(3, 4, LIKE)
    place = lease.matrix.data_ptr()
    another = scratch.lease(3, 4, LIKE)
    assert another.matrix.data_ptr() != place
    del lease
    strangers = [scratch.lease(4, 3, LIKE), scratch.lease(3, 4, LIKE.double())]
    assert all(stranger.matrix.data_ptr() != place for stranger in strangers)
    assert scratch.lease(3, 4, LIKE).matrix.data_ptr() == place


def test_copy_of_a_holder_keeps_the_memory() -> None:
    """Assert that a matrix goes back when the last of several holders of one lease is gone, and once."""
    scratch = Scratch()
    lease = scratch.lease(3, 4, LIKE)
    holders = [{"lease": lease}, copy.copy({"lease": lease})]
    del lease
    holders.pop()
    assert scratch.bytes == 0
    holders.pop()
    assert scratch.bytes == 48


def test_no_more_is_kept_than_allowed() -> None:
    """Assert that old shapes make room for a new one, and that what is too large is not kept."""
    scratch = Scratch(largest=100)
    leases = [scratch.lease(2, 5, LIKE), scratch.lease(2, 5, LIKE)]
    leases.clear()
    assert scratch.bytes == 80
    scratch.lease(3, 5, LIKE)
    assert scratch.bytes == 60
    scratch.lease(6, 5, LIKE)
    assert scratch.bytes <= 60


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # of torch's own jvp
@pytest.mark.parametrize("transform", [grad, vmap, lambda f: lambda x: jvp(f, (x,), (x,))[0]])
def test_tensors_in_a_transform_are_not_reusable(transform: object) -> None:
    """Assert that tensors that are mapped over or differentiated, forwards or backwards, are told from plain ones."""
    seen = []

    def look(x: Tensor) -> Tensor:
        seen.append(reusable(LIKE, x))
        return x.square().sum()

    transform(look)(torch.ones(3))  # type: ignore[operator]
    look(torch.ones(3, requires_grad=True))
    look(torch.ones(3))
    assert seen == [False, False, True]


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize(("hidden", "count"), [(3, 9), (12, 40), (12, 5)])
@pytest.mark.parametrize("activation", [Tanh(), ReLU(), GELU()], ids=repr)
def test_small_matrices_take_fresh_memory(
    monkeypatch: pytest.MonkeyPatch, activation: Activation, hidden: int, count: int, outputs: int
) -> None:
    """Assert that no lease is made below the limit, one at it, and that a network gives the same numbers by either."""
    neuron = Perceptron(activation, Identity(hidden), outputs, "both")
    positions, phi = normals(count, neuron.dim, seed=1), normals(7, hidden, seed=2)
    factors, cotangents = normals(count, seed=3), normals(7, outputs, seed=4)
    found = []
    for smallest, fresh in ((7 * count + 1, True), (7 * count, False)):
        monkeypatch.setattr("particles.numerics.scratch.SMALLEST", smallest)
        assert (Scratch().for_product(positions, phi) is FRESH) is fresh
        tangent = neuron.tangent(positions, phi)
        found.append((tangent.predict(factors), tangent.pull(factors, cotangents)))
    for one, other in zip(*found, strict=True):
        assert_identical(one, other)
