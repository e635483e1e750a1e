"""The deep neuron: what it is made of, what it refuses, and that mixtures, ensembles and scalings take it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from flows import RK4, GradientFlow, evolve, evolve_all
from particles import (
    NTK,
    Convolution,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Ensemble,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    ShapeError,
    Squared,
    Tanh,
    masses,
    tangent_gram,
)
from particles.compute import tiles
from particles.neurons.groups import groups_of
from tests.draws import normals, unequal
from tests.particles.neurons.deep.networks import NETWORKS, Plain
from tests.tolerances import assert_identical

NET = NETWORKS["planes"]


def test_equal_networks_are_equal() -> None:
    """Assert that lists are kept as tuples, one size as a number, and that networks are values that hash."""
    net = Deep([2, 6], [Convolution(3, 3), Dense(1)], Tanh(), trained=["layer1"])
    assert net == Deep((2, 6), (Convolution(3, 3), Dense(1)), Tanh(), trained=("layer1",))
    assert hash(net) == hash(replace(net)) and net.inputs == (2, 6) and net.trained == ("layer1",)
    assert Deep([4], [Dense(1)]).inputs == 4


def test_groups_and_their_rates() -> None:
    """Assert that groups are those that everything else asks for, with the rates of the parameterisation."""
    assert groups_of(NET) == NET.groups and NET.rates is None
    assert NETWORKS["mixed"].rates == (6.0, 6.0, 4.0, 4.0, 5.0)
    assert NET.hidden == NET.groups["layer4"].start
    assert NET.trained_columns == slice(0, NET.dim)
    columns = replace(NET, trained=("layer4.bias", "layer1.bias")).trained_columns
    assert torch.equal(torch.as_tensor(columns), torch.cat([torch.arange(54, 57), torch.arange(NET.dim - 2, NET.dim)]))
    assert replace(NET, trained="hidden").trained_columns == slice(0, NET.hidden)
    assert replace(NET, trained="output").trained_columns == slice(NET.hidden, NET.dim)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (
            lambda: replace(NET, trained="layer5"),
            "trained is 'layer5', but one of 'layer1', 'layer1.bias', .* is needed",
        ),
        (lambda: replace(NET, trained=()), r"trained is \(\), but one of 'layer1'"),
        (lambda: replace(NET, parameterisation="mup"), "The parameterisation is 'mup', but one of 'ntk', 'standard'"),
        (lambda: Deep(2, [Dense(1, bias=True)]), "A layer has a bias, which with bias_variance = 0 has no effect in"),
        (lambda: Deep(2, [Dense(1)], bias_variance=0.1), "bias_variance is 0.1, but no layer has a bias; give layers"),
    ],
)
def test_what_cannot_be_meant_is_refused(made: Callable[[], object], sentence: str) -> None:
    """Assert that the sentence says what came and what was needed."""
    with pytest.raises(ValueError, match=sentence):
        made()


def test_shapes_are_checked() -> None:
    """Assert that positions and inputs of other sizes are refused with those that are needed."""
    plain = Plain(NET)
    with pytest.raises(ShapeError, match="Particles have 3 coordinates, but this neuron needs 125: 54 of layer1, 3 of"):
        NET.tangent(normals(2, 3, seed=0), plain.inputs)
    with pytest.raises(ShapeError, match="Particles have 3 coordinates"):
        NET.preactivations(normals(2, 3, seed=0), plain.inputs)
    with pytest.raises(ShapeError, match=r"Inputs have shape \(2, 3\), but the network reads \[data, 48\]"):
        NET.embed(normals(2, 3, seed=0))


def test_preactivations_are_what_enters_sigma() -> None:
    """Assert that a dense network's are W x + b layer by layer, the last the outputs, and positions come last."""
    net = NETWORKS["biased"]
    plain = Plain(net)
    found = net.preactivations(plain.positions, plain.inputs)
    assert list(found) == ["layer1", "layer2", "layer3"]
    x = plain.inputs.expand(3, -1, -1)
    for name, stage in zip(found, net.stages, strict=True):
        weights = plain.positions[:, net.groups[name]].reshape(-1, *stage.map.weights)
        h = torch.einsum("jui,jni->jnu", weights, x) + plain.positions[:, None, net.groups[f"{name}.bias"]]
        assert_identical(found[name], h)
        x = h.clamp(min=0.0)
    assert_identical(found["layer3"], net.tangent(plain.positions, plain.inputs).features())
    channels = Plain(NETWORKS["circular"])
    assert channels.net.preactivations(channels.positions, channels.inputs)["layer1"].shape == (3, 5, 3 * 6)


def test_one_hidden_layer_is_a_cloud_of_perceptrons() -> None:
    """Assert that width m in NTK parameterisation is a cloud of m perceptrons under NTK scaling, along its training."""
    m, d = 9, 3
    net, single = Deep(d, [Dense(m), Dense(1)], Tanh()), Perceptron(Tanh(), Identity(d), trained="both")
    one = DeepLaw(net).sample(seed=0)
    rows = torch.cat([one.positions[0, : m * d].reshape(m, d), one.positions[0, m * d :, None]], dim=1)
    data = Dataset(normals(6, d, seed=1), normals(6, 1, seed=2))
    whole, apart = (Risk(neuron, NTK(), Squared(), data) for neuron in (net, single))
    many = ParticleCloud(rows)
    assert_identical(tangent_gram(whole, one), tangent_gram(apart, many))
    ends = [evolve(GradientFlow(risk), start, RK4(0.1), until=1.0) for risk, start in ((whole, one), (apart, many))]
    assert_identical(ends[0].positions[0, : m * d].reshape(m, d), ends[1].positions[:, :d])


def test_mixtures_stream_through_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the velocity of many networks is the same in tiles of particles, whose size knows the layers."""
    net = NETWORKS["dense"]
    data = Dataset(normals(5, 4, seed=1), normals(5, 1, seed=2))
    cloud = DeepLaw(net).sample(masses=unequal(20), seed=3)
    risk = Risk(net, MeanField(), Squared(), data)
    expected = risk.velocity(cloud)
    monkeypatch.setattr(tiles, "SMALLEST_TILE", 1)
    monkeypatch.setattr(tiles, "KEPT_ENTRIES", 0)
    each = 5 * net.entries_per_datum
    few = tiles.Tiles(net, cloud.positions, risk.prepared(cloud).phi, entries=3 * each)
    assert [part.stop - part.start for part, _ in few][:2] == [3, 3]
    at = risk.at(cloud)
    assert_identical(few.pull(at.seen.scaled.gain, -at.cotangents), expected)


def test_rates_of_parameterisation_and_scaling_multiply() -> None:
    """Assert that velocity and Gram matrix of the mean-field parameterisation have its rates times the scaling's."""
    net, plain_net = NETWORKS["mixed"], NETWORKS["mixed"]
    data = Dataset(normals(4, 3, seed=1), normals(4, 2, seed=2))
    cloud = DeepLaw(net).sample(seed=0)
    scaled = Risk(net, NTK(rates={"layer2": 0.5}), Squared(), data)
    rates = torch.zeros(net.dim, dtype=torch.float64)
    for (name, part), rate in zip(net.groups.items(), plain_net.rates or (), strict=True):
        rates[part] = rate * (0.5 if name == "layer2" else 1.0)
    tangent = net.tangent(cloud.positions, data.inputs)
    cotangents = -scaled.residual(cloud) / 4.0
    assert_identical(scaled.velocity(cloud), rates * tangent.pull(torch.ones(1).double(), cotangents))
    units = torch.eye(8, dtype=torch.float64).reshape(8, 4, 2)
    rows = torch.cat([tangent.pull(torch.ones(1).double(), unit) for unit in units])
    assert_identical(tangent_gram(scaled, cloud), (rows * rates) @ rows.T)


def test_ensembles_are_their_members() -> None:
    """Assert that networks that evolve together end where they end alone."""
    net = NETWORKS["circular"]
    risk = Risk(net, NTK(), Squared(), Dataset(Plain(net).inputs, normals(5, 2, seed=2)))
    starts = [DeepLaw(net).sample(masses=masses.uniform(2), seed=seed) for seed in range(3)]
    ends = evolve_all(GradientFlow(risk), Ensemble.of(starts), RK4(0.1), until=0.5)
    for start, end in zip(starts, ends, strict=True):
        assert_identical(end.positions, evolve(GradientFlow(risk), start, RK4(0.1), until=0.5).positions)


def test_fused_kernels_are_refused() -> None:
    """Assert that kernels that were asked for are refused with the reason."""
    net = NETWORKS["dense"]
    risk = Risk(net, NTK(), Squared(), Dataset(normals(5, 4, seed=1), normals(5, 1, seed=2)), fused=True)
    with pytest.raises(ValueError, match="asked for, but the neuron is no Perceptron with an activation that"):
        risk.velocity(DeepLaw(net).sample(seed=0))
