"""What every activation keeps. Declared properties are measured, not repeated."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from particles import Activation
from tests.particles.risk.contracts.romberg import WIDTH, derivative
from tests.tolerances import SLOPE, assert_identical, relative_error

#: From far left to far right through zero, where kinks are.
WIDE = torch.linspace(-40.0, 40.0, 20001, dtype=torch.float64)
AWAY_FROM_ZERO = WIDE[WIDE.abs() > 2.0 * WIDTH]
#: Beyond every bend, where what is bounded no longer grows.
FAR = 1e8


def slope_is_the_derivative_of_the_value(activation: Activation) -> None:
    """sigma' against extrapolated differences of sigma, away from a kink at zero."""
    slope = derivative(lambda step: activation.value(AWAY_FROM_ZERO + step))
    error = relative_error(activation.derivative(AWAY_FROM_ZERO), slope)
    assert error < SLOPE, f"The derivative is not the slope of the value: relative error {error:.2g}."


def slope_is_exact_in_float64(activation: Activation) -> None:
    """sigma' against autograd of sigma to rounding: a constant rounded to float32 on the way is seen."""
    leaf = AWAY_FROM_ZERO.clone().requires_grad_()
    (automatic,) = torch.autograd.grad(activation.value(leaf).sum(), leaf)
    assert_identical(activation.derivative(AWAY_FROM_ZERO), automatic, claim="The derivative is not exact in float64.")


def float32_is_float64_rounded(activation: Activation) -> None:
    """Value and derivative in float32 are those in float64 to float32's rounding, in float32."""
    narrow = WIDE.float()
    for function in (activation.value, activation.derivative):
        claim = "Float32 is neither kept nor as precise as it can be."
        assert_identical(function(narrow), function(narrow.double()).float(), operations=10, claim=claim)


def known_value_changes_nothing(activation: Activation) -> None:
    """sigma'(z) with sigma(z) handed in is sigma'(z), bit for bit."""
    for z in (WIDE, WIDE.float()):
        same = torch.equal(activation.derivative(z, activation.value(z)), activation.derivative(z))
        assert same, "The derivative changes when the value is handed in."


def acts_entry_by_entry(activation: Activation) -> None:
    """Shapes are kept, an entry does not see its neighbours, and what was given is not written into."""
    table = WIDE[:-1].reshape(100, -1)
    before = table.clone()
    for function in (activation.value, activation.derivative):
        assert torch.equal(function(table), function(WIDE)[:-1].reshape(100, -1)), "Entries see their neighbours."
    assert torch.equal(table, before), "The activation writes into what it was given."


def homogeneity_is_as_declared(activation: Activation) -> None:
    """sigma(c z) = c sigma(z) for positive c, exactly where it is declared."""
    gap = max(float((activation.value(c * WIDE) - c * activation.value(WIDE)).abs().max()) for c in (0.3, 2.0, 7.0))
    holds = gap <= 100.0 * torch.finfo(torch.float64).eps * float(WIDE.max())
    assert holds == activation.homogeneous, f"Declared homogeneous: {activation.homogeneous}, measured gap {gap:.2g}."


def lipschitz_constant_is_the_steepest_slope(activation: Activation) -> None:
    """The least constant: no secant is steeper, and some secant attains it."""
    steepest = _steepest_secant(activation, WIDE)
    # Secants of width 5e-5 miss the steepest slope by width^2 / 8 and carry rounding of 40 eps / width: both 3e-10.
    refined = torch.linspace(-1e-2, 1e-2, 401, dtype=torch.float64)
    at = WIDE[int(_secants(activation, WIDE).abs().argmax())]
    steepest = max(steepest, _steepest_secant(activation, at + refined))
    claim = f"Declared Lipschitz constant {activation.lipschitz!r}, steepest secant {steepest!r}."
    assert abs(steepest - activation.lipschitz) < SLOPE * activation.lipschitz, claim


def bound_is_as_declared(activation: Activation) -> None:
    """A bounded function is at its bound far out, an unbounded one goes on growing."""
    ends = activation.value(torch.tensor([-FAR, -math.sqrt(FAR), math.sqrt(FAR), FAR], dtype=torch.float64)).abs()
    grows = float(torch.maximum(ends[0] - ends[1], ends[3] - ends[2])) > 1.0
    assert grows != activation.bounded, (
        f"Declared bounded: {activation.bounded}, but sigma at +-1e4 and +-1e8 disagrees."
    )


def smoothness_is_as_declared(activation: Activation) -> None:
    """The first three derivatives have no jump, exactly where it is declared; kinks are looked for at zero."""
    step = 1e-6
    jumps = [float((d(torch.tensor(step)) - d(torch.tensor(-step))).abs()) for d in _derivatives(activation)]
    is_smooth = max(jumps) < 1e2 * step
    assert is_smooth == activation.smooth, f"Declared smooth: {activation.smooth}, measured jumps {jumps}."


Law = Callable[[Activation], None]
LAWS: list[Law] = [
    slope_is_the_derivative_of_the_value,
    slope_is_exact_in_float64,
    float32_is_float64_rounded,
    known_value_changes_nothing,
    acts_entry_by_entry,
    homogeneity_is_as_declared,
    lipschitz_constant_is_the_steepest_slope,
    bound_is_as_declared,
    smoothness_is_as_declared,
]


def _secants(activation: Activation, grid: Tensor) -> Tensor:
    return activation.value(grid).diff() / grid.diff()


def _steepest_secant(activation: Activation, grid: Tensor) -> float:
    return float(_secants(activation, grid).abs().max())


def _derivatives(activation: Activation) -> list[Callable[[Tensor], Tensor]]:
    first: Callable[[Tensor], Tensor] = lambda z: activation.derivative(z.double())
    second = torch.func.grad(first)
    return [first, second, torch.func.grad(second)]
