"""The linear flow in closed form against matrix exponentials, singular matrices and infinite time included."""

import math

import mpmath
import pytest
import torch
from scipy.linalg import expm
from torch import Tensor

from limits.kernel_training.spectral_flow import SpectralFlow
from tests.draws import normals, unequal
from tests.tolerances import EXPONENTIAL, assert_identical

ROWS = 6
START = normals(ROWS, seed=2)
TIMES = torch.tensor([0.0, 0.1, 1.0, 30.0], dtype=torch.float64)


def gram(rank: int) -> Tensor:
    """A positive semi-definite matrix of this rank."""
    factor = normals(ROWS, rank, seed=1)
    return factor @ factor.T


def block_exponential(matrix: Tensor, time: float) -> tuple[Tensor, Tensor]:
    """exp(-M t) and its integral over [0, t], from one matrix exponential that divides by nothing (Van Loan 1978)."""
    count = len(matrix)
    block = torch.zeros(2 * count, 2 * count, dtype=torch.float64)
    block[:count, :count] = -matrix
    block[:count, count:] = torch.eye(count)
    result = torch.from_numpy(expm((time * block).numpy()))
    return result[:count, :count], result[:count, count:]


@pytest.mark.parametrize("rank", [ROWS, 3], ids=["regular", "singular"])
@pytest.mark.parametrize("weights", [torch.full((ROWS,), 1.0 / ROWS).double(), unequal(ROWS)], ids=["equal", "unequal"])
def test_residual_and_integral_are_matrix_exponentials(rank: int, weights: Tensor) -> None:
    """Assert that they are exp(-K P t) r and P int exp(-K P s) r ds to 1e-12, at every time."""
    flow = SpectralFlow.of(gram(rank), weights)
    for time, residual, integral in zip(
        TIMES, flow.residual(START, gram(rank), TIMES), flow.integral(START, TIMES), strict=True
    ):
        decay, sums = block_exponential(gram(rank) * weights, float(time))
        assert float((residual - decay @ START).norm()) < EXPONENTIAL * float(START.norm())
        assert float((integral - weights * (sums @ START)).norm()) < EXPONENTIAL * max(float(time), 1.0)
        assert float((flow.propagator(float(time)) @ START - integral).norm()) < EXPONENTIAL * max(float(time), 1.0)


def test_weightless_data_follow_the_others() -> None:
    """Assert that a datum of weight zero does not drive the flow, but its residual changes with it."""
    weights = torch.cat([unequal(ROWS - 2), torch.zeros(2).double()])
    flow = SpectralFlow.of(gram(ROWS), weights)
    decay, _ = block_exponential(gram(ROWS) * weights, 1.0)
    residual = flow.residual(START, gram(ROWS), TIMES)[2]
    assert float((residual - decay @ START).norm()) < EXPONENTIAL * float(START.norm())
    with pytest.raises(TypeError, match="weight zero need the Gram matrix, but neither that nor a factor of it"):
        flow.residual(START, None, TIMES)
    changed = START + torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    assert torch.equal(flow.integral(changed, TIMES), flow.integral(START, TIMES))


def test_gains_have_their_limits() -> None:
    """Assert that (1 - exp(-l t)) / l is t at l = 0 and for tiny l, 1/l at t = infinity, and 0 for both at once."""
    rates = torch.tensor([0.0, 1e-14, 2.0], dtype=torch.float64)
    flow = SpectralFlow(torch.full((3,), 1.0 / 3.0).double(), rates, torch.eye(3).double(), 0.0)
    gains = flow.gains(torch.tensor([0.0, 3.0, math.inf], dtype=torch.float64))
    end = (1.0 - math.exp(-6.0)) / 2.0
    assert_identical(gains[:2], torch.tensor([[0.0, 0.0, 0.0], [3.0, 3.0, end]], dtype=torch.float64))
    assert float(gains[2, 0]) == 0.0
    assert_identical(gains[2, 1:] * rates[1:], torch.ones(2, dtype=torch.float64))


def test_singular_matrix_keeps_what_it_cannot_reach() -> None:
    """Assert that at infinite time the residual is the projection onto the kernel of the matrix, and finite."""
    weights = torch.full((ROWS,), 1.0 / ROWS).double()
    flow = SpectralFlow.of(gram(3), weights)
    residual = flow.residual(START, gram(3), torch.tensor([math.inf]).double())[0]
    basis = torch.linalg.qr(normals(ROWS, 3, seed=1))[0]
    assert_identical(residual, START - basis @ (basis.T @ START))
    assert bool(flow.integral(START, torch.tensor([math.inf]).double()).isfinite().all())


@pytest.mark.parametrize("time", [0.0, 0.4, 25.0, math.inf])
def test_movement_is_the_norm_in_the_kernel(time: float) -> None:
    """Assert that it is sqrt(q^T K q), q the integral, and in the end sqrt(r^T K^-1 r) for a regular matrix."""
    weights, moment = unequal(ROWS), torch.tensor([time], dtype=torch.float64)
    flow = SpectralFlow.of(gram(ROWS), weights)
    q = flow.integral(START, moment)[0]
    found = flow.movement(START, moment)[0]
    assert_identical(found, (q @ gram(ROWS) @ q).clamp_min(0.0).sqrt(), operations=1e5)
    if math.isinf(time):
        assert_identical(found, (START @ torch.linalg.solve(gram(ROWS), START)).sqrt(), operations=1e5)


def test_uncertain_rates_are_taken_for_zero() -> None:
    """Assert that an eigenvalue within the error of the entries is zero: infinite time does not divide by it."""
    wrong = gram(3) + 1e-11 * torch.diag(normals(ROWS, seed=3).abs())
    weights = torch.full((ROWS,), 1.0 / ROWS).double()
    forever = torch.tensor([math.inf]).double()
    basis = torch.linalg.qr(normals(ROWS, 3, seed=1))[0]
    expected = START - basis @ (basis.T @ START)
    cautious = SpectralFlow.of(wrong, weights, error=1e-10).residual(START, wrong, forever)[0]
    assert float((cautious - expected).norm()) < EXPONENTIAL * 1e3
    # Taken at its word, the wrong matrix is regular and leaves nothing.
    assert float(SpectralFlow.of(wrong, weights).residual(START, wrong, forever)[0].norm()) < EXPONENTIAL


def test_negative_eigenvalues_are_refused() -> None:
    """Assert that a matrix that is no Gram matrix is refused with its eigenvalue."""
    with pytest.raises(ValueError, match=r"has eigenvalue -0.\d+ \(weighted\), but a positive semi-definite one"):
        SpectralFlow.of(gram(3) - torch.eye(ROWS), torch.full((ROWS,), 1.0 / ROWS).double())


def test_late_times_do_not_blow_up_what_is_never_learned() -> None:
    """Assert that K times the integral stands still from time 1e8 on, though rates of zero go on."""
    flow, matrix = SpectralFlow.of(gram(3), torch.full((ROWS,), 1.0 / ROWS).double()), gram(3)
    learned = [flow.integral(START, torch.tensor([time]).double())[0] @ matrix for time in (1e8, 1e14, math.inf)]
    assert_identical(learned[1], learned[0])
    assert_identical(learned[2], learned[0])


def test_a_factor_keeps_the_digits_that_its_square_loses() -> None:
    """Assert that rates of columns in units 1e9 apart are right to 1e-13, and that nothing is kept past the rank."""
    factor = normals(ROWS, 3, seed=4) * torch.tensor([1.0, 1e9, 1e4], dtype=torch.float64)
    weights = torch.full((ROWS,), 1.0 / ROWS, dtype=torch.float64)
    flow = SpectralFlow.of_factor(factor, weights)
    with mpmath.workdps(60):
        values = mpmath.svd_r(mpmath.matrix(factor.tolist()), compute_uv=False)
        exact = torch.tensor([float(value**2 / ROWS) for value in values], dtype=torch.float64)
    assert float((flow.rates[:3] / exact - 1.0).abs().max()) < 1e-13
    assert flow.modes.shape == (ROWS, 3) and flow.rest == 0.0
    assert_identical(flow.modes.T @ flow.modes, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize("step", [None, 0.1], ids=["flow", "descent"])
@pytest.mark.parametrize("excess", [0.0, 0.7])
def test_a_factor_gives_what_its_gram_matrix_gives(step: float | None, excess: float) -> None:
    """Assert that residual, integral and movement of F F^T + c I need no more than F, weights of zero too."""
    factor, identity = normals(ROWS, 3, seed=4), torch.eye(ROWS, dtype=torch.float64)
    matrix = factor @ factor.T + excess * identity
    counts = unequal(ROWS - 2) if excess == 0.0 else torch.full((ROWS - 2,), 1.0 / (ROWS - 2)).double()
    weights = torch.cat([counts, torch.zeros(2).double()])
    low, full = SpectralFlow.of_factor(factor, weights, excess, step), SpectralFlow.of(matrix, weights, step=step)
    assert_identical(low.residual(START, None, TIMES), full.residual(START, matrix, TIMES))
    assert_identical(low.integral(START, TIMES) @ matrix, full.integral(START, TIMES) @ matrix)
    assert_identical(matrix @ low.propagator(1.0), matrix @ full.propagator(1.0))
    assert_identical(low.movement(START, TIMES), full.movement(START, TIMES))
    moved = low.features_moved(START, TIMES)
    assert moved is not None
    assert_identical(moved @ factor.T + excess * low.integral(START, TIMES), full.integral(START, TIMES) @ matrix)


@pytest.mark.parametrize("step", [0.1, 2.0], ids=["short", "long"])
def test_descent_is_steps_one_after_the_other(step: float) -> None:
    """Assert that (I - step K P)^k is k steps, overshooting ones too, and the integral the sum of their residuals."""
    weights, matrix = unequal(ROWS), gram(3)
    flow = SpectralFlow.of(matrix, weights, step=step)
    assert (step * flow.fastest > 1.0) == (step == 2.0)
    residual, total = START, torch.zeros(ROWS, dtype=torch.float64)
    for _ in range(7):
        total = total + step * weights * residual
        residual = residual - step * matrix @ (weights * residual)
    at = torch.tensor([7.0 * step], dtype=torch.float64)
    assert_identical(flow.residual(START, matrix, at)[0], residual)
    assert_identical(flow.integral(START, at)[0], total)
    assert_identical(flow.integral(START, 0.0 * at)[0], torch.zeros(ROWS, dtype=torch.float64))


def test_a_part_for_every_datum_needs_equal_weights() -> None:
    """Assert that an excess with unequal weights, whose modes are not those of F, is refused."""
    with pytest.raises(ValueError, match="a part of its own for every datum needs equal weights of the data"):
        SpectralFlow.of_factor(normals(ROWS, 3, seed=4), unequal(ROWS), 0.5)
