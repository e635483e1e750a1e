"""Importance against its formula written plainly, for every kind of neuron, and against the variance it makes least."""

import math

import pytest
import torch
from torch import Tensor

import particles.compute.tiles
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Linear,
    MeanField,
    Neuron,
    ParticleCloud,
    Perceptron,
    Ranks,
    Risk,
    SharedCloud,
    Squared,
    Tanh,
    UserNeuron,
    as_neuron,
    importance,
    masses,
)
from tests.draws import normals, unequal
from tests.particles.risk.contracts.members import NEURONS, SCALINGS, name_of
from tests.tolerances import assert_identical

COUNT, DATA = 9, 6


def example(neuron: Neuron | UserNeuron, scaling=None) -> tuple[Risk, ParticleCloud, Tensor]:
    """A risk on weighted data, a weighted cloud, and s_j g_j(x_i) [particles, data, outputs] by autograd-free means."""
    neuron = as_neuron(neuron)
    inputs, targets = normals(DATA, 3, seed=1), normals(DATA, neuron.outputs, seed=2)
    risk = Risk(neuron, MeanField() if scaling is None else scaling, Squared(), Dataset(inputs, targets, unequal(DATA)))
    cloud = ParticleCloud(normals(COUNT, neuron.dim, seed=3), unequal(COUNT))
    alone = [
        risk.scaling.factor(cloud.masses)[j]
        * neuron.tangent(cloud.positions[j : j + 1], neuron.embed(inputs)).predict(torch.ones(1, dtype=torch.float64))
        for j in range(COUNT)
    ]
    return risk, cloud, torch.stack(alone)


def plain(added: Tensor, weights: Tensor, centred: bool) -> Tensor:
    """The probabilities from what particles add."""
    if centred:
        added = added - (weights[:, None] * added).sum(dim=1, keepdim=True)
    c = (weights[:, None] * added.square()).sum(dim=(1, 2)).sqrt()
    return c / c.sum()


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_importance_is_the_spread_of_what_a_particle_adds(neuron: Neuron | UserNeuron, centred: bool) -> None:
    """Assert that c_j is the standard deviation, or root mean square, of s_j g_j over weighted data."""
    risk, cloud, added = example(neuron)
    assert_identical(importance(cloud, risk, centred=centred), plain(added, risk.data.weights, centred))


@pytest.mark.parametrize("scaling", [scaling for scaling, _, _ in SCALINGS], ids=name_of)
def test_importance_has_the_factors_of_the_scaling(scaling) -> None:
    """Assert that masses enter as the scaling's output factors do."""
    risk, cloud, added = example(Perceptron(Tanh(), Identity(3), 2), scaling)
    assert_identical(importance(cloud, risk), plain(added, risk.data.weights, centred=True))


def test_importance_of_perceptrons_is_that_of_the_paper() -> None:
    """Assert that P_j ~ |u_j| std(h_j) for equal masses and data."""
    neuron = Perceptron(Tanh(), Identity(3), 2)
    data = Dataset(normals(DATA, 3, seed=1), normals(DATA, 2, seed=2))
    cloud = GaussianLaw(neuron, GaussianOutputs()).sample(masses=masses.uniform(COUNT), seed=0)
    h = torch.tanh(data.inputs @ cloud.positions[:, :3].T / math.sqrt(3.0))
    expected = cloud.positions[:, 3:].norm(dim=1) * h.std(dim=0, unbiased=False)
    assert_identical(importance(cloud, Risk(neuron, MeanField(), Squared(), data)), expected / expected.sum())


def test_importance_does_not_depend_on_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that one tile and many give the same, float32 is kept, and shared clouds give their part."""
    neuron = Perceptron(Tanh(), Identity(3), 2)
    risk, _, _ = example(neuron)
    cloud = GaussianLaw(neuron).sample(masses=unequal(300), seed=0)
    whole = importance(cloud, risk)
    monkeypatch.setattr(particles.compute.tiles, "TILE_ENTRIES", 1)
    assert_identical(importance(SharedCloud.of(cloud, Ranks()), risk), whole)
    monkeypatch.setattr(
        particles.compute.tiles.Tiles.__init__, "__kwdefaults__", {"entries": 1, "whole": None, "fused": None}
    )
    assert_identical(importance(cloud, risk), whole)
    assert importance(cloud.to(dtype=torch.float32), risk).dtype == torch.float32


def test_particles_that_add_nothing_are_refused() -> None:
    """Assert that constant contributions have no spread, and no contributions no size."""
    neuron = Perceptron(Linear(), Identity(1))
    same = torch.ones(4, 1, dtype=torch.float64)
    risk = Risk(neuron, MeanField(), Squared(), Dataset(same, same))
    cloud = ParticleCloud(torch.ones(3, 2, dtype=torch.float64))
    with pytest.raises(ValueError, match="What the particles add to the network is the same at all data"):
        importance(cloud, risk)
    assert_identical(importance(cloud, risk, centred=False), torch.full((3,), 1.0 / 3.0, dtype=torch.float64))
    with pytest.raises(ValueError, match="What the particles add to the network is zero at all data"):
        importance(ParticleCloud(torch.zeros(3, 2, dtype=torch.float64)), risk, centred=False)
