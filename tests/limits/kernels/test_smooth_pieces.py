"""Kinks are found where they are, narrow peaks are not overlooked, and the composite rule is exact on pieces."""

import math

import pytest
import torch

from limits.kernels.gaussian_duals import Differentiable
from limits.kernels.smooth_pieces import composite, pieces
from particles import GELU, Erf, ReLU, Sigmoid, SiLU, Softplus, Tanh
from tests.limits.kernels.oracles import ELU, HardTanh, Shifted
from tests.tolerances import LOCATED, assert_identical


@pytest.mark.parametrize("reach", [12.0, 150.0])
@pytest.mark.parametrize(
    ("activation", "kinks"), [(ReLU(), [0.0]), (ELU(), [0.0]), (HardTanh(), [-1.0, 1.0]), (Shifted(), [0.3])]
)
def test_undeclared_kinks_are_found(activation: Differentiable, kinks: list[float], reach: float) -> None:
    """Assert that bisection finds every kink, also one that only the second derivative shows, and no other."""
    smooth = pieces((activation.value, activation.derivative), reach)
    found = smooth.kinks
    assert len(found) == len(kinks)
    assert len(smooth.breaks) < 20  # panels graded towards a kink are given up once it is known
    assert all(abs(a - b) < LOCATED for a, b in zip(found, kinks, strict=True))


@pytest.mark.parametrize("activation", [Tanh(), Erf(), Sigmoid(), Softplus(), GELU(), SiLU()])
def test_smooth_activations_have_no_kinks(activation: Differentiable) -> None:
    """Assert that nothing smooth is taken for a kink, however wide the range."""
    for reach in (12.0, 1200.0):
        assert pieces((activation.value, activation.derivative), reach).kinks == ()


def test_a_declared_kink_is_kept_and_not_found_again() -> None:
    """Assert that declaring a kink gives exactly that kink."""
    shifted = Shifted()
    assert pieces((shifted.value, shifted.derivative), 12.0, (0.3,)).kinks == (0.3,)


def test_a_narrow_peak_in_a_wide_range_has_panels_of_its_size() -> None:
    """Assert that tanh' in a range of 2400 is resolved around the origin, where plain halving sees only zeros."""
    points = pieces((Tanh().derivative,), 1200.0).points
    assert sum(abs(point) < 10.0 for point in points) > 4


def test_composite_rule_integrates_a_kinked_function_exactly() -> None:
    """Assert that a polynomial with a kink is integrated to rounding when its kink is an edge, and not otherwise."""
    function = lambda z: torch.relu(z - 0.3) ** 3 + z
    exact = torch.tensor(0.7**4 / 4.0, dtype=torch.float64)
    x, weights = composite(torch.tensor([-1.0, 0.3, 1.0], dtype=torch.float64))
    assert_identical((function(x) * weights).sum(), exact)
    x, weights = composite(torch.tensor([-1.0, 1.0], dtype=torch.float64))
    assert abs(float((function(x) * weights).sum() - exact)) > LOCATED


def test_empty_panels_have_no_weight() -> None:
    """Assert that repeated edges change nothing, which rows of clipped kinks rely on."""
    edges = torch.tensor([[0.0, 1.0, 1.0, 2.0], [0.0, 0.0, 0.0, 2.0]], dtype=torch.float64)
    x, weights = composite(edges)
    assert_identical((x**5 * weights).sum(dim=1), torch.full((2,), 2.0**6 / 6.0, dtype=torch.float64))


def test_functions_that_are_not_piecewise_smooth_are_refused() -> None:
    """Assert that a function that no panels resolve, or that is not finite, is refused with a sentence."""
    with pytest.raises(ValueError, match="needs more than 4096 smooth pieces .*; give one that is smooth but for"):
        pieces((lambda z: torch.cos(1e4 * z),), 12.0)
    with pytest.raises(ValueError, match="activation is not finite between .*; its kernel does not exist"):
        pieces((lambda z: torch.log(z - 1.0),), 12.0)
    with pytest.raises(ValueError, match="not finite"):
        pieces((torch.exp,), math.exp(8.0))
