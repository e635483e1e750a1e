"""Parameterisations: their table, and that mean-field and maximal-update give the same trajectories of functions."""

import math
from dataclasses import replace

import pytest
import torch

from flows import RK4, GradientFlow, evolve
from particles import (
    NTK,
    AveragePool,
    Convolution,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
)
from particles.neurons.deep.parameterisation import NAMES, Parameterisation, Place, Scales
from tests.draws import normals

#: What is claimed of the two parameterisations, relative to the change of the outputs.
SAME = 1e-10


def test_scales_are_those_of_the_table() -> None:
    """Assert that weights and biases of first, other and last layers have the scales that the docstring says."""
    n, m, v, b = 12, 5, 1.7, 0.3
    first, other, last = (Place(n, m, *where) for where in ((True, False), (False, False), (False, True)))
    root, bias = math.sqrt(v), math.sqrt(b)
    weights = {
        "ntk": [Scales(root / n**0.5, 1.0)] * 3,
        "standard": [Scales(1.0, root / n**0.5)] * 3,
        "mean-field": [Scales(root / n**0.5, 1.0, m), Scales(root / n**0.5, 1.0, n), Scales(root / n, 1.0, n)],
        "maximal-update": [
            *(Scales(root * (m / n) ** 0.5, m**-0.5), Scales(root, n**-0.5), Scales(root / n**0.5, n**-0.5)),
        ],
        "integrable": [Scales(root / n**0.5, 1.0, m), Scales(root / n, 1.0, n * m), Scales(root / n, 1.0, n)],
    }
    biases = {
        "ntk": [Scales(bias, 1.0)] * 3,
        "standard": [Scales(1.0, bias)] * 3,
        "mean-field": [*[Scales(bias, 1.0, m)] * 2, Scales(bias, 1.0)],
        "maximal-update": [*[Scales(bias * m**0.5, m**-0.5)] * 2, Scales(bias, 1.0)],
        "integrable": [*[Scales(bias, 1.0, m)] * 2, Scales(bias, 1.0)],
    }
    for name in NAMES:
        found = [Parameterisation(name, v, b).of(Dense(m, True), place) for place in (first, other, last)]
        for scales, expected in zip([each.weights for each in found], weights[name], strict=True):
            assert vars(scales) == pytest.approx(vars(expected), rel=1e-15)
        for scales, expected in zip([each.bias for each in found], biases[name], strict=True):
            assert vars(scales) == pytest.approx(vars(expected), rel=1e-15)


def test_a_layer_has_the_last_word() -> None:
    """Assert that multiplier, deviation and rate of a layer replace those of the parameterisation, one by one."""
    place = Place(4, 3, is_first=False, is_last=False)
    found = Parameterisation("mean-field", bias_variance=1.0).of(Dense(3, True, rate=0.5, deviation=0.0), place)
    assert found.weights == Scales(0.5, 0.0, 0.5) and found.bias == Scales(1.0, 1.0, 0.5)
    assert Parameterisation().of(Dense(3, multiplier=2.0), place).weights == Scales(2.0, 1.0)


@pytest.mark.parametrize(
    "net",
    [
        Deep(3, [Dense(6), Dense(6), Dense(6), Dense(2)], Tanh(), "mean-field"),
        Deep(3, [Dense(6, True), Dense(4, True), Dense(2, True)], Tanh(), "mean-field", "all", 1.7, 0.3),
        Deep((1, 4), [Convolution(3, 3), AveragePool(2), Convolution(2, 2), Dense(1)], Tanh(), "mean-field"),
    ],
    ids=["one width", "biases", "convolutions"],
)
def test_maximal_update_is_mean_field(net: Deep) -> None:
    """Assert that from the same function the two give the same outputs along the way, which NTK does not."""
    other = replace(net, parameterisation="maximal-update")
    start = DeepLaw(net).sample(seed=0)
    data = Dataset(normals(5, 4 if net.inputs == (1, 4) else 3, seed=1), normals(5, net.outputs, seed=2))
    positions = start.positions.clone()
    for mine, its in zip(net.chain.groups, other.chain.groups, strict=True):
        positions[:, mine.columns] *= mine.scales.multiplier / its.scales.multiplier
    assert torch.allclose(positions, DeepLaw(other).sample(seed=0).positions, rtol=1e-14, atol=0.0)

    def outputs(neuron: Deep, cloud: ParticleCloud) -> torch.Tensor:
        risk = Risk(neuron, NTK(), Squared(), data)
        return risk.predictions(evolve(GradientFlow(risk), cloud, RK4(0.1), until=0.5))

    expected = outputs(net, start)
    moved = (expected - Risk(net, NTK(), Squared(), data).predictions(start)).norm()
    assert float((outputs(other, ParticleCloud(positions)) - expected).norm() / moved) < SAME
    slower = replace(net, parameterisation="ntk")
    assert float((outputs(slower, start) - expected).norm() / moved) > 1e-2


@pytest.mark.parametrize("name", ["mean-field", "maximal-update", "integrable"])
def test_one_hidden_layer_is_the_mean_field_limit(name: str) -> None:
    """Assert that particles under MeanField have the same trajectory, of which a network has all in one particle."""
    count, d = 6, 3
    deep = Deep(d, [Dense(count), Dense(1)], Tanh(), name)
    data = Dataset(normals(5, d, seed=1), normals(5, 1, seed=2))
    start = DeepLaw(deep).sample(seed=0)
    hidden, output = deep.chain.groups
    w = start.positions[0, hidden.columns].reshape(count, d) * hidden.scales.multiplier * d**0.5
    a = start.positions[0, output.columns].reshape(count, 1) * output.scales.multiplier * count
    plain = Risk(Perceptron(Tanh(), Identity(d), trained="both"), MeanField(), Squared(), data)
    ends = [
        risk.predictions(evolve(GradientFlow(risk), cloud, RK4(0.1), until=1.0))
        for risk, cloud in (
            (Risk(deep, NTK(), Squared(), data), start),
            (plain, ParticleCloud(torch.cat([w, a], dim=1))),
        )
    ]
    moved = float((ends[1] - plain.predictions(ParticleCloud(torch.cat([w, a], dim=1)))).norm())
    assert moved > 0.1 and float((ends[0] - ends[1]).norm()) / moved < SAME


def test_one_width_is_abc() -> None:
    """Assert that at one width m the scales are m^-a, m^-b and m^-c of Yang and Hu (2021), sqrt(d) apart."""
    d, m = 3, 8
    layers = [Dense(m), Dense(m), Dense(m), Dense(1)]
    for name, a, b, c in (
        ("maximal-update", [-0.5, 0.0, 0.0, 0.5], 0.5, 0.0),
        ("mean-field", [0.0, 0.5, 0.5, 1.0], 0.0, -1.0),
    ):
        for number, group in enumerate(Deep(d, layers, Tanh(), name).chain.groups):
            inputs = d**0.5 if number == 0 else 1.0
            scales = group.scales
            assert scales.multiplier * inputs == pytest.approx(m ** -a[number], rel=1e-14)
            assert (scales.deviation, scales.rate) == pytest.approx((m**-b, m**-c), rel=1e-14)


def test_others_are_refused() -> None:
    """Assert that an unknown name and variances that are none are refused with what there is."""
    with pytest.raises(
        ValueError, match="is 'mup', but one of 'ntk', 'standard', 'mean-field', 'maximal-update', 'int"
    ):
        Parameterisation("mup")
    with pytest.raises(ValueError, match=r"The weight_variance is -1.0, but a finite non-negative number is needed"):
        Parameterisation("ntk", -1.0)
    with pytest.raises(ValueError, match=r"The bias_variance is nan, but a finite non-negative number is needed"):
        Parameterisation("ntk", 1.0, math.nan)
