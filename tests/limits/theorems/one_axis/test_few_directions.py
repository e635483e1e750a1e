"""The part of a quadratic form that a random span can have: sharp for the best approximation, found out otherwise."""

import math

import pytest
import torch

from limits.theorems import Verdict, kernel_data
from limits.theorems.one_axis.few_directions import harmonics
from tests.draws import normals
from tests.tolerances import Z

DIM, COUNT, DRAWS = 7, 12, 300


def best_errors(dim: int, count: int) -> torch.Tensor:
    """The part of x1 x2 outside of the span of the forms x_i x_i^T without their traces, for independent data sets.

    It is the error of the best combination of (x_i . x)^2 and |x|^2, the second of which is free of charge.
    """
    form = torch.zeros(dim, dim, dtype=torch.float64)
    form[0, 1] = form[1, 0] = math.sqrt(0.5)
    errors = []
    for draw in range(DRAWS):
        x = normals(count, dim, seed=draw)
        forms = x[:, :, None] * x[:, None, :]
        forms = forms - x.square().sum(dim=1)[:, None, None] / dim * torch.eye(dim, dtype=torch.float64)
        basis, _ = torch.linalg.qr(forms.flatten(1).T)
        errors.append(1.0 - float((basis.T @ form.flatten()).square().sum()))
    return torch.tensor(errors, dtype=torch.float64)


def test_bound_is_reached_by_the_best_combination() -> None:
    """Assert that the mean error of the best combination is 1 - n / B, which holds and has no room."""
    errors = best_errors(DIM, COUNT)
    result = kernel_data(errors, COUNT, DIM)
    assert result.bound == pytest.approx(1.0 - COUNT / 27.0, rel=1e-12) and harmonics(DIM) == 27
    assert abs(result.measured - result.bound) < Z * result.error and result.error < 0.01
    assert result.verdict in (Verdict.HOLDS, Verdict.UNDECIDED)
    assert kernel_data(errors + 0.1, COUNT, DIM).verdict is Verdict.HOLDS


def test_learners_that_know_the_directions_are_found_out() -> None:
    """Assert that an error far below the bound violates it, and so does one that a wrong dimension would allow."""
    errors = best_errors(DIM, COUNT)
    assert kernel_data(0.2 * errors, COUNT, DIM).verdict is Verdict.VIOLATED
    assert kernel_data(errors, COUNT, 2 * DIM).verdict is Verdict.VIOLATED


def test_many_data_promise_nothing() -> None:
    """Assert that the bound is vacuous from n = B on, and that one data set does not do."""
    errors = best_errors(DIM, COUNT)
    assert kernel_data(errors, 27, DIM).verdict is Verdict.VACUOUS
    assert kernel_data(errors[:1], COUNT, DIM).failing == ("two data sets or more",)
    assert kernel_data(errors, COUNT, 1).failing == ("two inputs or more",)
