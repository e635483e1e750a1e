"""What every loss keeps: convex, with a residual and a curvature that are its derivatives."""

from collections.abc import Callable

import torch
from torch import Tensor

from particles import Loss
from tests.draws import normals
from tests.particles.risk.contracts.members import Map
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import SLOPE, assert_identical, relative_error

DATA = 40
#: Predictions where exponentials overflow, in float32 already.
EXTREME = 1e4


def predictions(outputs: int) -> Tensor:
    """Predictions of order one [data, outputs]."""
    return normals(DATA, outputs, seed=21)


def targets(make: Map, outputs: int) -> Tensor:
    """Targets that the loss accepts [data, outputs]."""
    return make(normals(DATA, outputs, seed=22))


def residual_is_the_slope_of_the_value(loss: Loss, make: Map, outputs: int) -> None:
    """d loss / d f against extrapolated differences, output by output."""
    f, y = predictions(outputs), targets(make, outputs)
    slopes = torch.stack([derivative(lambda step, e=e: loss.value(f + step * e, y)) for e in _axes(outputs)], dim=1)
    error = relative_error(loss.residual(f, y), slopes)
    assert error < SLOPE, f"The residual is not the slope of the value: relative error {error:.2g}."


def curvature_is_the_slope_of_the_residual(loss: Loss, make: Map, outputs: int) -> None:
    """d residual / d f against extrapolated differences, output by output."""
    f, y = predictions(outputs), targets(make, outputs)
    slopes = [derivative(lambda step, e=e: loss.residual(f + step * e, y)) for e in _axes(outputs)]
    error = relative_error(loss.curvature(f, y), torch.stack(slopes, dim=2))
    assert error < SLOPE, f"The curvature is not the slope of the residual: relative error {error:.2g}."


def curvature_is_positive(loss: Loss, make: Map, outputs: int) -> None:
    """The curvature is symmetric and positive semi-definite."""
    curvature = loss.curvature(predictions(outputs), targets(make, outputs))
    assert_identical(curvature, curvature.mT, claim="The curvature is not symmetric.")
    smallest = float(torch.linalg.eigvalsh(curvature).min())
    assert smallest > -1e2 * torch.finfo(torch.float64).eps, f"The curvature has an eigenvalue {smallest:.2g}."


def value_is_convex(loss: Loss, make: Map, outputs: int) -> None:
    """Along every chord the value lies below it."""
    one, two, y = predictions(outputs), 5.0 * normals(DATA, outputs, seed=23), targets(make, outputs)
    for share in (0.1, 0.5, 0.8):
        below = loss.value((1.0 - share) * one + share * two, y)
        chord = (1.0 - share) * loss.value(one, y) + share * loss.value(two, y)
        assert bool((below < chord).all()), "The value is not convex in the prediction."


def data_stand_alone(loss: Loss, make: Map, outputs: int) -> None:
    """What a datum gives does not depend on the others, and nothing given is written into."""
    f, y = predictions(outputs), targets(make, outputs)
    before = (f.clone(), y.clone())
    for function in (loss.value, loss.residual, loss.curvature):
        alone = torch.cat([function(f[i : i + 1], y[i : i + 1]) for i in range(DATA)])
        assert_identical(function(f, y), alone, claim=f"{function.__name__}: data do not stand alone.")
    assert torch.equal(f, before[0]) and torch.equal(y, before[1]), "The loss writes into what it was given."


def extremes_stay_finite(loss: Loss, make: Map, outputs: int) -> None:
    """Predictions far beyond the range of exp give finite numbers, in either dtype, and the dtype is kept."""
    for dtype in (torch.float32, torch.float64):
        f, y = EXTREME * predictions(outputs).to(dtype), targets(make, outputs).to(dtype)
        for function in (loss.value, loss.residual, loss.curvature):
            result = function(f, y)
            assert bool(result.isfinite().all()), f"{function.__name__} is not finite at extreme predictions."
            assert result.dtype == dtype, f"{function.__name__} turns {dtype} into {result.dtype}."


def own_targets_are_accepted(loss: Loss, make: Map, outputs: int) -> None:
    """Targets that make sense pass the check, in either dtype."""
    for dtype in (torch.float32, torch.float64):
        loss.check(targets(make, outputs).to(dtype))


Law = Callable[[Loss, Map, int], None]
LAWS: list[Law] = [
    residual_is_the_slope_of_the_value,
    curvature_is_the_slope_of_the_residual,
    curvature_is_positive,
    value_is_convex,
    data_stand_alone,
    extremes_stay_finite,
    own_targets_are_accepted,
]


def _axes(outputs: int) -> Tensor:
    return torch.eye(outputs, dtype=torch.float64)
