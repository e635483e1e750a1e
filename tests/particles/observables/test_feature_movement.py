"""Feature movement is the root mean square of what the pre-activations changed by."""

import math

import pytest
import torch

from particles import (
    NTK,
    Convolution,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    FeatureMovement,
    ParticleCloud,
    Preactivations,
    RelativeFeatureMovement,
    Risk,
    ShapeError,
    Squared,
    Tanh,
)
from tests.draws import normals
from tests.particles.risk.contracts.plain import example
from tests.tolerances import assert_identical


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_movement_is_that_of_the_formula(dtype: torch.dtype) -> None:
    """Assert that the root mean square over particles and inputs of w . x / sqrt(d) is told, masses or not."""
    risk, start = example()
    inputs = normals(4, 3, seed=7)
    cloud = start.moved(start.positions + 0.1 * normals(*start.positions.shape, seed=8)).to(dtype=dtype)
    before, after = (each.positions[:, :3] @ inputs.to(each.positions).T / math.sqrt(3.0) for each in (start, cloud))
    change = (after - before.to(dtype)).square().mean().sqrt()
    assert_identical(FeatureMovement(risk, start, inputs)(cloud), change)
    relative = RelativeFeatureMovement(risk, start, inputs)(cloud)
    assert_identical(relative, change / before.square().mean().sqrt().to(dtype))
    assert relative.dtype == dtype


def test_only_the_layer_counts() -> None:
    """Assert that moved output weights move no feature, and doubled hidden weights move them by their own size."""
    risk, start = example()
    outputs = start.positions.clone()
    outputs[:, 3:] += 1.0
    for kind in (FeatureMovement, RelativeFeatureMovement):
        assert float(kind(risk, start, risk.data.inputs, layer="hidden")(start.moved(outputs))) == 0.0
    double = RelativeFeatureMovement(risk, start, risk.data.inputs)(start.moved(2.0 * start.positions))
    assert_identical(double, torch.tensor(1.0, dtype=torch.float64))


def test_tiles_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a cloud in many tiles has the movement of one in one."""
    risk, start = example()
    many = ParticleCloud(normals(100, start.dim, seed=9))
    moved = many.moved(many.positions.sin())
    whole = FeatureMovement(risk, many, risk.data.inputs)(moved)
    monkeypatch.setattr("particles.observables.layers.TILE_ENTRIES", 1)
    assert_identical(FeatureMovement(risk, many, risk.data.inputs)(moved), whole)


def test_name_of_the_layer_is_held() -> None:
    """Assert that a layer left out is named, so that a file says which it was, and another cloud is refused."""
    risk, start = example()
    observable = FeatureMovement(risk, start, risk.data.inputs)
    assert observable.layer == "hidden"
    with pytest.raises(ShapeError, match=r"The start has shape \(7, 5\) but the cloud \(2, 5\)"):
        observable(ParticleCloud(start.positions[:2]))
    with pytest.raises(ValueError, match="The layer of RelativeFeatureMovement is 'outer', but one of 'hidden'"):
        RelativeFeatureMovement(risk, start, risk.data.inputs, layer="outer")


def network(cloud: ParticleCloud, inputs: torch.Tensor) -> list[torch.Tensor]:
    """The pre-activations [data, ...] of both hidden layers of NETWORK, written plainly with torch."""
    theta = cloud.positions[0]
    x = torch.nn.functional.pad(inputs.reshape(-1, 2, 4), (1, 1), mode="circular")
    first = torch.nn.functional.conv1d(x, theta[:18].reshape(3, 2, 3)) / 6.0**0.5
    below = first.tanh().flatten(1)
    return [first, below @ theta[18:78].reshape(5, 12).T / 12.0**0.5]


NETWORK = Deep((2, 4), [Convolution(3, 3), Dense(5), Dense(1)], Tanh())


@pytest.mark.parametrize("entries", [2**19, 64], ids=["at once", "in parts"])
def test_every_layer_of_a_deep_network_has_its_movement(monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    """Assert that layers are told apart by their names, the last hidden one where none is named, in tiles or not."""
    monkeypatch.setattr("particles.observables.layers.TILE_ENTRIES", entries)
    monkeypatch.setattr("particles.observables.layers.SMALLEST_TILE", 2)
    inputs = normals(7, 8, seed=4)
    risk = Risk(NETWORK, NTK(), Squared(), Dataset(inputs, normals(7, seed=5)))
    start = DeepLaw(NETWORK).sample(seed=0)
    cloud = start.moved(start.positions + 0.3 * normals(1, NETWORK.dim, seed=6))
    pairs = list(zip(network(start, inputs), network(cloud, inputs), strict=True))
    moved = [(after - before).square().mean().sqrt() for before, after in pairs]
    assert_identical(FeatureMovement(risk, start, inputs, "layer1")(cloud), moved[0])
    assert_identical(FeatureMovement(risk, start, inputs)(cloud), moved[1])
    relative = RelativeFeatureMovement(risk, start, inputs)
    assert relative.layer == "layer2"
    assert_identical(relative(cloud), moved[1] / pairs[1][0].square().mean().sqrt())
    chosen = Preactivations(risk, inputs, layer="layer1")(cloud)
    assert_identical(chosen[0], pairs[0][1].flatten(1))
