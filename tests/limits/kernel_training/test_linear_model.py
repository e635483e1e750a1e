"""The linear model fitted to a tangent kernel: least squares, and what it leaves."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from limits import LinearModel, deep_kernels, linear_model
from particles import Erf, ShapeError
from tests.draws import normals
from tests.tolerances import assert_identical

X = normals(40, 6, seed=1)


def test_a_linear_kernel_is_found_again() -> None:
    """Assert that slope, constant and excess of a linear model are fitted exactly, of two outputs and of a sample."""
    model = LinearModel(0.7, 0.2, 0.4, outputs=2)
    found = linear_model(model(X), X)
    for name in ("slope", "constant", "excess", "outputs"):
        assert abs(getattr(found, name) - getattr(model, name)) < 1e-12
    assert_identical(model(X, X[:3]), model.factor(X) @ model.factor(X[:3]).T)
    assert_identical(model(X) - model.factor(X) @ model.factor(X).T, 0.4 * torch.eye(80, dtype=torch.float64))
    assert model(X.float()).dtype == torch.float32


def test_the_fit_of_a_deep_kernel_is_the_best_one() -> None:
    """Assert that no other slope and constant leave less off the diagonal, and that the diagonal is met in the mean."""
    gram = deep_kernels(X, activation=Erf(), depth=3).ntk
    off = ~torch.eye(len(X), dtype=torch.bool)
    found = linear_model(gram, X)

    def left(numbers: np.ndarray) -> float:
        return float((gram - numbers[0] * X @ X.T / 6.0 - numbers[1])[off].square().sum())

    best = minimize(left, [1.0, 0.1], bounds=[(0.0, None), (0.0, None)], tol=1e-14)
    assert left(np.array([found.slope, found.constant])) < float(best.fun) * (1.0 + 1e-9)
    assert abs(float((gram - found(X)).diagonal().mean())) < 1e-12 and found.slope > 0.1


def test_numbers_that_would_be_negative_are_zero() -> None:
    """Assert that a kernel below what a constant can give gets none, and a diagonal below the fit no excess."""
    found = linear_model(X @ X.T / 6.0 - 0.3 - 5.0 * torch.eye(40).double(), X)
    assert found.constant == 0.0 and found.excess == 0.0 and found.slope > 0.0


def test_other_shapes_and_numbers_are_refused() -> None:
    """Assert that a matrix that does not belong to the data and a negative slope are told in a sentence."""
    with pytest.raises(ShapeError, match=r"has shape \(3, 3\) and there are 40 data; give \[n k, n k\] of three"):
        linear_model(torch.eye(3).double(), X)
    with pytest.raises(
        ValueError, match="The slope of a linear model is -1.0, but a finite non-negative number is needed"
    ):
        LinearModel(-1.0)
