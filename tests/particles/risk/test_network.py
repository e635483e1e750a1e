"""The network is the formula: factors times output weights times features, on any inputs, streamed or not."""

import pytest
import torch

from particles import NTK, Identity, Network, ParticleCloud, Perceptron, Scaling, ShapeError, Tanh, masses
from tests.draws import normals
from tests.particles.contracts.members import SCALINGS, Map, name_of
from tests.particles.contracts.plain import example
from tests.tolerances import assert_identical

X = normals(4, 3, seed=121)


@pytest.mark.parametrize(("scaling", "factor", "mobility"), SCALINGS, ids=name_of)
def test_network_is_the_formula(scaling: Scaling, factor: Map, mobility: Map) -> None:
    """Assert that f(x) = sum_j s_j a_j tanh(w_j . x / sqrt(3)), particle by particle."""
    risk, cloud = example(scaling=scaling)
    f = torch.zeros(4, 2, dtype=torch.float64)
    for s, theta in zip(factor(cloud.masses), cloud.positions, strict=True):
        f += s * torch.tanh(X @ theta[:3] / 3.0**0.5)[:, None] * theta[3:]
    assert_identical(Network(risk.neuron, scaling)(cloud, X), f)
    assert_identical(risk.predictions(cloud, X), f)


def test_equal_masses_in_ntk_scaling_divide_by_the_root_of_the_count() -> None:
    """Assert that f = (1 / sqrt(m)) sum_j a_j sigma: the classical parametrisation, which needs no masses."""
    neuron = Perceptron(Tanh(), Identity(3))
    cloud = ParticleCloud(normals(9, 4, seed=122), masses.uniform(9))
    expected = torch.tanh(X @ cloud.positions[:, :3].T / 3.0**0.5) @ cloud.positions[:, 3:] / 3.0
    assert_identical(Network(neuron, NTK())(cloud, X), expected)


def test_inputs_follow_the_cloud() -> None:
    """Assert that float64 inputs are answered in the float32 of the cloud, and are not written into."""
    risk, cloud = example(dtype=torch.float32)
    before = X.clone()
    f = risk.network(cloud, X)
    assert f.dtype == torch.float32
    assert torch.equal(X, before)
    assert_identical(f, risk.network(cloud.to(dtype=torch.float64), X).float(), operations=200)


def test_one_input_is_predicted_as_among_many() -> None:
    """Assert that predictions do not depend on the company of an input."""
    risk, cloud = example()
    alone = torch.cat([risk.network(cloud, x[None]) for x in X])
    assert_identical(alone, risk.network(cloud, X))


def test_inputs_of_another_length_are_refused() -> None:
    """Assert that the embedding says how many inputs it reads."""
    risk, cloud = example()
    with pytest.raises(ShapeError, match=r"shape \(4, 2\), but the embedding reads 3 inputs"):
        risk.network(cloud, X[:, :2])
