"""Integrals over the angle against high precision, and by nodes."""

import math

import mpmath
import pytest
import torch

from limits.mean_field.rectified.arcs import Pieces
from limits.mean_field.rectified.moments import Moments


def piece(low: float, slope: float, bend: float) -> Pieces:
    """One piece from (1, 0) to (1, 1) with this form; its v does not matter here."""
    row = [torch.tensor([number], dtype=torch.float64) for number in (low, slope, bend, 1.0, 1.0)]
    start, way = (torch.tensor([pair], dtype=torch.float64) for pair in ((1.0, 0.0), (0.0, 1.0)))
    return Pieces(torch.zeros(1, dtype=torch.long), start, way, start, *row)


@pytest.mark.parametrize("low", [1.0, 1e-6, 1e-16])
@pytest.mark.parametrize(("slope", "bend"), [(0.0, 0.7), (0.7, 0.0), (0.9, -0.4), (1e-4, 0.3)])
def test_integrals_in_high_precision(low: float, slope: float, bend: float) -> None:
    """Assert that 1 / Q and e e^T / Q^2 are right to 1e-13 however low Q is, and however it rises."""
    found = Moments.of(piece(low, slope, bend), 0.5)
    with mpmath.workdps(40):
        exact_low, exact_slope, exact_bend = map(mpmath.mpf, (low, slope, bend))

        def over(power: int, form: int) -> float:
            """int_0^1 tau^power / Q^form d tau, in the variable log tau."""

            def integrand(u: mpmath.mpf) -> mpmath.mpf:
                tau = mpmath.exp(u)
                return tau ** (power + 1) / (exact_low + tau * (exact_slope + tau * exact_bend)) ** form

            return float(mpmath.quad(integrand, [-100, -60, *range(-50, 1, 2)]))

        mass, squares = over(0, 1), [over(power, 2) for power in range(3)]
    assert math.isclose(float(found.mass), 0.5 * mass, rel_tol=1e-13)
    matrix = torch.tensor([[squares[0], squares[1]], [squares[1], squares[2]]], dtype=torch.float64)
    torch.testing.assert_close(found.square[0], 0.25 * matrix, rtol=1e-12, atol=0.0)


def test_few_nodes_are_too_few() -> None:
    """Assert that the accuracy comes from the nodes: an eighth of them loses it at the lowest Q."""
    one = piece(1e-16, 0.0, 0.7)
    full, few = Moments.of(one, 1.0), Moments.of(one, 1.0, nodes=16)
    assert abs(float(few.mass / full.mass) - 1.0) > 1e-6
