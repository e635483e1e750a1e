"""Linear maps: backward and gradient are the adjoints of forward, and pools of their own."""

import pytest
import torch
from torch import Tensor

from particles.neurons.deep.convolution import ConvolutionMap
from particles.neurons.deep.maps import DenseMap, LinearMap, Pool
from tests.draws import normals
from tests.tolerances import assert_identical

MAPS: list[LinearMap] = [
    DenseMap(4, 3),
    *(ConvolutionMap(2, 3, size, (5,), circular) for size in (1, 2, 3, 5) for circular in (True, False)),
    *(ConvolutionMap(2, 3, size, (4, 6), circular) for size in (2, 3, 4) for circular in (True, False)),
]


def drawn(linear: LinearMap, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, weights and cotangents of two particles at three data."""
    shapes = (2, 3, *linear.below), (2, *linear.weights), (2, 3, *linear.above)
    x, weights, cotangents = (normals(*shape, seed=n, dtype=dtype) for n, shape in enumerate(shapes))
    return x, weights, cotangents


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("linear", MAPS, ids=repr)
def test_adjoints(linear: LinearMap, dtype: torch.dtype) -> None:
    """Assert that <c, s W x> is <s W^T c, x> and <s c x^T, W>, and the same by what the weights see."""
    x, weights, cotangents = drawn(linear, dtype)
    h = linear.forward(x, weights, 1.5)
    expected = (h * cotangents).double().sum()
    back, gradient = linear.backward(cotangents, weights, 1.5), linear.gradient(cotangents, x, 1.5)
    assert back.shape == x.shape and gradient.shape == weights.shape and h.shape == cotangents.shape
    assert_identical((back * x).double().sum().to(dtype), expected.to(dtype))
    assert_identical((gradient * weights).double().sum().to(dtype), expected.to(dtype))
    seen = torch.einsum("jnpe,jue->jnup", linear.seen(x), weights.flatten(2))
    assert_identical(1.5 * seen.reshape(h.shape), h)


@pytest.mark.parametrize("linear", MAPS, ids=repr)
def test_gradients_are_added(linear: LinearMap) -> None:
    """Assert that a total that is given is written over with its sum with the gradient, among other coordinates too."""
    x, weights, cotangents = drawn(linear)
    among = normals(2, 7 + weights[0].numel(), seed=5)
    before = among.clone()
    total = among[:, 7:].reshape(2, *linear.weights)
    linear.gradient(cotangents, x, 1.5, total)
    assert_identical(total, before[:, 7:].reshape(2, *linear.weights) + linear.gradient(cotangents, x, 1.5))
    assert torch.equal(among[:, :7], before[:, :7])


@pytest.mark.parametrize("linear", MAPS, ids=repr)
def test_one_input_stands_for_all_particles(linear: LinearMap) -> None:
    """Assert that inputs of one particle are seen by all."""
    x, weights, cotangents = drawn(linear)
    every = x[:1].expand(2, *x.shape[1:])
    assert_identical(linear.forward(x[:1], weights, 1.0), linear.forward(every, weights, 1.0))
    assert_identical(linear.gradient(cotangents, x[:1], 1.0), linear.gradient(cotangents, every, 1.0))


def test_pools_average_blocks() -> None:
    """Assert that a pool gives means of blocks, and backwards its transpose."""
    pool = Pool((2, 3))
    x, c = normals(2, 5, 4, 6, seed=1), normals(2, 5, 2, 2, seed=2)
    expected = torch.stack(
        [x[..., 2 * i : 2 * i + 2, 3 * j : 3 * j + 3].mean((-1, -2)) for i in (0, 1) for j in (0, 1)]
    )
    assert_identical(pool.forward(x).flatten(2), expected.movedim(0, -1))
    assert_identical((pool.backward(c) * x).sum(), (pool.forward(x) * c).sum())
    assert pool.backward(c).shape == x.shape
