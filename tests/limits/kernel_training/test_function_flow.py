"""Kernel flow as an ordinary differential equation: right for every loss, stiff and singular matrices included."""

import math

import pytest
import torch
from torch import Tensor

from limits.kernel_training.function_flow import FunctionFlow
from limits.kernel_training.spectral_flow import SpectralFlow
from particles import CrossEntropy, Logistic, Loss, Squared
from tests.draws import normals, unequal
from tests.particles.risk.contracts.members import probabilities, real, signs
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import DERIVATIVE, TOLERANCE, relative_error

DATA, OUTPUTS = 5, 2
WEIGHTS = unequal(DATA)
START = normals(DATA, OUTPUTS, seed=2)
NUMBERS = normals(DATA, OUTPUTS, seed=3)
TIMES = torch.tensor([3.0, 0.0, 0.5], dtype=torch.float64)


def gram(rank: int = DATA * OUTPUTS, size: float = 1.0) -> Tensor:
    """A positive semi-definite matrix of this rank."""
    factor = normals(DATA * OUTPUTS, rank, seed=1)
    return size * factor @ factor.T


def by_small_steps(matrix: Tensor, loss: Loss, targets: Tensor, until: float) -> Tensor:
    """f at a time by 500 classical Runge-Kutta steps of df/dt = -K P loss'."""

    def slope(f: Tensor) -> Tensor:
        return -(matrix @ (WEIGHTS[:, None] * loss.residual(f, targets)).flatten()).reshape(f.shape)

    f, h = START, until / 500
    for _ in range(500):
        one = slope(f)
        two = slope(f + 0.5 * h * one)
        three = slope(f + 0.5 * h * two)
        f = f + h / 6.0 * (one + 2.0 * two + 2.0 * three + slope(f + h * three))
    return f


@pytest.mark.parametrize("rank", [DATA * OUTPUTS, 3], ids=["regular", "singular"])
@pytest.mark.parametrize(
    ("loss", "targets"),
    [(Squared(), real(NUMBERS)), (Logistic(), signs(NUMBERS)), (CrossEntropy(), probabilities(NUMBERS))],
    ids=["squared", "logistic", "cross-entropy"],
)
def test_predictions_are_those_of_small_steps(loss: Loss, targets: Tensor, rank: int) -> None:
    """Assert that both agree at every time, in the order asked for, within a hundred times a step's tolerance."""
    matrix = gram(rank)
    flow = FunctionFlow(matrix, WEIGHTS, START, targets, loss, TOLERANCE)
    for time, q in zip(TIMES, flow.integral(TIMES), strict=True):
        found = START - (matrix @ q).reshape(START.shape)
        assert float((found - by_small_steps(matrix, loss, targets, float(time))).abs().max()) < 100.0 * TOLERANCE


@pytest.mark.parametrize(("loss", "targets"), [(Logistic(), signs(NUMBERS)), (CrossEntropy(), probabilities(NUMBERS))])
def test_jacobian_is_the_derivative_of_the_slope(loss: Loss, targets: Tensor) -> None:
    """Assert that it agrees with extrapolated differences, column by column; a wrong one costs hours, not digits."""
    flow = FunctionFlow(gram(), WEIGHTS, START, targets, loss, TOLERANCE)
    z = normals(DATA * OUTPUTS, seed=4)
    columns = [
        derivative(lambda step, unit=unit: torch.from_numpy(flow.slope(0.0, (z + step * unit).numpy())))
        for unit in torch.eye(len(z)).double()
    ]
    assert relative_error(torch.from_numpy(flow.jacobian(0.0, z.numpy())), torch.stack(columns, dim=1)) < DERIVATIVE


def test_squared_loss_is_the_closed_form() -> None:
    """Assert that the equation and the eigendecomposition give one integral, for a matrix 1e4 times as stiff too."""
    for size in (1.0, 1e4):
        matrix, times = gram(size=size), torch.tensor([0.2, 5.0], dtype=torch.float64)
        q = FunctionFlow(matrix, WEIGHTS, START, NUMBERS, Squared(), TOLERANCE).integral(times)
        exact = SpectralFlow.of(matrix, WEIGHTS.repeat_interleave(OUTPUTS)).integral((START - NUMBERS).flatten(), times)
        assert float((q - exact).abs().max()) < 100.0 * TOLERANCE


def test_infinite_time_is_refused() -> None:
    """Assert that losses without a closed form have no infinite time."""
    flow = FunctionFlow(gram(), WEIGHTS, START, signs(NUMBERS), Logistic(), TOLERANCE)
    with pytest.raises(
        ValueError, match=r"Logistic has no closed form at infinite time; ask for a finite time, or take"
    ):
        flow.integral(torch.tensor([1.0, math.inf], dtype=torch.float64))


class Exploding(Squared):
    """A loss whose residual is not finite after a while."""

    def residual(self, f: Tensor, y: Tensor) -> Tensor:
        """-f^2 elementwise: f reaches infinity in finite time."""
        return -(f**2) - 1.0


def test_a_flow_that_cannot_be_integrated_says_so() -> None:
    """Assert that a failure of the integrator is an error with its reason, never an answer."""
    flow = FunctionFlow(torch.eye(DATA * OUTPUTS).double(), WEIGHTS, START, NUMBERS, Exploding(), 1e-3)
    with pytest.raises(ArithmeticError, match=r"not integrated until time 100 \(.*\); ask for an earlier time"):
        flow.integral(torch.tensor([100.0], dtype=torch.float64))
