"""Resampled clouds: which coordinates are replaced, by what, and what is refused."""

import pytest
import torch

from particles import (
    Deep,
    Dense,
    GaussianLaw,
    Identity,
    KernelDensityLaw,
    ParticleCloud,
    Perceptron,
    Ranks,
    ShapeError,
    SharedCloud,
    Tanh,
    resample,
)
from tests.draws import normals, unequal

NEURON = Perceptron(Tanh(), Identity(3), 2)
CLOUD = ParticleCloud(normals(7, 5, seed=3, dtype=torch.float32), unequal(7, dtype=torch.float32))
LAW = GaussianLaw(NEURON)
DRAWN = LAW.sample(masses=CLOUD.masses, seed=4).positions


def test_groups_are_replaced_and_the_rest_stays() -> None:
    """Assert that the named coordinates are those of the law's draws, others and masses those of the cloud."""
    for groups, columns in (("hidden", slice(0, 3)), ("output", slice(3, 5)), ("all", slice(0, 5))):
        found = resample(CLOUD, LAW, neuron=NEURON, groups=groups, seed=4)
        expected = CLOUD.positions.clone()
        expected[:, columns] = DRAWN[:, columns]
        assert torch.equal(found.positions, expected), groups
        assert torch.equal(found.masses, CLOUD.masses), groups
    assert torch.equal(resample(CLOUD, LAW, seed=4).positions, DRAWN)
    assert not torch.equal(resample(CLOUD, LAW, seed=5).positions, DRAWN)


def test_the_law_may_be_one_of_the_replaced_coordinates_alone() -> None:
    """Assert that a law of as many coordinates as are replaced gives them, also where groups do not lie together."""
    features = KernelDensityLaw.of(ParticleCloud(normals(9, 3, seed=1)), 0.0)
    found = resample(CLOUD, features, neuron=NEURON, groups="hidden", seed=4)
    drawn = features.sample(masses=CLOUD.masses, seed=4).positions
    assert torch.equal(found.positions, torch.cat([drawn, CLOUD.positions[:, 3:]], dim=1))
    deep = Deep(1, [Dense(2), Dense(1), Dense(1)], Tanh())
    whole = ParticleCloud(normals(4, deep.dim, seed=2))
    ends = KernelDensityLaw.of(ParticleCloud(normals(9, 3, seed=1)), 0.0)
    found = resample(whole, ends, neuron=deep, groups=("layer1", "layer3"), seed=0)
    drawn = ends.sample(masses=whole.masses, seed=0).positions
    assert torch.equal(found.positions, torch.cat([drawn[:, :2], whole.positions[:, 2:4], drawn[:, 2:]], dim=1))


def test_what_does_not_fit_is_refused() -> None:
    """Assert that groups without a neuron, other laws, other neurons and shared clouds are turned down."""
    with pytest.raises(ValueError, match="groups is 'hidden', but without a neuron only 'all' is known"):
        resample(CLOUD, LAW, groups="hidden", seed=0)
    with pytest.raises(ValueError, match="one of 'hidden', 'output', 'all' is needed"):
        resample(CLOUD, LAW, neuron=NEURON, groups="layer1", seed=0)
    other = GaussianLaw(Perceptron(Tanh(), Identity(1)))
    with pytest.raises(ShapeError, match="The law gives 2 coordinates, but 5, a particle's, or 3, those replaced, are"):
        resample(CLOUD, other, neuron=NEURON, groups="hidden", seed=0)
    with pytest.raises(ShapeError, match="The law gives 2 coordinates, but 5, a particle's, are needed"):
        resample(CLOUD, other, seed=0)
    with pytest.raises(ShapeError, match="Particles have 5 coordinates, but the neuron needs 2"):
        resample(CLOUD, LAW, neuron=Perceptron(Tanh(), Identity(1)), seed=0)
    with pytest.raises(TypeError, match="resample the whole cloud, then share it"):
        resample(SharedCloud.of(ParticleCloud(normals(256, 5, seed=0)), Ranks()), LAW, seed=0)
