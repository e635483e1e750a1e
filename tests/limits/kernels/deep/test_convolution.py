"""Convolutional kernels: closed forms of one layer, the recursion written out, finite networks, a known decay."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.func import jacrev

from limits import convolutional_kernels, deep_kernels
from limits.kernels.deep import recursion
from particles import Activation, Erf, ReLU, ShapeError, Tanh
from tests.draws import normals
from tests.limits.kernels.deep import plain_recursion
from tests.long import long
from tests.tolerances import QUADRATURE, Z, assert_identical

W, B = 1.5, 0.2
X = normals(4, 6, seed=1)


def signs(count: int, inputs: int) -> Tensor:
    """Uniform inputs from {-1, 1}^d."""
    return normals(count, inputs, seed=inputs).sign()


def test_one_layer_of_erf_is_the_closed_form() -> None:
    """Assert that, on inputs of +-1, it is (1/d) sum_k [(2/pi) arcsin(2 rho/3) + (4/pi) rho / sqrt(9 - 4 rho^2)]."""
    x = signs(20, 12)
    windows = torch.stack([x.roll(-shift, dims=1) for shift in range(5)], dim=-1)
    rho = (windows[:, None] * windows[None]).mean(dim=-1)
    exact = 2.0 / math.pi * torch.asin(2.0 * rho / 3.0) + 4.0 / math.pi * rho / (9.0 - 4.0 * rho**2).sqrt()
    assert_identical(convolutional_kernels(x, activation=Erf(), filter_size=5).ntk, exact.mean(dim=-1))


@pytest.mark.parametrize("activation", [ReLU(), Tanh()])
def test_a_filter_over_everything_is_fully_connected(activation: Activation) -> None:
    """Assert that with the filter as long as the input, depth 1, every position sees the dense two-layer network."""
    for variances in ({}, {"weight_variance": W, "bias_variance": B}):
        conv = convolutional_kernels(X, activation=activation, filter_size=6, **variances)
        dense = deep_kernels(X, activation=activation, depth=1, **variances)
        assert float((conv.ntk - dense.ntk).abs().max()) < 4.0 * QUADRATURE
        assert float((conv.nngp - dense.nngp).abs().max()) < 4.0 * QUADRATURE


def test_two_layers_of_erf_are_the_recursion_written_out() -> None:
    """Assert that they are plain loops over positions, filters of three, biases included."""
    covariance = W * neighbours(X[:, None] * X[None]) + B
    tangent = covariance
    for _ in range(2):
        p = torch.stack([covariance[i, i] for i in range(4)])
        size = (1.0 + 2.0 * p[:, None]) * (1.0 + 2.0 * p[None])
        values = 2.0 / math.pi * torch.asin(2.0 * covariance / size.sqrt())
        slopes = 4.0 / math.pi / (size - 4.0 * covariance.square()).sqrt()
        last, below = values, tangent * slopes
        covariance = W * neighbours(values) + B
        tangent = covariance + W * neighbours(tangent * slopes)
    nngp = W * last.mean(dim=2) + B
    kernels = convolutional_kernels(X, activation=Erf(), filter_size=3, depth=2, weight_variance=W, bias_variance=B)
    assert_identical(kernels.nngp, nngp)
    assert_identical(kernels.ntk, nngp + W * below.mean(dim=2))


def neighbours(values: Tensor) -> Tensor:
    """The mean over a position and the two after it."""
    count = values.shape[2]
    means = [sum(values[:, :, (k + shift) % count] for shift in range(3)) / 3.0 for k in range(count)]
    return torch.stack(means, dim=2)


def network(parameters: list[Tensor], x: Tensor, activation: Activation, size: int) -> Tensor:
    """Two circular convolutions and a readout of all positions, in NTK parameterisation, biases included."""
    hidden = x[None, :]
    for weight, bias in ((parameters[0], parameters[1]), (parameters[2], parameters[3])):
        windows = torch.stack([hidden.roll(-shift, dims=1) for shift in range(size)], dim=1)
        count = hidden.shape[0] * size
        mixed = torch.einsum("ocl,clk->ok", weight, windows) * math.sqrt(W / count)
        hidden = activation.value(mixed + math.sqrt(B) * bias[:, None])
    return math.sqrt(W / hidden.numel()) * (parameters[4] * hidden).sum() + math.sqrt(B) * parameters[5]


@pytest.mark.parametrize("activation", [ReLU(), Tanh()])
def test_finite_networks_scatter_around_the_kernels(activation: Activation) -> None:
    """Assert that tangent kernels and outputs of random networks with 48 channels have these means, |z| < 5."""
    channels, size, draws = 48, 3, 60
    x = X[:2]
    shapes = [(channels, 1, size), (channels,), (channels, channels, size), (channels,), (channels, 6), ()]
    grams, products = [], []
    for seed in range(draws):
        numbers = normals(sum(math.prod(shape) for shape in shapes), seed=seed)
        parts = numbers.split([math.prod(shape) for shape in shapes])
        parameters = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        rows = [jacrev(network)(parameters, point, activation, size) for point in x]
        flat = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
        outputs = torch.stack([network(parameters, point, activation, size) for point in x])
        grams.append(flat @ flat.T)
        products.append(outputs[:, None] * outputs)
    kernels = convolutional_kernels(
        x, activation=activation, filter_size=size, depth=2, weight_variance=W, bias_variance=B
    )
    for drawn, expected in ((torch.stack(grams), kernels.ntk), (torch.stack(products), kernels.nngp)):
        z = (drawn.mean(dim=0) - expected) / (drawn.std(dim=0) / math.sqrt(draws))
        assert float(z.abs().max()) < Z


def test_distance_to_the_linear_kernel_falls_with_the_dimension() -> None:
    """Assert that off the diagonal |K - 2 zeta^2 X X^T / d| d / n falls, and the diagonal excess is 0.185."""
    distances = []
    for inputs in (16, 32, 64):
        x = signs(100, inputs)
        gram = convolutional_kernels(x, activation=Erf(), filter_size=round(2 * inputs**0.75)).ntk
        gap = gram - 8.0 / (3.0 * math.pi) * x @ x.T / inputs
        assert abs(float(gap.diagonal().mean()) - 0.185) < 1e-3
        distances.append(float(torch.linalg.matrix_norm(gap - torch.diag(gap.diagonal()), 2)) * inputs / 100)
    assert distances == sorted(distances, reverse=True)


def test_rectangles_are_parts_of_the_square() -> None:
    """Assert that kernels between two sets are blocks of the kernel of both, symmetric and positive."""
    whole = convolutional_kernels(X, activation=Tanh(), filter_size=2, depth=3)
    part = convolutional_kernels(X[:1], X[1:], activation=Tanh(), filter_size=2, depth=3)
    assert float((whole.ntk[:1, 1:] - part.ntk).abs().max()) < 10.0 * QUADRATURE
    assert torch.equal(whole.ntk, whole.ntk.T)
    assert float(torch.linalg.eigvalsh(whole.ntk)[0]) > -10.0 * QUADRATURE


@pytest.mark.parametrize("pooling", [False, True])
@pytest.mark.parametrize("padding", ["circular", "zero"])
@pytest.mark.parametrize(
    ("shape", "size", "activation"),
    [((2, 4), 2, Erf()), ((3, 3, 4), 3, ReLU()), long((1, 5), 3, ReLU()), long((2, 4, 4), 2, Erf())],
)
def test_channels_axes_padding_and_pooling_are_the_recursion_written_out(
    shape: tuple[int, ...], size: int, activation: Activation, padding: str, pooling: bool
) -> None:
    """Assert that three layers agree with loops over all pairs of positions of all pairs of inputs."""
    x = normals(3, math.prod(shape), seed=size)
    formula = plain_recursion.erf if isinstance(activation, Erf) else plain_recursion.relu
    filtered = partial(plain_recursion.filtered, grid=shape[1:], size=size, circular=padding == "circular")
    readout = plain_recursion.everywhere if pooling else plain_recursion.equal_positions
    covariance = W * filtered(plain_recursion.products(x, shape)) + B
    tangent = covariance
    for _ in range(2):
        value, moved = plain_recursion.nonlinear(formula, covariance, tangent)
        covariance = W * filtered(value) + B
        tangent = covariance + W * filtered(moved)
    value, moved = plain_recursion.nonlinear(formula, covariance, tangent)
    nngp = W * readout(value) + B
    found = convolutional_kernels(
        x,
        activation=activation,
        filter_size=size,
        depth=3,
        shape=shape,
        padding=padding,
        pooling=pooling,
        weight_variance=W,
        bias_variance=B,
    )
    assert_identical(found.nngp, nngp)
    assert_identical(found.ntk, nngp + W * readout(moved))
    assert 0.0 < found.error < 10.0 * QUADRATURE


def test_one_pooled_layer_of_erf_is_a_double_sum() -> None:
    """Assert that global average pooling takes the closed form of Hu et al. at all pairs of positions (k, k')."""
    x = signs(6, 8)
    windows = torch.stack([x.roll(-shift, dims=1) for shift in range(3)], dim=-1)
    rho = (windows[:, None, :, None] * windows[None, :, None, :]).mean(dim=-1)
    exact = 2.0 / math.pi * torch.asin(2.0 * rho / 3.0) + 4.0 / math.pi * rho / (9.0 - 4.0 * rho**2).sqrt()
    found = convolutional_kernels(x, activation=Erf(), filter_size=3, pooling=True)
    assert_identical(found.ntk, exact.mean(dim=(2, 3)))


def test_pooled_kernels_do_not_see_where_things_are() -> None:
    """Assert that circular networks with global average pooling give a moved image the kernel of the image."""
    x = normals(3, 2 * 4 * 4, seed=4)
    moved = x.reshape(3, 2, 4, 4).roll((1, 2), (2, 3)).flatten(1)
    made = partial(convolutional_kernels, activation=ReLU(), filter_size=2, depth=2, shape=(2, 4, 4))
    assert_identical(made(x, moved, pooling=True).ntk, made(x, pooling=True).ntk)
    assert float((made(x, moved).ntk - made(x).ntk).abs().max()) > 0.01


def test_tiles_of_pairs_are_parts_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that pairs of positions are computed a few inputs at a time, with the same numbers."""
    x = normals(7, 2 * 4, seed=3)
    made = partial(convolutional_kernels, x, activation=ReLU(), filter_size=2, depth=2, shape=(2, 4), pooling=True)
    whole = made()
    monkeypatch.setattr(recursion, "TILE_ENTRIES", 4 * 4**2)
    tiled = made()
    assert_identical(tiled.ntk, whole.ntk)
    assert_identical(tiled.nngp, whole.nngp)


def test_impossible_shapes_are_refused() -> None:
    """Assert that shapes that are not those of the inputs and other paddings are refused with a sentence."""
    made = partial(convolutional_kernels, X, activation=Erf(), filter_size=2)
    with pytest.raises(ShapeError, match=r"shape is \(2, 4\), which holds 8 numbers, but x1 has 6 inputs"):
        made(shape=(2, 4))
    with pytest.raises(
        ShapeError, match=r"shape is \(6,\), but \(channels, length\) or \(channels, height, width\) is"
    ):
        made(shape=(6,))
    with pytest.raises(ValueError, match="An entry of shape is 0, but a positive integer is needed"):
        made(shape=(0, 6))
    with pytest.raises(ValueError, match="The padding is 'same', but 'circular' or 'zero' is needed"):
        made(padding="same")


def test_impossible_filters_are_refused() -> None:
    """Assert that filter sizes and inputs that cannot be are refused with a sentence."""
    with pytest.raises(ValueError, match="filter size is 0, but a positive integer is needed"):
        convolutional_kernels(X, activation=Erf(), filter_size=0)
    with pytest.raises(ValueError, match="number of hidden layers is 0, but a positive integer"):
        convolutional_kernels(X, activation=Erf(), filter_size=2, depth=0)


@pytest.mark.usefixtures("without_shape_checks")
def test_unequal_inputs_are_refused() -> None:
    """Assert that two sets of inputs must be equally long, here and in dense networks."""
    with pytest.raises(ShapeError, match="x1 has 6 inputs but x2 has 5; give the same number"):
        convolutional_kernels(X, X[:, :5], activation=Erf(), filter_size=2)
    with pytest.raises(ShapeError, match="x1 has 6 inputs but x2 has 5; give the same number"):
        deep_kernels(X, X[:, :5], activation=Erf(), depth=1)
