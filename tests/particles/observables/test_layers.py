"""A layer of a network by its name, and tiles in which its pre-activations are computed."""

import pytest
import torch

from particles import Deep, Dense, MeanField, ParticleCloud, Risk, Squared, Tanh
from particles.observables.layers import Layer, tiles_of
from tests.draws import normals
from tests.particles.risk.contracts.plain import dataset, example


class Nameless:
    """A neuron of a user's, whose layers nobody knows."""

    dim = 3

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """theta . x."""
        return theta @ x


def test_layer_is_found_by_its_name() -> None:
    """Assert that "hidden" is the layer of a perceptron, and its last one."""
    risk, cloud = example()
    phi = risk.network.embed(cloud, risk.data.inputs)
    for name in ("hidden", None):
        layer = Layer.of(risk, risk.data.inputs, name, "Somebody")
        assert layer.name == "hidden"
        expected = cloud.positions[:, :3] @ risk.data.inputs.T / 3.0**0.5
        torch.testing.assert_close(layer(cloud.positions, phi)[..., 0], expected)


def test_the_readout_is_not_the_last_hidden_layer() -> None:
    """Assert that the layer before the readout is taken where none is named, and the readout by its name."""
    data = dataset(Squared(), 1)

    def of(name: str | None, *layers: Dense) -> str:
        return Layer.of(Risk(Deep(3, layers, Tanh()), MeanField(), Squared(), data), data.inputs, name, "Us").name

    assert of(None, Dense(4), Dense(2), Dense(1)) == "layer2"
    assert of("layer3", Dense(4), Dense(2), Dense(1)) == "layer3"
    assert of(None, Dense(1)) == "layer1"


def test_a_layer_that_is_not_there_is_refused() -> None:
    """Assert that an unknown name and a neuron without layers are told, with who asked."""
    risk, _ = example()
    with pytest.raises(ValueError, match="The layer of Somebody is 'layer7', but one of 'hidden' is needed"):
        Layer.of(risk, risk.data.inputs, "layer7", "Somebody")
    data = dataset(Squared(), 1)
    own = Risk(Nameless(), MeanField(), Squared(), data)
    with pytest.raises(TypeError, match="Somebody needs a neuron with layers, such as Perceptron, but MappedNeuron"):
        Layer.of(own, data.inputs, None, "Somebody")


def test_tiles_cover_a_part_once() -> None:
    """Assert that the slices follow each other over the part, and are short where there are many data."""
    cloud, many = ParticleCloud(normals(100, 1, seed=1)), torch.ones(2**16, 1)
    tiles = list(tiles_of(cloud, slice(10, 77), many, 1))
    assert [number for tile, _ in tiles for number in range(100)[tile]] == list(range(10, 77))
    assert max(tile.stop - tile.start for tile, _ in tiles) == 16
    assert all(some.shape == many.shape for _, some in tiles)
    ((tile, some),) = tiles_of(cloud, slice(None), torch.ones(3, 1), 1)
    assert tile == slice(0, 100) and len(some) == 3


def test_large_networks_see_their_data_in_parts() -> None:
    """Assert that a particle of many units is alone, and that its data are cut where one of it would fill a tile."""
    cloud, data = ParticleCloud(normals(2, 1, seed=1)), torch.arange(3000.0)[:, None]
    tiles = list(tiles_of(cloud, slice(None), data, 1024))
    assert [tile for tile, _ in tiles] == [slice(0, 1)] * 6 + [slice(1, 2)] * 6
    assert max(len(some) for _, some in tiles) == 512
    assert torch.equal(torch.cat([some for tile, some in tiles if tile.start == 1]), data)
