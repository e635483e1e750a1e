"""Quadrature of any activation: the accuracy asked for is reached, the achieved one reported, a failure refused."""

import pytest
import torch

from limits.kernels.quadrature import Quadrature
from particles import Sigmoid, SiLU, Softplus, Tanh
from tests.limits.kernels.oracles import CASES, KINKED, Shifted, half_analytic, pairs, trapezoid
from tests.tolerances import QUADRATURE, assert_identical

SMOOTH = [Tanh(), Sigmoid(), Softplus(), SiLU()]


def one(dual: Quadrature, p: float, q: float, rho: float) -> tuple[float, float]:
    """E h(u) h(v) and the reported error of one pair."""
    first, second = (dual.at(torch.tensor([variance], dtype=torch.float64)) for variance in (p, q))
    values, error = first.gram(
        second, pairs(first.variances, second.variances, torch.tensor([[rho]], dtype=torch.float64))
    )
    return float(values), error * float(first.units * second.units)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("activation", SMOOTH)
def test_smooth_activations_reach_the_default_accuracy(activation: Tanh, case: tuple[float, float, float]) -> None:
    """Assert that value and derivative agree with the trapezoidal rule within the reported error, below 1e-10."""
    for function in (activation.value, activation.derivative):
        value, error = one(Quadrature(function), *case)
        # The oracle itself is good to rounding.
        assert abs(value - trapezoid(function, *case)) <= error + 1e-14
        assert error <= QUADRATURE


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("activation", KINKED, ids=["hard", "shifted", "elu"])
def test_kinked_activations_reach_it_too(activation: Shifted, case: tuple[float, float, float]) -> None:
    """Assert that activations whose kinks were declared, or found, reach it as well."""
    both = (activation.value, activation.derivative)
    for function, conditional in zip(both, (activation.smoothed_value, activation.smoothed_derivative), strict=True):

        def plain(z: float, function: object = function) -> float:
            return float(function(torch.tensor([z], dtype=torch.float64)))

        value, error = one(Quadrature(function, both, tuple(getattr(activation, "kinks", ()))), *case)
        assert abs(value - half_analytic(plain, conditional, (-1.0, 0.0, 0.3, 1.0), *case)) <= error + 1e-12
        assert error <= QUADRATURE


@pytest.mark.parametrize("accuracy", [1e-4, 1e-7, 1e-12])
def test_accuracy_is_what_was_asked_for(accuracy: float) -> None:
    """Assert that fewer or more terms are taken as asked, and a loose request costs less."""
    dual = Quadrature(Tanh().value, accuracy=accuracy)
    value, error = one(dual, 1.0, 1.0, 0.99)
    assert abs(value - trapezoid(torch.tanh, 1.0, 1.0, 0.99)) <= error <= accuracy
    terms = dual.at(torch.ones(1, dtype=torch.float64)).spectrum.last
    assert terms <= Quadrature(Tanh().value, accuracy=accuracy / 10.0).at(torch.ones(1).double()).spectrum.last


def test_tiles_of_many_pairs_are_their_single_pairs() -> None:
    """Assert that pairs expanded and pairs integrated directly lie side by side in one Gram matrix, each right."""
    dual = Quadrature(Shifted().value, (Shifted().derivative,), (0.3,))
    variances = torch.tensor([0.5, 1.0, 1.0, 2.0], dtype=torch.float64)
    rho = torch.tensor([[1.0, 0.2, -0.99, 0.9999], [0.2, 1.0, 0.5, 0.0]], dtype=torch.float64)
    rows = dual.at(variances)
    values, _ = rows.part(slice(0, 2)).gram(rows, pairs(variances[:2], variances, rho))
    for i in range(2):
        for j in range(4):
            single, _ = one(dual, float(variances[i]), float(variances[j]), float(rho[i, j]))
            assert abs(float(values[i, j]) - single) < QUADRATURE


def test_squares_are_the_parallel_case() -> None:
    """Assert that E h(u)^2 is the value at correlation one."""
    dual = Quadrature(SiLU().value)
    rows = dual.at(torch.tensor([0.3, 4.0], dtype=torch.float64))
    values, _ = rows.gram(rows, pairs(rows.variances, rows.variances, torch.eye(2).double()))
    assert_identical(values.diagonal(), rows.squares(), operations=1e6)


def test_accuracy_is_relative_to_large_values() -> None:
    """Assert that the error of a kernel with entries of order 1e4 may be 1e4 times as large."""
    value, error = one(Quadrature(Softplus().value), 2e4, 2e4, 0.5)
    assert value > 1e3
    assert QUADRATURE < error <= QUADRATURE * 2e4


def test_what_cannot_be_reached_is_refused() -> None:
    """Assert that an accuracy below rounding is refused with the one that is reached."""
    with pytest.raises(ValueError, match=r"asked to an accuracy of 1e-17 .* quadrature reaches .*; ask for a larger"):
        one(Quadrature(Softplus().value, accuracy=1e-17), 1.0, 1.0, 0.5)
    with pytest.raises(ValueError, match="accuracy of a kernel is 0.0, but a number between 0 and 1 is needed"):
        Quadrature(Softplus().value, accuracy=0.0)
