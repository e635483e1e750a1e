"""What a Gram matrix knows of a flow at a time, against what a perturbation of its size changes."""

import math

import pytest
import torch

from particles import Unresolved
from particles.numerics.gram_rounding import TRUSTED, check_resolved, movement_error, unit_ratio
from tests.draws import normals


def movement(matrix: torch.Tensor, factor: torch.Tensor, right: torch.Tensor, time: float) -> torch.Tensor:
    """A^T g(S) b."""
    rates, modes = torch.linalg.eigh(matrix)
    gains = torch.where(rates > 0.0, -torch.expm1(-rates * time) / rates.clamp_min(1e-300), time)
    return factor.T @ (modes @ (gains * (modes.T @ right)))


@pytest.mark.parametrize("time", [0.1, 10.0, 1e3, 1e5])
def test_the_bound_covers_a_perturbation_and_is_near_it(time: float) -> None:
    """Assert that errors of 1e-9 in S move A^T g(S) b by less than the bound, and by more than a thousandth of it."""
    factor = normals(6, 8, seed=1) * torch.logspace(0.0, -3.0, 8, dtype=torch.float64)
    matrix, right, size = factor @ factor.T, normals(6, seed=2), 1e-9
    rates, modes = torch.linalg.eigh(matrix)
    bound = movement_error(rates, modes.T @ right, time, size)
    plain, worst = movement(matrix, factor, right, time), 0.0
    for seed in range(10):
        noise = normals(6, 6, seed=10 + seed)
        noise = size * (noise + noise.T) / torch.linalg.matrix_norm(noise + noise.T, 2)
        worst = max(worst, float((movement(matrix + noise, factor, right, time) - plain).norm() / plain.norm()))
    assert 1e-3 * bound < worst <= bound


def test_ratio_of_units_leaves_out_what_is_zero() -> None:
    """Assert that it is the ratio of the largest and the least norm of the columns that are not zero."""
    columns = torch.tensor([[1.0, 0.0, 300.0], [0.0, 0.0, 400.0]], dtype=torch.float64)
    assert unit_ratio(columns) == 500.0
    assert unit_ratio(0.0 * columns) == 1.0


def test_hidden_columns_are_refused_when_they_matter() -> None:
    """Assert that unequal units are refused at late times, with the advice to standardise, and equal units never."""
    rates, parts = torch.tensor([0.0, 1.0], dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    with pytest.raises(Unresolved, match=r"differ by a factor 1e\+08 .* standardise the inputs .* earlier time"):
        check_resolved(rates, parts, math.inf, 1e-15, 1e8)
    check_resolved(rates, parts, 1e-3, 1e-15, 1e8)
    check_resolved(rates, parts, math.inf, 1e-15, 1e3)
    check_resolved(rates, parts, math.inf, 1e-6, 10.0)
    check_resolved(rates, torch.tensor([0.0, 1.0], dtype=torch.float64), math.inf, 1e-15, 1e8)
    assert 0.0 < TRUSTED < 1e-3
    assert issubclass(Unresolved, ArithmeticError) and issubclass(Unresolved, ValueError)
