"""Deep kernels: the published pair, the recursion written plainly, random networks of finite width, refusals."""

import math

import mpmath
import pytest
import torch
from torch import Tensor
from torch.func import jacrev

from limits import deep_kernels
from particles import (
    GELU,
    Activation,
    Erf,
    Linear,
    ReLU,
    Softplus,
    Tanh,
)
from tests.draws import normals
from tests.limits.kernels.oracles import ELU, PRECISE, Shifted, trapezoid
from tests.tolerances import PUBLISHED, QUADRATURE, Z, assert_identical

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
