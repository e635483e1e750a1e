"""The network is the formula: factors times output weights times features, on any inputs, streamed or not."""

import pytest
import torch

from particles import (
    NTK,
    Identity,
    Network,
    ParticleCloud,
    Perceptron,
    Scaling,
    ShapeError,
    Tanh,
    jacobian_transpose_product,
    masses,
)
from tests.draws import normals
from tests.particles.risk.contracts.members import SCALINGS, Map, name_of
from tests.particles.risk.contracts.plain import example
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


RATES = {"hidden": 0.3, "output": 2.0}
LIKE = torch.zeros(1, dtype=torch.float64)


def test_rates_are_nothing_where_they_are_one() -> None:
    """Assert that rates of one, and those of groups that are not trained, leave nothing to compute."""
    both, hidden = Perceptron(Tanh(), Identity(3), trained="both"), Perceptron(Tanh(), Identity(3))
    assert Network(both, NTK()).rates is None is Network(both, NTK(rates={"output": 1.0})).rates
    assert Network(hidden, NTK(rates={"output": 0.1})).rates is None
    assert Network(both, NTK(rates={"output": 0.1})).rates == (1.0, 0.1)
    assert Network(both, NTK(rates=RATES)).scaled(masses.uniform(4)).mobilities.shape == (4, 4)
    assert Network(hidden, NTK()).scaled(masses.uniform(4)).mobilities.shape == (4, 1)


def test_rates_of_unknown_groups_are_refused() -> None:
    """Assert that the sentence names the group that is not there and those that are, wherever the network is made."""
    neuron, said = Perceptron(Tanh(), Identity(3)), "rates of the scaling name 'layer2', but the neuron's groups are"
    with pytest.raises(ValueError, match=said):
        _ = Network(neuron, NTK(rates={"layer2": 0.5})).rates
    with pytest.raises(ValueError, match=said):
        example(neuron=Perceptron(Tanh(), Identity(3), 2), scaling=NTK(rates={"layer2": 0.5}))


def test_numbers_of_groups_are_one_number_where_trained_groups_agree() -> None:
    """Assert that what is not trained does not count, that others have zero, and that sums go group by group."""
    both = Network(Perceptron(Tanh(), Identity(3), trained="both"), NTK())
    output = Network(Perceptron(Tanh(), Identity(3), trained="output"), NTK())
    assert output.common({"hidden": 3.0, "output": 0.5}) == 0.5 == both.common({"hidden": 0.5, "output": 0.5})
    assert both.common({"hidden": 3.0}) == {"hidden": 3.0} and output.common({"hidden": 3.0}) == 0.0
    assert both.sums(1.0, {"output": 0.5}) == {"hidden": 1.0, "output": 1.5} and both.sums(1.0, 2.0) == 3.0
    spread = torch.tensor([3.0, 3.0, 3.0, 0.0], dtype=torch.float64)
    assert_identical(torch.as_tensor(both.over_trained({"hidden": 3.0}, LIKE)), spread)
    assert output.over_trained({"hidden": 3.0}, LIKE) == 0.0


@pytest.mark.parametrize("rates", [None, RATES], ids=["one", "rates"])
def test_gram_takes_weights_of_every_group(rates: dict[str, float] | None) -> None:
    """Assert that J W J^T has w_jg rate_g on the diagonal of W, written out from J^T of unit vectors."""
    neuron = Perceptron(Tanh(), Identity(3), 2, "both")
    risk, cloud = example(neuron=neuron, scaling=NTK(rates=rates))
    numbers = risk.data.targets.numel()
    units = torch.eye(numbers, dtype=torch.float64).reshape(numbers, -1, 2)
    rows = torch.stack([jacobian_transpose_product(risk, cloud, unit) for unit in units])
    weights = normals(cloud.count, 2, seed=123).abs()
    each = torch.tensor(list((rates or {"hidden": 1.0, "output": 1.0}).values()), dtype=torch.float64)
    whole = (weights * each).repeat_interleave(torch.tensor([3, 2]), dim=1)
    expected = (rows * whole).flatten(1) @ rows.flatten(1).T
    assert_identical(risk.at(cloud).gram(weights), expected)
    alone = weights.clone()
    alone[:, 0] = weights[:, 1]
    assert_identical(risk.at(cloud).gram(weights[:, 1]), risk.at(cloud).gram(alone))
