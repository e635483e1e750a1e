"""Gradients of kernels in their inputs: closed forms at 90 digits, plain rules on a grid, differences, and corners."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import pytest
import torch
from torch import Tensor

from limits import RandomKernel, convolutional_kernels, deep_kernels, feature_kernel, tangent_kernel
from particles import (
    GELU,
    Activation,
    Biased,
    Erf,
    GaussianLaw,
    Identity,
    LeakyReLU,
    Linear,
    Perceptron,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from tests.draws import normals
from tests.limits.kernels.oracles import ELU, PRECISE, HardTanh, Shifted, arc_cosine
from tests.limits.kernels.test_two_layer import plane
from tests.long import long_after
from tests.tolerances import DERIVATIVE, QUADRATURE, assert_identical

EVERY: list[Activation] = [
    *(ReLU(), LeakyReLU(0.2), Linear(), Erf(), GELU(), Tanh(), Sigmoid(), Softplus(), SiLU()),
]
SMOOTH = EVERY[3:]
KINKED = [ReLU(), LeakyReLU(0.2), HardTanh(), Shifted()]
X = normals(4, 3, seed=11)

Function = Callable[..., Tensor]


def gradient(function: Function, x: Tensor) -> Tensor:
    """That of the sum of all entries, by autograd."""
    given = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(function(given).sum(), given)
    return found


def differences(function: Function, x: Tensor, step: float) -> Tensor:
    """The same by central differences."""
    found = torch.zeros_like(x)
    for place in range(x.numel()):
        moved = torch.zeros_like(x)
        moved.view(-1)[place] = step
        found.view(-1)[place] = (function(x + moved).sum() - function(x - moved).sum()) / (2.0 * step)
    return found


def slopes(function: Function, x: Tensor) -> tuple[float, float]:
    """The derivative along a direction without any symmetry, by autograd and by differences of order step^4."""
    way = normals(*x.shape, seed=13)
    points = [function(x + step * way).detach().sum() for step in (1e-3, -1e-3, 2e-3, -2e-3)]
    exact = (8.0 * (points[0] - points[1]) - (points[2] - points[3])) / 12e-3
    return float((gradient(function, x) * way).sum()), float(exact)


def assert_slopes(function: Function, x: Tensor) -> None:
    """Assert that the gradient has the slope of the differences."""
    found, exact = slopes(function, x)
    assert abs(found - exact) <= 1e-8 * max(abs(exact), 0.1)


def ntk(x: Tensor, y: Tensor | None = None, **given: Any) -> Tensor:
    """The deep tangent kernel."""
    return deep_kernels(x, y, accuracy=1e-12, **given).ntk


def trained(activation: Activation) -> Function:
    """The tangent kernel of both layers, as a function of the first input, and of a second one."""
    neuron = Perceptron(activation, Identity(3), 1, "both")
    return tangent_kernel(neuron, GaussianLaw(neuron), accuracy=1e-12)


@pytest.mark.parametrize("angle", [1e-9, 1e-6, 1e-3, 0.5, 2.0, math.pi - 1e-6])
@pytest.mark.parametrize("norm", [1.0, 1e8])
@pytest.mark.parametrize("activation", [Erf(), GELU(), ReLU(), LeakyReLU(0.1)], ids=repr)
def test_closed_forms_have_all_digits(activation: Activation, norm: float, angle: float) -> None:
    """Assert that both kernels' gradients agree with derivatives at 90 digits, at any norm and angle."""
    x, y, _ = plane(norm, angle)
    a, b = ([mpmath.mpf(each) for each in row[0].tolist()] for row in (x, y))
    slopes = {"ReLU": (1.0, 0.0), "LeakyReLU": (1.0, 0.1)}.get(type(activation).__name__)
    name = type(activation).__name__.lower()
    precise = PRECISE[name] if slopes is None else partial(arc_cosine, right=slopes[0], left=slopes[1])
    neuron = Perceptron(activation, Identity(2))

    def kernel(first: mpmath.mpf, second: mpmath.mpf, hidden: bool) -> mpmath.mpf:
        p, q = (first**2 + second**2) / 2, (b[0] ** 2 + b[1] ** 2) / 2
        r = (first * b[0] + second * b[1]) / 2
        value, slope = precise(p, q, r)
        return r * slope if hidden else value

    step = a[0] * mpmath.mpf(10) ** -40
    for made, hidden in ((tangent_kernel, True), (feature_kernel, False)):
        found = gradient(lambda z, made=made: made(neuron, GaussianLaw(neuron))(z, y), x)[0].tolist()
        with mpmath.workdps(90):
            exact = [
                mpmath.diff(lambda s, hidden=hidden: kernel(s, a[1], hidden), a[0], h=step),
                mpmath.diff(lambda t, hidden=hidden: kernel(a[0], t, hidden), a[1], h=step),
            ]
            off = mpmath.sqrt(sum((mpmath.mpf(each) - one) ** 2 for each, one in zip(found, exact, strict=True)))
            assert off <= 1e-14 * mpmath.sqrt(sum(one**2 for one in exact))


def on_a_grid(activation: Activation, x: Tensor, y: Tensor) -> Tensor:
    """r E s' s' + E s s by the trapezoidal rule, which autograd goes through."""
    p, q, r = (float(each) if not each.requires_grad else each for each in (x @ x / 3.0, y @ y / 3.0, x @ y / 3.0))
    grid = torch.arange(-9.0, 9.0, 0.03, dtype=torch.float64)
    weight = torch.exp(-0.5 * (grid[:, None] ** 2 + grid**2)) * (0.03**2 / (2.0 * math.pi))
    u = p**0.5 * grid[:, None]
    v = r / p**0.5 * grid[:, None] + (q - r * r / p) ** 0.5 * grid
    value, slope = (function(u) * function(v) for function in (activation.value, activation.derivative))
    return ((r * slope + value) * weight).sum()


@pytest.mark.parametrize("close", [1.0, 0.2, 0.02])
@pytest.mark.parametrize("activation", SMOOTH, ids=repr)
def test_quadrature_has_the_gradient_of_a_plain_rule(activation: Activation, close: float) -> None:
    """Assert that the tangent kernel's gradient is that of the trapezoidal rule, nearly parallel inputs included."""
    y = X[:1] + close * X[1:2]
    exact = gradient(lambda x: on_a_grid(activation, x[0], y[0]), X[:1])
    found = gradient(lambda x: trained(activation)(x, y), X[:1])
    assert float((found - exact).abs().max()) <= 10.0 * QUADRATURE


@pytest.mark.parametrize(
    ("kind", "activation"),
    [
        *long_after(5, (("two layers", activation) for activation in EVERY)),
        *long_after(2, (("deep", activation) for activation in [*EVERY, ELU(), HardTanh(), Shifted()])),
        *long_after(2, (("convolutional", activation) for activation in [*EVERY, ELU(), HardTanh(), Shifted()])),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_every_kernel_has_the_gradient_of_its_differences(kind: str, activation: Activation) -> None:
    """Assert that differences agree for each kernel and activation, in both arguments and in one that is both."""
    if kind == "two layers":
        neuron = Perceptron(activation, Biased(Identity(3)), 2, "both")
        kernel = tangent_kernel(neuron, GaussianLaw(neuron), accuracy=1e-12)
    elif kind == "convolutional":
        made = partial(convolutional_kernels, activation=activation, filter_size=2, accuracy=1e-12)
        kernel = lambda x, y=None: made(x, y).ntk
    else:
        kernel = partial(ntk, activation=activation, depth=2, bias_variance=0.3)
    weights = normals(36, seed=14)
    for function, at in (
        (lambda both: kernel(both[:1], both[1:]), X[:3]),
        (lambda x: torch.flatten(gram := kernel(x)) * weights[: gram.numel()], X[:2]),
    ):
        assert_slopes(function, at)


@pytest.mark.parametrize(
    "activation", long_after(2, [ReLU(), Erf(), GELU(), Tanh(), Softplus(), ELU()]), ids=lambda one: type(one).__name__
)
def test_equal_inputs_have_half_the_gradient_of_the_diagonal(activation: Activation) -> None:
    """Assert that, as a kernel is symmetric, each of two equal inputs has half of it, in deep layers too."""
    for depth in (1, 2):
        kernel = partial(ntk, activation=activation, depth=depth)
        half = slopes(kernel, X[:1])[1] / 2.0
        for function in (partial(kernel, y=X[:1]), partial(kernel, X[:1])):
            found = slopes(function, X[:1])[0]
            assert abs(found - half) <= 1e-8 * abs(half)
        assert_slopes(kernel, X[:1])


@pytest.mark.parametrize("activation", [Erf(), GELU(), Tanh()], ids=repr)
def test_deep_layers_know_nearly_parallel_inputs(activation: Activation) -> None:
    """Assert that what is too small for a covariance to show, and taken as nothing in its value, has its gradient."""
    near = X[:1] + 1e-5 * X[1:2]
    assert_slopes(partial(ntk, y=near, activation=activation, depth=3, bias_variance=0.3), X[:1])


@pytest.mark.parametrize("factor", [2.0, -1.0])
@pytest.mark.parametrize("activation", SMOOTH, ids=repr)
def test_parallel_inputs_have_a_gradient(activation: Activation, factor: float) -> None:
    """Assert that nothing is lost where the two Gaussians are one, or each other's opposite."""
    function = lambda x: trained(activation)(x, factor * X[:1])
    assert_slopes(function, X[:1])


@pytest.mark.parametrize("scale", [1e2, 1e4])
@pytest.mark.parametrize("activation", SMOOTH, ids=repr)
def test_large_inputs_have_a_gradient(activation: Activation, scale: float) -> None:
    """Assert that saturated neurons have the gradient of differences, to the accuracy that is reached there."""
    neuron = Perceptron(activation, Identity(3))
    kernel = tangent_kernel(neuron, GaussianLaw(neuron))
    function = lambda x: kernel(scale * x, scale * X[1:2]) / scale
    found, exact = slopes(function, X[:1])
    assert abs(found - exact) <= DERIVATIVE * abs(exact)


@pytest.mark.parametrize("activation", KINKED, ids=lambda one: type(one).__name__)
def test_corners_have_the_mean_of_both_sides(activation: Activation) -> None:
    """Assert that where s' jumps and inputs are equal, the gradient is what central differences tend to."""
    function = lambda x: deep_kernels(x, X[:1], activation=activation, depth=1).ntk
    away = function(X[:1] + 1e-3 * X[1:2]) + function(X[:1] - 1e-3 * X[1:2]) - 2.0 * function(X[:1])
    assert abs(float(away)) > 1e-5  # a corner, and not a parabola of this step
    exact = differences(function, X[:1], 1e-6)
    assert float((gradient(function, X[:1]) - exact).abs().max()) <= DERIVATIVE


@pytest.mark.parametrize("activation", EVERY, ids=repr)
def test_an_input_of_zeros_has_its_gradient(activation: Activation) -> None:
    """Assert that it is that of differences at zero, where correlations mean nothing; of a corner the mean."""
    function = lambda x: trained(activation)(x, X[1:2])
    exact = differences(function, torch.zeros(1, 3, dtype=torch.float64), 1e-4)
    assert float(exact.abs().max()) > 0.01
    found = gradient(function, torch.zeros(1, 3, dtype=torch.float64))
    assert float((found - exact).abs().max()) <= DERIVATIVE
    both = gradient(lambda x: trained(activation)(x), torch.zeros(2, 3, dtype=torch.float64))
    assert bool(torch.isfinite(both).all())


@pytest.mark.parametrize("activation", [Erf(), GELU(), Softplus(), Tanh()], ids=repr)
def test_second_derivatives_of_inputs_that_are_not_parallel(activation: Activation) -> None:
    """Assert that the derivative of the gradient is that of its differences."""

    def inner(y: Tensor) -> Tensor:
        x = X[:1].clone().requires_grad_()
        (found,) = torch.autograd.grad(trained(activation)(x, y).sum(), x, create_graph=True)
        return found.square()

    found, _ = slopes(inner, X[1:2])
    way = normals(1, 3, seed=13)
    exact = (inner(X[1:2] + 1e-4 * way) - inner(X[1:2] - 1e-4 * way)).detach().sum() / 2e-4
    assert abs(found - float(exact)) <= DERIVATIVE * abs(float(exact))


@pytest.mark.parametrize("activation", long_after(1, [ReLU(), Tanh()]), ids=repr)
def test_tiles_are_computed_again_and_values_stay(activation: Activation) -> None:
    """Assert that more inputs than a tile have the gradients of their pairs, and the values of no gradient."""
    x, columns = normals(258, 3, seed=12), [3, 255, 257]
    kernel = trained(activation)
    given = x.clone().requires_grad_()
    gram = kernel(given)
    assert float((gram.detach() - kernel(x)).abs().max()) <= 2.0 * QUADRATURE
    (whole,) = torch.autograd.grad(gram[0, columns].sum(), given)
    parts = gradient(lambda z: kernel(z, x[columns]), x[:1])
    assert float((whole[:1] - parts).abs().max()) <= 100.0 * QUADRATURE
    assert set(whole.abs().sum(dim=1).nonzero()[:, 0].tolist()) == {0, *columns}


def test_random_kernels_and_their_partners_have_gradients() -> None:
    """Assert that a draw of the random kernel and the Gram matrix of a cloud are differentiated like the mean."""
    neuron = Perceptron(Tanh(), Identity(3), 1, "both")
    kernel = tangent_kernel(neuron, GaussianLaw(neuron))
    random = RandomKernel(kernel, 0.5, 0.6)
    for function in (random.mean, lambda x: random.sample(x, seed=0, heavy=10).gram):
        assert_slopes(function, X[:2])


def test_float32_gradients_are_those_of_the_wide_inputs() -> None:
    """Assert that float32 inputs have float32 gradients, rounded once."""
    narrow = X.float()
    found = gradient(lambda x: trained(Tanh())(x), narrow)
    assert found.dtype == torch.float32
    assert_identical(found, gradient(lambda x: trained(Tanh())(x), narrow.double()).float())
