"""Singular values of matrices in mixed units: all their digits, the rank whatever the units, and the plain cases."""

import mpmath
import pytest
import torch
from torch import Tensor

from particles.numerics.graded_svd import GradedSVD
from tests.draws import normals
from tests.tolerances import assert_identical, relative_error

mpmath.mp.dps = 60
UNITS = torch.tensor([1.0, 1e-3, 1e8, 1e4, 1e2], dtype=torch.float64)


def singular_values(matrix: Tensor) -> Tensor:
    """At 60 digits."""
    values = mpmath.svd_r(mpmath.matrix(matrix.tolist()), compute_uv=False)
    return torch.tensor([float(value) for value in values], dtype=torch.float64)


@pytest.mark.parametrize("rows", [3, 5, 8])
@pytest.mark.parametrize("side", ["columns", "rows", "both"])
def test_singular_values_keep_their_digits_in_any_units(rows: int, side: str) -> None:
    """Assert that each is right to 1e-13 of itself, where the usual algorithm has none for the least; U and V too."""
    matrix = normals(rows, 5, seed=rows)
    if side != "rows":
        matrix = matrix * UNITS
    if side != "columns":
        matrix = matrix * torch.logspace(-5.0, 5.0, rows, dtype=torch.float64)[:, None]
    found, exact = GradedSVD.of(matrix), singular_values(matrix)
    assert float((found.values / exact - 1.0).abs().max()) < 1e-13
    assert_identical(found.left.T @ found.left, torch.eye(min(rows, 5), dtype=torch.float64))
    assert_identical(found.right.T @ found.right, torch.eye(min(rows, 5), dtype=torch.float64))
    # A^T u = s v column by column: relative to each singular value, not to the largest.
    product = (found.left * found.values) @ found.right.T
    assert float(((product - matrix).abs() / (matrix.norm(dim=0) + 1e-300)).max()) < 1e-12


@pytest.mark.parametrize("ratio", [1.0, 1e9, 1e13])
def test_rank_does_not_depend_on_units(ratio: float) -> None:
    """Assert that repeated rows, and columns that are multiples of others, lower the rank, and small units do not."""
    matrix = normals(4, 2, seed=1) * torch.tensor([1.0, ratio], dtype=torch.float64)
    matrix = torch.cat([matrix, matrix[:2]])
    wide = torch.cat([matrix, 0.25 * matrix, 0.0 * matrix], dim=1)
    found = GradedSVD.of(wide)
    assert found.values.shape == (2,)
    exact = singular_values(wide)[:2]
    assert float((found.values / exact - 1.0).abs().max()) < 1e-13


def test_plain_matrices_are_decomposed() -> None:
    """Assert that it is the singular value decomposition, and that a matrix of zeros has none."""
    matrix = normals(7, 30, seed=2)
    found = GradedSVD.of(matrix)
    assert_identical(found.values, torch.linalg.svdvals(matrix))
    assert relative_error((found.left * found.values) @ found.right.T, matrix) < 1e-14
    nothing = GradedSVD.of(torch.zeros(3, 4, dtype=torch.float64))
    assert (nothing.left.shape, nothing.values.shape, nothing.right.shape) == ((3, 0), (0,), (4, 0))


def test_entries_are_as_precise_as_their_dtype() -> None:
    """Assert that what is rounding in float32 is no rank, and the result is float64."""
    matrix = torch.outer(normals(5, seed=3), normals(6, seed=4))
    found = GradedSVD.of(matrix.float())
    assert found.values.shape == (1,)
    assert found.left.dtype == torch.float64
