"""Dropout of units layer by layer, and the path of two deep networks through it."""

import pytest
import torch

from limits import DropoutPath, LayerDropoutPath, barrier, dropped_units
from particles import AveragePool, Convolution, Deep, Dense, MeanField, Perceptron, Risk, ShapeError, Squared, Tanh
from particles.neurons.embeddings import Plain
from tests.limits.landscape.clouds import DATA, INPUTS, deep, networks
from tests.tolerances import assert_identical


def risk(neuron: Deep) -> Risk:
    """Of a deep network."""
    return Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=DATA)


def test_kept_units_count_for_all() -> None:
    """Assert that units kept are the network of these units, their outgoing weights times n / M, in plain torch."""
    neuron = deep(6, 8)
    start, _ = networks(neuron)
    first, second, third = (start.positions[0, columns] for columns in neuron.groups.values())
    w1, w2, w3 = first.reshape(6, 3), second.reshape(8, 6), third.reshape(2, 8)
    inner = torch.tanh(torch.tanh(INPUTS @ w1[:2].T) @ (3.0 * w2[:, :2].T))
    expected = inner[:, :5] @ (1.6 * w3[:, :5].T)
    dropped = dropped_units(start, neuron, {"layer1": 2, "layer2": 5})
    assert_identical(risk(neuron).predictions(dropped), expected)
    assert_identical(dropped_units(start, neuron, {"layer2": 8}).positions, start.positions)
    chosen = torch.tanh(torch.tanh(INPUTS @ w1[[4, 1]].T) @ (3.0 * w2[:, [4, 1]].T)) @ w3.T
    assert_identical(risk(neuron).predictions(dropped_units(start, neuron, {"layer1": [4, 1]})), chosen)


@pytest.mark.parametrize("widths", [(6,), (6, 8), (5, 7), (6, 7, 5), (4, 4, 4, 4)], ids=str)
@pytest.mark.parametrize("bias", [False, True], ids=["plain", "biased"])
@pytest.mark.parametrize("count", [1, 3])
def test_path_is_nowhere_above_its_networks_of_half(widths: tuple[int, ...], bias: bool, count: int) -> None:
    """Assert that the 4 H + 3 segments rise to the worst network with layers dropped from above, and no higher."""
    neuron = deep(*widths, bias=bias)
    of, (start, end) = risk(neuron), networks(neuron, count)
    path = LayerDropoutPath(start, end, neuron)
    assert len(path.corners) == 4 * len(widths) + 4
    there, back = ([of(at) for at in path.stages(cloud)] for cloud in (start, end))
    doubled = [each for risks in (there, back[::-1]) for each in risks for _ in range(2)]
    expected = [of(start), *doubled, back[-1], back[-1], of(end)]
    found = torch.stack([of(path(place)) for place in path.corners])
    assert_identical(found.sort().values, torch.stack(expected).sort().values)
    height = barrier(path, of, points=4).height
    assert height == pytest.approx(max(0.0, float(found.max()) - max(float(of(start)), float(of(end)))), abs=1e-12)


def test_weights_of_free_units_leave_no_trace() -> None:
    """Assert that every other segment is constant."""
    neuron = deep(6, 8, bias=True)
    of, (start, end) = risk(neuron), networks(neuron)
    path = LayerDropoutPath(start, end, neuron)
    for segment in range(1, 11, 2):
        here, there = (of.predictions(path((segment + share) / 11.0)) for share in (0.25, 0.75))
        assert_identical(here, there)


def test_one_hidden_layer_is_the_path_of_particles() -> None:
    """Assert that seven segments of a network have the risks of those of the cloud of its units."""
    neuron = Deep(3, (Dense(8), Dense(2)), activation=Tanh(), parameterisation="mean-field")
    start, end = networks(neuron)
    perceptron = Perceptron(Tanh(), Plain(3), outputs=2, trained="both")
    units = Risk(neuron=perceptron, scaling=MeanField(), loss=Squared(), data=DATA)
    clouds = []
    for at in (start, end):
        hidden, output = at.positions[0, :24].reshape(8, 3) / 3.0**0.5, at.positions[0, 24:].reshape(2, 8)
        clouds.append(type(at)(torch.cat([hidden, output.T], dim=1)))
    path, particles = LayerDropoutPath(start, end, neuron), DropoutPath(*clouds, units)
    for place in (0.0, 0.1, 0.4, 0.9, 1.0):
        assert_identical(risk(neuron)(path(place)), units(particles(place)))


def test_other_layers_are_refused() -> None:
    """Assert that unknown layers, too many units, convolutions, other clouds and single units get a sentence each."""
    neuron = deep(6, 8)
    start, end = networks(neuron)
    with pytest.raises(ValueError, match="Units of 'layer3' are to be kept, but hidden layers are layer1, layer2"):
        dropped_units(start, neuron, {"layer3": 1})
    with pytest.raises(ValueError, match="7 layer1 units are to be kept of 6; keep fewer"):
        dropped_units(start, neuron, {"layer1": 7})
    with pytest.raises(ShapeError, match=f"Neurons have {deep(6).dim} coordinates, but the cloud {neuron.dim}"):
        LayerDropoutPath(start, end, deep(6))
    filters = Deep((1, 3), (Convolution(4, 3), AveragePool(), Dense(2)), activation=Tanh())
    with pytest.raises(ValueError, match="dropped in dense layers, but layer1 is not one"):
        dropped_units(networks(filters)[0], filters, {"layer1": 1})
    for widths in ((1, 4), ()):
        with pytest.raises(ValueError, match="give hidden layers of two or more"):
            LayerDropoutPath(*networks(deep(*widths)), deep(*widths))
