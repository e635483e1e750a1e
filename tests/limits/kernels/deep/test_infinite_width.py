"""The infinite width of deep networks: the contract of kernels, equal layers, other parameterisations, refusals."""

import math
from functools import partial

import numpy as np
import pytest
import torch

from limits import Kernel, convolutional_kernels, deep_kernels, infinite_width_kernels, root_mean, slope
from particles import (
    NTK,
    AveragePool,
    Convolution,
    Deep,
    DeepLaw,
    Dense,
    Erf,
    Network,
    ReLU,
    Tanh,
)
from tests.draws import normals
from tests.limits.kernels.contracts import kernel
from tests.limits.kernels.contracts.deep_members import DEEP_KERNELS, WRONG
from tests.limits.kernels.contracts.kernel import is_the_mean_of_its_partner
from tests.limits.kernels.contracts.members import Partner
from tests.long import long_after
from tests.tolerances import Z, assert_identical

X = normals(5, 3, seed=1)
W, B = 1.7, 0.3


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
    layers = [*[Convolution(4, 2, "zero", bias=True)] * 2, AveragePool(), Dense(1, bias=True)]
    found = infinite_width_kernels(Deep((2, 4, 4), layers, ReLU(), **given), x[:1], x[1:])
    convolutional = partial(
        convolutional_kernels, filter_size=2, depth=2, shape=(2, 4, 4), padding="zero", pooling=True
    )
    expected = convolutional(x[:1], x[1:], activation=ReLU(), **given)
    assert_identical(found.ntk, expected.ntk)
    assert_identical(found.nngp, expected.nngp)


def test_what_is_not_trained_adds_nothing() -> None:
    """Assert that a trained readout has the NNGP, hidden layers the rest, and that a rate multiplies its layer."""
    x = normals(3, 2 * 6, seed=3)
    layers = [Convolution(4, 3, bias=True), AveragePool(2), Dense(4, bias=True), Dense(1, bias=True)]
    made = lambda trained, layers=layers: infinite_width_kernels(
        Deep((2, 6), layers, Erf(), trained=trained, weight_variance=W, bias_variance=B), x
    )
    every = made("all")
    assert_identical(made("output").ntk, every.nngp)
    assert_identical(made("hidden").ntk, every.ntk - every.nngp)
    one = sum(made((name,)).ntk for name in ("layer1", "layer1.bias", "layer2", "layer2.bias"))
    assert_identical(one, made("hidden").ntk)
    slower = made("all", [Convolution(4, 3, bias=True, rate=0.25), *layers[1:]])
    first = made(("layer1", "layer1.bias")).ntk
    assert_identical(slower.ntk, every.ntk - 0.75 * first)


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


@pytest.mark.parametrize("parameterisation", ["standard", "mean-field", "maximal-update", "integrable"])
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
