"""Deep kernels: the published pair, the recursion written plainly, random networks of finite width, refusals."""

import math
from functools import partial

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import jacrev

from limits import Kernel, convolutional_kernels, deep_kernels, infinite_width_kernels, root_mean, slope
from particles import (
    GELU,
    NTK,
    Activation,
    AveragePool,
    Convolution,
    Deep,
    DeepLaw,
    Dense,
    Erf,
    Linear,
    Network,
    ReLU,
    Softplus,
    Tanh,
)
from tests.draws import normals
from tests.limits.kernels.contracts import kernel
from tests.limits.kernels.contracts.deep_members import DEEP_KERNELS, WRONG
from tests.limits.kernels.contracts.kernel import is_the_mean_of_its_partner
from tests.limits.kernels.contracts.members import Partner
from tests.limits.kernels.oracles import ELU, PRECISE, Shifted, trapezoid
from tests.long import long_after
from tests.tolerances import PUBLISHED, QUADRATURE, SINGLE, Z, assert_identical

X = normals(5, 3, seed=1)
W, B = 1.7, 0.3


def test_published_pair() -> None:
    """Assert that two-layer ReLU at x = (1, 0), x' = (0.6, 0.8) has the published values, to their seven digits."""
    x = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    kernels = deep_kernels(x, activation=ReLU(), depth=1)
    for found, published in (
        (kernels.nngp[0, 0], 0.25),
        (kernels.nngp[0, 1], 0.1693869),
        (kernels.ntk[0, 0], 0.5),
        (kernels.ntk[0, 1], 0.27511182),
    ):
        assert abs(float(found) - published) < PUBLISHED


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_relu_is_the_recursion_written_with_angles(depth: int) -> None:
    """Assert that it is the arc-cosine recursion for weights of variance 2, where the diagonal is preserved."""
    gram = 2.0 * X @ X.T / 3.0
    size = (gram.diagonal()[:, None] * gram.diagonal()).sqrt()
    tangent = gram.clone()
    for _ in range(depth):
        theta = torch.acos((gram / size).clamp(-1.0, 1.0))
        gram = size * (theta.sin() + (math.pi - theta) * theta.cos()) / math.pi
        tangent = gram + tangent * (math.pi - theta) / math.pi
    kernels = deep_kernels(X, activation=ReLU(), depth=depth, weight_variance=2.0)
    assert float((kernels.nngp - gram).abs().max()) < QUADRATURE
    # arccos loses half the digits next to one, which only the plain recursion meets, on its diagonal.
    off = ~torch.eye(5, dtype=torch.bool)
    assert float((kernels.ntk - tangent)[off].abs().max()) < QUADRATURE
    assert_identical(kernels.ntk.diagonal(), (depth + 1.0) * 2.0 * X.square().sum(dim=1) / 3.0)
    assert 0.0 < kernels.error < QUADRATURE


def test_tanh_is_the_recursion_by_the_trapezoidal_rule() -> None:
    """Assert that two layers with biases agree, entry by entry, with integrals on a plain grid."""
    p, q, r = (float(W * X[i] @ X[j] / 3.0 + B) for i, j in ((0, 0), (1, 1), (0, 1)))
    tangent = r
    for _ in range(2):
        rho = r / math.sqrt(p * q)
        slope = trapezoid(Tanh().derivative, p, q, rho)
        r = W * trapezoid(torch.tanh, p, q, rho) + B
        p, q = (W * trapezoid(torch.tanh, v, v, 1.0) + B for v in (p, q))
        tangent = r + W * tangent * slope
    kernels = deep_kernels(X[:1], X[1:2], activation=Tanh(), depth=2, weight_variance=W, bias_variance=B)
    assert abs(float(kernels.nngp) - r) < QUADRATURE * 5.0
    assert abs(float(kernels.ntk) - tangent) < QUADRATURE * 20.0
    assert 0.0 < kernels.error <= QUADRATURE


def test_linear_networks_are_products() -> None:
    """Assert that without a nonlinearity nngp is x . x'/d and ntk depth + 1 times that."""
    kernels = deep_kernels(X, activation=Linear(), depth=4)
    assert_identical(kernels.nngp, X @ X.T / 3.0)
    assert_identical(kernels.ntk, 5.0 * X @ X.T / 3.0)


def network(parameters: list[Tensor], x: Tensor, activation: Activation) -> Tensor:
    """A network of two hidden layers in NTK parameterisation, biases included, at one input."""
    for layer in range(3):
        weight, bias = parameters[2 * layer], parameters[2 * layer + 1]
        x = activation.value(x) if layer else x
        x = math.sqrt(W / weight.shape[1]) * weight @ x + math.sqrt(B) * bias
    return x[0]


@pytest.mark.parametrize("activation", [ReLU(), Tanh()])
def test_finite_networks_scatter_around_the_kernels(activation: Activation) -> None:
    """Assert that tangent kernel and squared output of random networks of width 192 have these means, |z| < 5.

    The bias of the tangent kernel is of order 1/width, its standard error of order 1/sqrt(60 width): below one.
    """
    x, draws = X[:3], 60
    shapes = [(192, 3), (192,), (192, 192), (192,), (1, 192), (1,)]
    grams, products = [], []
    for seed in range(draws):
        numbers = normals(sum(math.prod(shape) for shape in shapes), seed=seed)
        parts = numbers.split([math.prod(shape) for shape in shapes])
        parameters = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        rows = [jacrev(network)(parameters, point, activation) for point in x]
        flat = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
        outputs = torch.stack([network(parameters, point, activation) for point in x])
        grams.append(flat @ flat.T)
        products.append(outputs[:, None] * outputs)
    kernels = deep_kernels(x, activation=activation, depth=2, weight_variance=W, bias_variance=B)
    for drawn, expected in ((torch.stack(grams), kernels.ntk), (torch.stack(products), kernels.nngp)):
        z = (drawn.mean(dim=0) - expected) / (drawn.std(dim=0) / math.sqrt(draws))
        assert float(z.abs().max()) < Z


@pytest.mark.parametrize("activation", [Erf(), Softplus(), Shifted(), ELU()])
def test_depth_keeps_symmetry_and_positivity(activation: Activation) -> None:
    """Assert that deep kernels of four layers are symmetric and positive semi-definite, duplicates included."""
    x = torch.cat([X, X[:2], 1e-3 * X[:1]])
    kernels = deep_kernels(x, activation=activation, depth=4, weight_variance=2.0)
    for gram in (kernels.nngp, kernels.ntk):
        assert torch.equal(gram, gram.T)
        assert float(torch.linalg.eigvalsh(gram)[0]) > -len(x) * 10.0 * QUADRATURE


def test_rectangles_and_tiles_are_parts_of_the_square() -> None:
    """Assert that kernels between two sets, and of more inputs than a tile, are the same numbers."""
    x = normals(300, 3, seed=2)
    whole = deep_kernels(x, activation=Tanh(), depth=2)
    part = deep_kernels(x[:3], x[250:], activation=Tanh(), depth=2)
    assert float((whole.ntk[:3, 250:] - part.ntk).abs().max()) < 10.0 * QUADRATURE
    assert float((whole.nngp[:3, 250:] - part.nngp).abs().max()) < 10.0 * QUADRATURE


def test_float32_is_kept() -> None:
    """Assert that float32 inputs give float32 kernels of that precision."""
    narrow = deep_kernels(X.float(), activation=Tanh(), depth=2)
    assert narrow.ntk.dtype == narrow.nngp.dtype == torch.float32
    wide = deep_kernels(X.float().double(), activation=Tanh(), depth=2)
    assert float((narrow.ntk.double() - wide.ntk).abs().max()) < SINGLE


def test_impossible_networks_are_refused() -> None:
    """Assert that depths, variances and inputs that cannot be are refused with a sentence."""
    with pytest.raises(ValueError, match="number of hidden layers is 0, but a positive integer is needed"):
        deep_kernels(X, activation=ReLU(), depth=0)
    with pytest.raises(ValueError, match="weight variance is -1.0, but a finite non-negative number is needed"):
        deep_kernels(X, activation=ReLU(), depth=1, weight_variance=-1.0)
    with pytest.raises(ValueError, match="bias variance is inf, but a finite"):
        deep_kernels(X, activation=ReLU(), depth=1, bias_variance=math.inf)


@pytest.mark.parametrize("activation", [ReLU(), Erf(), GELU()], ids=repr)
def test_doubt_about_nearly_parallel_inputs_is_stated(activation: ReLU) -> None:
    """Assert that what later layers cannot know of nearly parallel inputs is in the error, and the error is true."""
    x = torch.tensor([[30.0, 10.0]], dtype=torch.float64)
    angle = 3e-7
    y = x @ torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    a, b = ([mpmath.mpf(each) for each in row[0].tolist()] for row in (x, y))
    dot = lambda s, t: (s[0] * t[0] + s[1] * t[1]) / 2
    p, q, r = dot(a, a), dot(b, b), dot(a, b)
    precise, tangent = PRECISE[type(activation).__name__.lower()], r
    for _ in range(3):
        value, slope = precise(p, q, r)
        p, q, r, tangent = precise(p, p, p)[0], precise(q, q, q)[0], value, value + tangent * slope
    found = deep_kernels(x, y, activation=activation, depth=3)
    assert abs(mpmath.mpf(float(found.nngp)) - r) <= found.error
    assert abs(mpmath.mpf(float(found.ntk)) - tangent) <= found.error < 1e-4 * tangent


def test_equal_inputs_stay_equal() -> None:
    """Assert that an input given twice has one row, in layers by quadrature as well, and no doubt."""
    x = torch.cat([X[:2], X[:1]])
    for activation in (ReLU(), Softplus()):
        found = deep_kernels(x, activation=activation, depth=3)
        assert_identical(found.ntk[2], found.ntk[0])
        assert found.error < 20.0 * QUADRATURE


def name_of(value: object) -> str | None:
    """The test's name of a law, or of the groups and layers of a network."""
    return getattr(value, "__name__", None) or getattr(value, "title", None)


@pytest.mark.parametrize("law", kernel.LAWS, ids=name_of)
@pytest.mark.parametrize(("kernel", "partner"), long_after(3, DEEP_KERNELS), ids=name_of)
def test_deep_networks_keep_the_laws_of_kernels(kernel: Kernel, partner: Partner, law: kernel.Law) -> None:
    """Assert that the limit of a deep neuron is symmetric, positive and the mean of its networks, |z| < 5."""
    law(kernel, partner)


def test_equal_layers_are_the_kernels_of_their_own() -> None:
    """Assert that a deep neuron of equal layers has the kernels of `deep_kernels` and `convolutional_kernels`."""
    given = {"weight_variance": W, "bias_variance": B}
    dense = Deep(3, [*[Dense(4, bias=True)] * 3, Dense(1, bias=True)], Tanh(), **given)
    found, expected = infinite_width_kernels(dense, X), deep_kernels(X, activation=Tanh(), depth=3, **given)
    assert_identical(found.ntk, expected.ntk)
    x = normals(3, 2 * 4 * 4, seed=2)
    layers = [*[Convolution(4, 3, "zero", bias=True)] * 2, AveragePool(), Dense(1, bias=True)]
    found = infinite_width_kernels(Deep((2, 4, 4), layers, ReLU(), **given), x[:1], x[1:])
    convolutional = partial(
        convolutional_kernels, filter_size=3, depth=2, shape=(2, 4, 4), padding="zero", pooling=True
    )
    expected = convolutional(x[:1], x[1:], activation=ReLU(), **given)
    assert_identical(found.ntk, expected.ntk)
    assert_identical(found.nngp, expected.nngp)


def test_a_convolution_may_be_the_readout() -> None:
    """Assert that a readout before the pool is one after it, and that a readout of several positions is refused."""
    x = normals(3, 2 * 6, seed=3)
    first = Convolution(4, 3)
    after = infinite_width_kernels(Deep((2, 6), [first, AveragePool(), Dense(1)], Erf()), x)
    before = infinite_width_kernels(Deep((2, 6), [first, Convolution(1, 1), AveragePool()], Erf()), x)
    assert_identical(before.ntk, after.ntk)
    assert_identical(before.nngp, after.nngp)
    with pytest.raises(ValueError, match="reads out at 6 positions, whose outputs are correlated; end it with a Dense"):
        infinite_width_kernels(Deep((2, 6), [first, Convolution(1, 1)], Erf()), x)


def test_inputs_are_pooled_first_where_the_network_pools_them() -> None:
    """Assert that averages before the first weights are averages of the inputs."""
    x = normals(3, 2 * 6, seed=3)
    layers = [Convolution(4, 3), Dense(1)]
    found = infinite_width_kernels(Deep((2, 6), [AveragePool(2), *layers], ReLU()), x)
    halves = x.reshape(3, 2, 3, 2).mean(dim=3).flatten(1)
    assert_identical(found.ntk, infinite_width_kernels(Deep((2, 3), layers, ReLU()), halves).ntk)


@pytest.mark.parametrize("parameterisation", ["standard", "mean-field", "maximal-update"])
def test_other_parameterisations_have_their_leading_order(parameterisation: str) -> None:
    """Assert that multipliers, deviations and rates of every parameterisation enter as at the neuron's own widths."""
    neuron = Deep(
        (2, 4),
        [Convolution(48, 3, bias=True), AveragePool(2), Convolution(40, 1), Dense(32), Dense(1, bias=True)],
        ReLU(),
        parameterisation,
        bias_variance=0.2,
    )
    x, draws = normals(3, 8, seed=1), 60
    clouds = [DeepLaw(neuron).sample(seed=seed) for seed in range(draws)]
    network = Network(neuron, NTK())
    grams = torch.stack([network.at(cloud, network.embed(cloud, x)).gram() for cloud in clouds])
    outputs = torch.stack([network(cloud, x) for cloud in clouds])
    found = infinite_width_kernels(neuron, x)
    for drawn, expected in ((grams, found.ntk), (outputs * outputs.mT, found.nngp)):
        z = (drawn.mean(dim=0) - expected) / (drawn.std(dim=0) / math.sqrt(draws))
        assert float(z.abs().max()) < Z


@pytest.mark.validation
@pytest.mark.parametrize("kind", ["dense", "pooled"])
def test_finite_kernels_approach_the_limit_as_the_root_of_the_width(kind: str) -> None:
    """Assert that |Theta_m - Theta| falls as m^(-1/2) in mean square, by an interval of the slope in the width."""
    widths, repetitions = (16, 32, 64, 128, 256), 60
    squares = np.empty((len(widths), repetitions))
    for row, width in enumerate(widths):
        if kind == "dense":
            neuron = Deep(6, [Dense(width, bias=True)] * 2 + [Dense(1)], Tanh(), bias_variance=B)
        else:
            neuron = Deep((2, 4, 4), [*[Convolution(width // 2, 3)] * 2, AveragePool(), Dense(1)], ReLU())
        x = normals(4, 6 if kind == "dense" else 32, seed=1)
        network, limit = Network(neuron, NTK()), infinite_width_kernels(neuron, x).ntk
        for column in range(repetitions):
            cloud = DeepLaw(neuron).sample(seed=1000 * row + column)
            gram = network.at(cloud, network.embed(cloud, x)).gram()
            squares[row, column] = float((gram - limit).square().sum())
    found = slope(widths, squares, root_mean)
    assert found.low < -0.5 < found.high
    assert found.high - found.low < 0.3


@pytest.mark.parametrize(("kernel", "partner"), long_after(2, WRONG), ids=name_of)
def test_limits_of_other_networks_are_not_the_mean(kernel: Kernel, partner: Partner) -> None:
    """Assert that a wrong multiplier, a bias, a readout and rates of another network stand out."""
    with pytest.raises(AssertionError, match="not the mean of its clouds: z = ([1-9][0-9]|[1-9][0-9]{2,})"):
        is_the_mean_of_its_partner(kernel, partner)
