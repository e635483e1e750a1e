"""Observables of the tangent kernel are the numbers their docstrings say, on clouds where those are known."""

import pytest
import torch
from torch import Tensor

from particles import (
    Alignment,
    Dataset,
    GramChange,
    Identity,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    SmallestEigenvalue,
    Squared,
    tangent_gram,
)
from tests.draws import normals
from tests.particles.risk.contracts.plain import example
from tests.tolerances import assert_identical


def number(value: float) -> Tensor:
    """A float64 scalar."""
    return torch.tensor(value, dtype=torch.float64)


def test_gram_change_is_the_spectral_norm() -> None:
    """Assert that the largest absolute eigenvalue of the change is told, a negative one as well."""
    risk, cloud = example()
    inputs = normals(4, 3, seed=133)
    moved = cloud.moved(0.5 * cloud.positions)
    change = tangent_gram(risk, moved, inputs) - tangent_gram(risk, cloud, inputs)
    largest = torch.linalg.matrix_norm(change, ord=2)
    assert float(torch.linalg.eigvalsh(change)[0]) == pytest.approx(-float(largest))
    assert_identical(GramChange(risk, cloud, inputs)(moved), largest)
    assert_identical(GramChange(risk, moved, inputs)(cloud), largest)
    assert_identical(GramChange(risk, cloud, inputs)(cloud), number(0.0))


def test_smallest_eigenvalue_is_the_smallest() -> None:
    """Assert that the eigenvalue is that of the Gram matrix, and zero with fewer trained coordinates than data."""
    risk, cloud = example()
    inputs = normals(3, 3, seed=134)
    expected = torch.linalg.svdvals(tangent_gram(risk, cloud, inputs))[-1]
    assert expected > 1e-6
    assert_identical(SmallestEigenvalue(risk, inputs)(cloud), expected, operations=1e5)
    many = SmallestEigenvalue(risk, normals(30, 3, seed=135))(cloud)
    assert abs(float(many)) < 1e3 * torch.finfo(torch.float64).eps


def test_alignment_is_the_formula() -> None:
    """Assert that y^T K y / (|K|_F |y|^2) is told for several outputs, on the risk's own data."""
    risk, cloud = example()
    y, gram = risk.data.targets.flatten(), tangent_gram(risk, cloud)
    expected = (y @ gram @ y) / (torch.linalg.matrix_norm(gram) * y.norm() ** 2)
    assert 0.0 < float(expected) < 1.0
    assert_identical(Alignment(risk)(cloud), expected)


@pytest.mark.parametrize(("target", "alignment"), [(1.0, 1.0), (-1.0, 0.0)], ids=["along", "across"])
def test_alignment_has_its_ends(target: float, alignment: float) -> None:
    """Assert that a kernel of rank one is aligned with its own direction by one, and across it by zero."""
    inputs = torch.tensor([[1.0], [1.0]], dtype=torch.float64)
    targets = torch.tensor([1.0, target], dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1)), MeanField(), Squared(), Dataset(inputs, targets))
    assert_identical(Alignment(risk)(ParticleCloud(torch.ones(1, 2, dtype=torch.float64))), number(alignment))
