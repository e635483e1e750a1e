"""Streaming: every tile once, symmetric matrices by halves, and inputs checked at the door."""

import pytest
import torch
from torch import Tensor

from limits import Evaluated, Kernel
from limits.kernels.base import checked_inputs, placed, root, streamed, wants_gradient
from limits.kernels.two_layer import tangent_kernel
from particles import GaussianLaw, Identity, Perceptron, ShapeError, Tanh
from tests.draws import normals

X, Y = normals(7, 3, seed=1), normals(5, 3, seed=2)


def products(first: Tensor, second: Tensor, seen: list[tuple[slice, slice]], part: slice, other: slice) -> object:
    """A tile of the matrix of products, with an error that grows."""
    seen.append((part, other))
    return (first[part] @ second[other].T,), 0.1 * len(seen)


@pytest.mark.parametrize("tile", [1, 2, 3, 100])
def test_tiles_make_up_the_matrix(tile: int) -> None:
    """Assert that tiles of any size give the whole matrix and the largest error."""
    seen: list[tuple[slice, slice]] = []
    (result,) = streamed(
        7, 5, lambda part, other: products(X, Y, seen, part, other), like=X, symmetric=False, tile=tile
    )
    assert float((result.gram - X @ Y.T).abs().max()) < 1e-14
    assert result.error == 0.1 * len(seen)


def test_symmetric_matrices_are_computed_by_halves() -> None:
    """Assert that tiles below the diagonal are mirrored, not computed."""
    seen: list[tuple[slice, slice]] = []
    (result,) = streamed(7, 7, lambda part, other: products(X, X, seen, part, other), like=X, symmetric=True, tile=2)
    assert len(seen) == 4 * 5 // 2
    assert torch.equal(result.gram, result.gram.T)
    assert float((result.gram - X @ X.T).abs().max()) < 1e-14


def test_several_outputs_are_the_identity_times_the_matrix() -> None:
    """Assert that row i k + c holds output c of input i."""
    (result,) = streamed(7, 5, lambda part, other: products(X, Y, [], part, other), like=X, symmetric=False, outputs=2)
    assert float((result.gram - torch.kron(X @ Y.T, torch.eye(2))).abs().max()) < 1e-14


def test_several_results_are_streamed_together() -> None:
    """Assert that a block may give two matrices, in the dtype asked for."""
    like = X.float()
    one, two = streamed(
        7, 5, lambda a, b: ((X[a] @ Y[b].T, 2.0 * X[a] @ Y[b].T), 0.0), like=like, symmetric=False, results=2
    )
    assert one.gram.dtype == two.gram.dtype == torch.float32
    assert torch.equal(2.0 * one.gram, two.gram)


def test_errors_include_rounding_to_single_precision() -> None:
    """Assert that the error of a float32 matrix covers half a unit of its largest entry."""
    (result,) = streamed(7, 5, lambda a, b: ((X[a] @ Y[b].T,), 0.0), like=X.float(), symmetric=False)
    lost = float((result.gram.double() - X @ Y.T).abs().max())
    assert 0.0 < lost <= result.error <= 1e-7 * float(result.gram.abs().max())


def test_kernels_are_kernels() -> None:
    """Assert that the protocol recognises a kernel and nothing else, and that results carry their error."""
    neuron = Perceptron(Tanh(), Identity(3))
    kernel = tangent_kernel(neuron, GaussianLaw(neuron))
    assert isinstance(kernel, Kernel)
    assert not isinstance(neuron, Kernel)
    assert isinstance(kernel.evaluate(X), Evaluated)


@pytest.mark.usefixtures("without_shape_checks")
def test_inputs_that_are_no_table_of_numbers_are_refused() -> None:
    """Assert that wrong dtypes, shapes and values are refused with a sentence."""
    with pytest.raises(TypeError, match="Inputs of a kernel are torch.int64, but float64 or float32 is needed"):
        checked_inputs(torch.ones(2, 3, dtype=torch.int64))
    with pytest.raises(ShapeError, match=r"shape \(3,\), but \[data, inputs\] is needed"):
        checked_inputs(X[0])
    with pytest.raises(ValueError, match="not finite .*; remove them first"):
        checked_inputs(X / 0.0)


def test_roots_have_a_derivative_at_zero() -> None:
    """Assert that it is zero there, 1 / (2 sqrt) elsewhere, and that values are the square roots."""
    values = torch.tensor([0.0, 4.0], dtype=torch.float64, requires_grad=True)
    found = root(values)
    assert found.tolist() == root(values.detach()).tolist() == [0.0, 2.0]
    (slope,) = torch.autograd.grad(found.sum(), values)
    assert slope.tolist() == [0.0, 0.25]


def test_values_are_placed_with_the_gradient_of_others() -> None:
    """Assert that the numbers are the exact ones, and the gradient that of what they replace."""
    values = torch.tensor([1.0 - 1e-16, -0.999999999], dtype=torch.float64, requires_grad=True)
    found = placed(2.0 * values / 2.0, values.detach().round())
    assert found.tolist() == [1.0, -1.0]
    (slope,) = torch.autograd.grad(found.sum(), values)
    assert slope.tolist() == [1.0, 1.0]


def test_gradients_are_wanted_where_one_is_possible() -> None:
    """Assert that one tensor of several suffices, and none does where autograd is off."""
    one, other = torch.ones(1, requires_grad=True), torch.ones(1)
    assert wants_gradient(other, one, None) and not wants_gradient(other, None)
    with torch.no_grad():
        assert not wants_gradient(one)
