"""Gram matrix and Jacobian products are those of the dense Jacobian by autograd, and of each other."""

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from particles import (
    L2,
    NTK,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Power,
    Risk,
    Scaling,
    Squared,
    Tanh,
    jacobian_product,
    jacobian_transpose_product,
    scaled_jacobian,
    tangent_gram,
)
from tests.draws import normals
from tests.particles.risk.contracts.members import SCALINGS, TRAINED, Map, name_of
from tests.particles.risk.contracts.plain import PlainRisk, example
from tests.tolerances import assert_identical

OUTPUTS = 2
THERE = normals(3, 3, seed=111)
CASES = list(itertools.product(SCALINGS, TRAINED))

every_case = pytest.mark.parametrize(
    ("scaling", "factor", "mobility", "trained"), [(*scaling, trained) for scaling, trained in CASES], ids=name_of
)


def at(scaling: Scaling, trained: str) -> tuple[Risk, ParticleCloud]:
    """A risk with two outputs of this scaling, where these weights are trained."""
    return example(neuron=Perceptron(Tanh(), Identity(3), OUTPUTS, trained), scaling=scaling)


def dense_jacobian(cloud: ParticleCloud, inputs: Tensor, factor: Map, mobility: Map, trained: str) -> Tensor:
    """d f_c(x_i) / d theta_jq by autograd of plain predictions, rows i k + c, columns (j, q)."""
    plain = PlainRisk(torch.tanh, lambda f, y: f.sum(), factor, mobility, trained, 0.0)
    jacobian = torch.func.jacrev(lambda theta: plain.predictions(theta, cloud.masses, inputs))(cloud.positions)
    return (jacobian * plain.moves(cloud.positions)).reshape(inputs.shape[0] * OUTPUTS, -1)


@every_case
def test_scaled_jacobian_is_the_factor_of_the_gram(scaling: Scaling, factor: Map, mobility: Map, trained: str) -> None:
    """Assert that it is P^(1/2) J M^(1/2), and its square the weighted Gram matrix."""
    risk, cloud = at(scaling, trained)
    root = risk.data.weights.repeat_interleave(OUTPUTS).sqrt()
    rated = replace(risk, scaling=replace(scaling, rates={"hidden": 0.3, "output": 2.0}))
    square = scaled_jacobian(rated, cloud) @ scaled_jacobian(rated, cloud).T
    assert_identical(square, root[:, None] * tangent_gram(rated, cloud) * root)
    found = scaled_jacobian(risk, cloud)
    dense = dense_jacobian(cloud, risk.data.inputs, factor, mobility, trained)
    assert_identical(found, root[:, None] * dense * mobility(cloud.masses).sqrt().repeat_interleave(cloud.dim))
    assert_identical(found @ found.T, root[:, None] * tangent_gram(risk, cloud) * root)


@every_case
def test_gram_is_the_jacobian_weighted_by_mobility(scaling: Scaling, factor: Map, mobility: Map, trained: str) -> None:
    """Assert that K = J M J^T, on the risk's own inputs, on others, and between two sets."""
    risk, cloud = at(scaling, trained)
    weights = mobility(cloud.masses).repeat_interleave(cloud.dim)
    here, there = (dense_jacobian(cloud, x, factor, mobility, trained) for x in (risk.data.inputs, THERE))
    assert_identical(tangent_gram(risk, cloud), here * weights @ here.T)
    assert_identical(tangent_gram(risk, cloud, THERE), there * weights @ there.T)
    assert_identical(tangent_gram(risk, cloud, None, THERE), here * weights @ there.T)
    assert_identical(tangent_gram(risk, cloud, THERE, risk.data.inputs), there * weights @ here.T)


@every_case
def test_products_are_those_of_the_jacobian(scaling: Scaling, factor: Map, mobility: Map, trained: str) -> None:
    """Assert that J v and J^T c need no dense Jacobian, on the risk's own inputs and on others."""
    risk, cloud = at(scaling, trained)
    for inputs in (None, THERE):
        jacobian = dense_jacobian(cloud, risk.data.inputs if inputs is None else inputs, factor, mobility, trained)
        v, c = normals(cloud.count, cloud.dim, seed=112), normals(len(jacobian), seed=113).reshape(-1, OUTPUTS)
        assert_identical(jacobian_product(risk, cloud, v, inputs).flatten(), jacobian @ v.flatten())
        expected = (c.flatten() @ jacobian).reshape(cloud.count, cloud.dim)
        assert_identical(jacobian_transpose_product(risk, cloud, c, inputs), expected)


@pytest.mark.parametrize("trained", TRAINED)
def test_products_are_adjoint(trained: str) -> None:
    """Assert that <J v, c> = <v, J^T c>."""
    risk, cloud = at(MeanField(), trained)
    v, c = normals(cloud.count, cloud.dim, seed=114), normals(risk.data.count, OUTPUTS, seed=115)
    there = (jacobian_product(risk, cloud, v) * c).sum()
    assert_identical((v * jacobian_transpose_product(risk, cloud, c)).sum(), there)


@pytest.mark.parametrize("scaling", [member for member, _, _ in SCALINGS], ids=name_of)
def test_predictions_move_by_minus_gram_times_weighted_residual(scaling: Scaling) -> None:
    """Assert that df/dt = J v = -K P r for the velocity of a risk without regulariser."""
    risk, cloud = example(scaling=scaling, strength=None)
    weighted = (risk.data.weights[:, None] * risk.residual(cloud)).flatten()
    moving = jacobian_product(risk, cloud, risk.velocity(cloud)).flatten()
    assert_identical(moving, -tangent_gram(risk, cloud) @ weighted)


@pytest.mark.parametrize("trained", TRAINED)
def test_gram_is_symmetric_and_positive(trained: str) -> None:
    """Assert that the Gram matrix equals its transpose, and no eigenvalue is below zero, to rounding."""
    risk, cloud = at(NTK(), trained)
    gram = tangent_gram(risk, cloud, normals(12, 3, seed=116))
    assert_identical(gram, gram.T)
    eigenvalues = torch.linalg.eigvalsh(gram)
    assert float(eigenvalues[0]) > -1e2 * torch.finfo(torch.float64).eps * float(eigenvalues[-1])


@every_case
def test_gram_has_the_rates_of_groups(scaling: Scaling, factor: Map, mobility: Map, trained: str) -> None:
    """Assert that tangent_gram is J M J^T with mobilities eta_j rate(q), also between other inputs."""
    risk, cloud = at(replace(scaling, rates={"hidden": 0.3, "output": 2.0}), trained)
    rates = torch.tensor([0.3, 0.3, 0.3, 2.0, 2.0], dtype=torch.float64)
    weights = (mobility(cloud.masses)[:, None] * rates).reshape(-1)
    here, there = (dense_jacobian(cloud, x, factor, mobility, trained) for x in (risk.data.inputs, THERE))
    assert_identical(tangent_gram(risk, cloud), here * weights @ here.T)
    assert_identical(tangent_gram(risk, cloud, None, THERE), here * weights @ there.T)


def test_gram_of_all_scalings_is_the_same_at_a_cloud() -> None:
    """Assert that eta_j s_j^2 = lambda_j makes the tangent kernel of a given cloud one for every scaling."""
    risk, cloud = example(scaling=MeanField())
    for scaling, _, _ in SCALINGS:
        other, _ = example(scaling=scaling)
        assert_identical(tangent_gram(other, cloud), tangent_gram(risk, cloud))


def test_regulariser_is_no_part_of_the_tangent() -> None:
    """Assert that the Gram matrix is that of the predictions, whatever the regulariser."""
    risk, cloud = example(strength=None)
    regularised = Risk(risk.neuron, risk.scaling, Squared(), risk.data, L2(5.0))
    assert torch.equal(tangent_gram(regularised, cloud), tangent_gram(risk, cloud))


def test_risk_at_a_cloud_has_the_same_tangent() -> None:
    """Assert that its push is J v, its pull M J^T c, its gram K, and its gram with weights W is J W J^T."""
    risk, cloud = example(scaling=Power(0.75))
    here = risk.at(cloud)
    v, c = normals(cloud.count, cloud.dim, seed=117), normals(risk.data.count, OUTPUTS, seed=118)
    mobility = risk.scaling.mobility(cloud.masses)
    assert_identical(here.push(v), jacobian_product(risk, cloud, v))
    assert_identical(here.pull(c), mobility[:, None] * jacobian_transpose_product(risk, cloud, c))
    assert_identical(here.gram(), tangent_gram(risk, cloud))
    weights = 1.0 + cloud.masses
    rows = here.gram(weights)
    probe = normals(rows.shape[1], seed=119)
    pulled = jacobian_transpose_product(risk, cloud, probe.reshape(-1, OUTPUTS))
    assert_identical(rows @ probe, jacobian_product(risk, cloud, weights[:, None] * pulled).flatten())


def test_tangent_writes_into_nothing_given() -> None:
    """Assert that cloud, velocities and cotangents are what they were, and float32 is kept."""
    risk, cloud = example(dtype=torch.float32)
    v = normals(cloud.count, cloud.dim, seed=117, dtype=torch.float32)
    c = normals(risk.data.count, OUTPUTS, seed=118, dtype=torch.float32)
    given = (cloud.positions, cloud.masses, v, c)
    before = [tensor.clone() for tensor in given]
    answers = [tangent_gram(risk, cloud), jacobian_product(risk, cloud, v), jacobian_transpose_product(risk, cloud, c)]
    assert all(answer.dtype == torch.float32 for answer in answers)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(given, before, strict=True))
