"""Every embedding keeps the contract, is the formula it names, and random features have their limit kernel."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import particles.neurons.embeddings
from particles import Biased, Embedding, Erf, Identity, Plain, Quadratic, RandomFeatures, ReLU, ShapeError
from tests.draws import normals
from tests.particles.risk.contracts import embedding as contract
from tests.particles.risk.contracts.members import EMBEDDINGS, FEATURES, STACK, Map, name_of
from tests.particles.risk.contracts.planted.embeddings import PLANTED_EMBEDDINGS
from tests.tolerances import Z, assert_identical, z_score

MEMBERS = [member for member, _ in EMBEDDINGS]
X = normals(4, 3, seed=66)


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("embedding", MEMBERS, ids=name_of)
def test_embedding_keeps_the_law(embedding: Embedding, law: contract.Law) -> None:
    """Assert that the embedding keeps this law of its family."""
    law(embedding)


@pytest.mark.parametrize(("embedding", "law", "claim"), PLANTED_EMBEDDINGS, ids=name_of)
def test_law_rejects_the_planted_embedding(embedding: Embedding, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted embedding breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(embedding)


@pytest.mark.parametrize(("embedding", "plain"), EMBEDDINGS, ids=name_of)
def test_phi_is_the_formula(embedding: Embedding, plain: Map) -> None:
    """Assert that phi is the map its docstring says."""
    assert_identical(embedding(X), plain(X))


def test_every_embedding_is_a_member() -> None:
    """Assert that no embedding of the module is left out of the contract."""
    defined = {kind for kind in vars(particles.neurons.embeddings).values() if hasattr(kind, "__dataclass_fields__")}
    assert {type(member) for member in MEMBERS} == defined


def test_kernels_are_powers_of_the_inner_product() -> None:
    """Assert that phi . phi' is x.x'/d for Identity, one more for Biased, and its square for Quadratic."""
    kernel = X @ X.T / 3.0
    for embedding, expected in [(Identity(3), kernel), (Biased(Identity(3)), kernel + 1.0), (Quadratic(3), kernel**2)]:
        assert_identical(embedding(X) @ embedding(X).T, expected)


def arc_sine(x: Tensor, y: Tensor) -> float:
    """E erf(z) erf(z') for Gaussian z, z' with covariances x.x, x.y, y.y (Williams 1997)."""
    covariances = 2.0 * torch.stack([x @ y, x @ x, y @ y]).double()
    return float(torch.asin(covariances[0] / ((1.0 + covariances[1]) * (1.0 + covariances[2])).sqrt())) * 2.0 / math.pi


def arc_cosine(x: Tensor, y: Tensor) -> float:
    """E max(z, 0) max(z', 0) for the same z, z' (Cho and Saul 2009)."""
    norms = float(x.norm() * y.norm())
    angle = math.acos(min(float(x @ y) / norms, 1.0))
    return norms * (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / (2.0 * math.pi)


@pytest.mark.parametrize(("activation", "kernel"), [(Erf(), arc_sine), (ReLU(), arc_cosine)], ids=name_of)
def test_random_features_have_their_limit_kernel(
    activation: Erf | ReLU, kernel: Callable[[Tensor, Tensor], float]
) -> None:
    """Assert that count times the products of features average to the known kernel within five standard errors."""
    features = RandomFeatures(Identity(3), activation, 50_000, seed=8)
    phi, inner = features(X), Identity(3)(X)
    for i in range(4):
        for j in range(i + 1):
            draws = phi[i] * phi[j] * features.count
            assert abs(z_score(draws, kernel(inner[i], inner[j]))) < Z


def test_floors_of_a_stack_draw_their_own_numbers() -> None:
    """Assert that two floors with one seed do not share weights, nor two seeds on one floor."""
    upper, lower = STACK.weights, FEATURES.weights
    assert STACK.seed == FEATURES.seed
    assert not torch.isin(upper, lower).any()
    assert not torch.isin(RandomFeatures(Identity(3), Erf(), 5, seed=2).weights, lower).any()


def test_random_weights_are_standard_normal() -> None:
    """Assert that Z has mean zero, variance one and the fourth moment of a Gaussian."""
    weights = RandomFeatures(Identity(20), Erf(), 2000, seed=9).weights.flatten()
    for power, moment in [(1, 0.0), (2, 1.0), (4, 3.0)]:
        assert abs(z_score(weights**power, moment)) < Z


@pytest.mark.parametrize("size", [0, -1, True, 2.5])
@pytest.mark.usefixtures("without_shape_checks")
def test_impossible_sizes_are_refused(size: int) -> None:
    """Assert that every embedding that takes a size refuses what is no positive integer."""
    for make in (Identity, Plain, Quadratic, lambda count: RandomFeatures(Identity(3), Erf(), count)):
        with pytest.raises(ValueError, match=f"The number of .* is {size!r}, but a positive integer is needed"):
            make(size)


@pytest.mark.parametrize("embedding", MEMBERS, ids=name_of)
def test_inputs_of_another_length_are_refused(embedding: Embedding) -> None:
    """Assert that the last axis must hold the declared number of inputs."""
    with pytest.raises(ShapeError, match=r"shape \(2, 4\), but the embedding reads 3 inputs in the last axis"):
        embedding(torch.zeros(2, 4))
