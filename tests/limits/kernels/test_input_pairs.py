"""Covariances and their determinants: right at any angle, exact for parallel vectors, and a doubt that is true."""

import math

import mpmath
import pytest
import torch
from torch import Tensor

from limits.kernels.input_pairs import Pairs, Vectors, embedded, from_entries
from particles import Biased, Identity, Plain, Quadratic
from tests.draws import normals

mpmath.mp.dps = 60
EVERY = slice(0, 1)


def pair(angle: float, norm: float, dim: int) -> tuple[Tensor, Tensor]:
    """Two rows of this angle, the second three times as long."""
    x, z = normals(2, dim, seed=dim)
    x = x / x.norm()
    z = z - (z @ x) * x
    y = math.cos(angle) * x + math.sin(angle) * z / z.norm()
    return norm * x[None], 3.0 * norm * y[None]


def exact(x: Tensor, y: Tensor) -> tuple[mpmath.mpf, mpmath.mpf]:
    """x . y and |x|^2 |y|^2 - (x . y)^2 of the given float64 numbers."""
    u, v = ([mpmath.mpf(each) for each in row[0].tolist()] for row in (x, y))
    dot = lambda a, b: sum((s * t for s, t in zip(a, b, strict=True)), mpmath.mpf(0))
    return dot(u, v), dot(u, u) * dot(v, v) - dot(u, v) ** 2


@pytest.mark.parametrize("angle", [1e-9, 1e-7, 1e-3, 0.4, 1.5, math.pi - 1e-3, math.pi - 1e-9])
@pytest.mark.parametrize("norm", [1e-6, 1.0, 1e8])
def test_minors_are_right_at_any_angle(angle: float, norm: float) -> None:
    """Assert that p q - r^2 has its digits within the rounding it states, where a difference has none."""
    for dim in (2, 3, 40):
        x, y = pair(angle, norm, dim)
        found = Vectors(x).pairs(Vectors(y), EVERY, EVERY)
        r, minor = exact(x, y)
        assert found.rounding < 1e-14
        assert abs(mpmath.mpf(float(found.minor)) - minor) <= 10.0 * found.rounding * minor
        assert abs(mpmath.mpf(float(found.covariance)) - r) <= found.rounding * 3.0 * norm**2


@pytest.mark.parametrize("factor", [1.0, -1.0, 2.0, -0.25])
def test_parallel_vectors_have_no_minor(factor: float) -> None:
    """Assert that for equal, opposite and stretched rows the minor is zero to the bit, and r^2 = p q to the bit."""
    x = normals(1, 7, seed=3)
    found = Vectors(x).pairs(Vectors(factor * x), EVERY, EVERY)
    assert float(found.minor) == 0.0
    assert bool(found.parallel)
    assert torch.equal(found.covariance[:, 0], factor * Vectors(x).variances)


def test_the_diagonal_holds_the_variances() -> None:
    """Assert that on the diagonal of a matrix covariances are the variances, and minors zero."""
    x = Vectors(normals(50, 40, seed=3), 0.1)
    some = slice(10, 50)
    found = x.pairs(x, some, some)
    assert torch.equal(found.covariance.diagonal(), x.variances[some])
    assert float(found.minor.diagonal().abs().max()) == 0.0


def test_scaled_pairs_are_pairs_of_scaled_vectors() -> None:
    """Assert that a factor multiplies covariances, and minors twice."""
    x, y = normals(3, 4, seed=1), normals(2, 4, seed=2)
    several = (slice(0, 3), slice(0, 2))
    once = Vectors(x).pairs(Vectors(y), *several).scaled(0.25)
    again = Vectors(0.5 * x).pairs(Vectors(0.5 * y), *several)
    assert torch.equal(once.covariance, again.covariance)
    torch.testing.assert_close(once.minor, again.minor, rtol=1e-13, atol=0.0)


def test_inputs_as_they_are_round_nothing() -> None:
    """Assert that the vectors of Plain inputs are the inputs themselves, with no doubt about them."""
    x = normals(4, 3, seed=4)
    found = embedded(Plain(3), x)
    assert torch.equal(found.rows, x)
    assert (found.factor, found.rounded) == (1.0, 0.0)


@pytest.mark.parametrize("embedding", [Identity(3), Biased(Identity(3)), Biased(Biased(Identity(3)))], ids=repr)
def test_scaling_and_biases_round_nothing(embedding: Identity) -> None:
    """Assert that minors of embeddings that scale and append constants are those of the inputs themselves."""
    x, y = pair(1e-9, 1.0, 3)
    found = embedded(embedding, x).pairs(embedded(embedding, y), EVERY, EVERY)
    ones = embedding.features - 3
    long = [torch.cat([each, math.sqrt(3.0) * torch.ones(1, ones).double()], dim=1) for each in (x, y)]
    r, minor = exact(*long)
    assert found.doubt is None
    # sqrt(3) is rounded alike in both rows.
    assert abs(mpmath.mpf(float(found.minor)) - minor / 9) <= 1e-14 * minor
    assert abs(mpmath.mpf(float(found.covariance)) - r / 3) <= found.rounding * r


def test_rounded_embeddings_doubt_their_minors() -> None:
    """Assert that where an embedding rounds, the stated doubt covers the error, and the relative rounding would not."""
    x, y = pair(1e-8, 1.0, 3)
    found = embedded(Quadratic(3), x).pairs(embedded(Quadratic(3), y), EVERY, EVERY)
    r, minor = exact(x, y)
    p, q = exact(x, x)[0], exact(y, y)[0]
    error = abs(mpmath.mpf(float(found.minor)) - minor * (p * q + r * r) / 81)
    assert found.rounding * float(found.minor) < float(error) <= float(found.doubt) < 1e-5 * float(found.minor)


def test_entries_alone_leave_a_doubt() -> None:
    """Assert that p, q and r with an error say no more of the minor than they know, and are sure of equal inputs."""
    one = torch.ones(1, 3, dtype=torch.float64)
    r = torch.tensor([[1.0 - 1e-13, 0.5, 1.0]], dtype=torch.float64)
    equal = torch.tensor([[False, False, True]])
    found = from_entries(1e-15, one[:, :1], one, r, 1e-12 * one, equal)
    assert isinstance(found, Pairs)
    assert found.minor[0, [0, 2]].tolist() == [0.0, 0.0]
    assert float(found.minor[0, 1]) == 0.75
    assert float(found.doubt[0, 0]) >= 2e-13
    assert float(found.doubt[0, 2]) == 0.0
    assert found.parallel.tolist() == [[False, False, True]]


def test_a_constant_is_added_to_every_covariance() -> None:
    """Assert that biases add their variance, also where the weights have none."""
    x = normals(2, 3, seed=5)
    both = (slice(0, 2), slice(0, 2))
    for factor in (0.5, 0.0):
        vectors = Vectors(x, factor).with_constant(0.7)
        torch.testing.assert_close(vectors.pairs(vectors, *both).covariance, factor * x @ x.T + 0.7)
