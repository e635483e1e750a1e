"""Numerical differentiation formulas: their orders and error constants, on even grids and on uneven ones."""

import math

import pytest

from flows.integrators.function_space.differentiation import CANCELLED, HIGHEST, KAPPA, Formula
from flows.integrators.function_space.interpolation import slopes, weights
from tests.tolerances import ORDER


def scaled_error(order: int, steps: int, growth: float) -> float:
    """|theta - e^-1| of theta' = -theta over unit time by the formula of one order, from exact values, on a grid whose
    steps alternate between h and growth h."""
    sizes = [1.0 if i % 2 == 0 else growth for i in range(steps + order + 1)]
    unit = 1.0 / sum(sizes[order + 1 :])
    grid = [0.0]
    for size in sizes:
        grid.append(grid[-1] + unit * size)
    times = [time - grid[order + 1] for time in grid]
    values = [math.exp(-time) for time in times[: order + 2]]
    for now in range(order + 2, len(times)):
        past, known = times[now - order - 1 : now][::-1], values[now - order - 1 : now][::-1]
        predicted = sum(w * v for w, v in zip(weights(past, times[now]), known, strict=True))
        slope = sum(w * v for w, v in zip(slopes(past, times[now]), known, strict=True))
        shift = Formula(order, tuple(past), times[now]).shift
        values.append(predicted + shift * (-predicted - slope) / (1.0 + shift))
    return abs(values[-1] - math.exp(-times[-1]))


@pytest.mark.parametrize("growth", [1.0, 1.4])
@pytest.mark.parametrize("order", range(1, HIGHEST + 1))
def test_each_formula_has_its_order(order: int, growth: float) -> None:
    """Assert that the formula of order k has order k on the test equation, on even grids and on uneven ones."""
    measured = math.log2(scaled_error(order, 20, growth) / scaled_error(order, 40, growth))
    assert abs(measured - order) < ORDER + 0.05 * order, f"order {measured:.3f} of formula {order}"


@pytest.mark.parametrize("order", range(1, HIGHEST + 1))
def test_error_constant_is_that_of_the_formula(order: int) -> None:
    """Assert that on a grid of unit steps the error is kappa gamma + 1 / (k + 1) of d (Shampine and Reichelt 1997)."""
    times = tuple(float(-i) for i in range(order + 1))
    gamma = sum(1.0 / i for i in range(1, order + 1))
    formula = Formula(order, times, 1.0)
    assert formula.leading == pytest.approx(gamma, rel=1e-14)
    assert formula.error == pytest.approx(KAPPA[order] * gamma + 1.0 / (order + 1), rel=1e-14)


@pytest.mark.parametrize("order", range(1, HIGHEST + 1))
def test_no_step_has_an_error_of_nothing(order: int) -> None:
    """Assert that however much a step is cut the error constant stays positive, though its two terms may cancel."""
    times = tuple(float(-i) for i in range(order + 1))
    constants, raw = [], []
    for cut in (0.5**i for i in range(40)):
        formula = Formula(order, times, cut)
        constants.append(formula.error)
        raw.append(KAPPA[order] * formula.leading * cut + cut / (cut - times[order]))
    assert min(constants) >= CANCELLED * abs(KAPPA[order]) if KAPPA[order] else min(constants) > 0.0
    assert KAPPA[order] == 0.0 or min(raw) < 0.0 < max(raw)
