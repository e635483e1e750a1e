"""A Gram matrix of low rank from its columns: right where all are taken, near it where some are."""

import pytest
import torch

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.matrix_free.nystrom import Nystrom, drawn, leading
from particles import NTK, CrossEntropy, Loss, Squared, Tanh
from runs.benchmarks.timed_flows import stiff_flow
from tests.flows.problems.curved_risks import RATES, risk_of
from tests.problems import network_cloud, numbers
from tests.tolerances import SINGLE, relative_error


def decaying(data: int = 300) -> GaussNewton:
    """A kernel of decaying spectrum."""
    problem = stiff_flow(count=200, data=data, dim=8, activation=Tanh())
    return GaussNewton.of(problem.flow.risk, problem.cloud)


@pytest.mark.parametrize("loss", [Squared(), CrossEntropy()], ids=repr)
def test_all_columns_give_the_matrix(loss: Loss, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that from all data, block by block, U Lambda U^T is G in single precision, with orthonormal rows U^T."""
    monkeypatch.setattr("flows.integrators.function_space.matrix_free.nystrom.TRUSTED", 1.0)
    monkeypatch.setattr("flows.integrators.function_space.matrix_free.nystrom.BLOCK", 150)
    stiff = GaussNewton.of(risk_of(loss, NTK(rates=RATES), "both", 0.0), network_cloud(outputs=3))
    found = Nystrom.of(stiff, 21)
    rows = found.vectors.double()
    assert relative_error(rows.T @ (found.values.double()[:, None] * rows), stiff.gram) < SINGLE
    assert relative_error(rows @ rows.T, torch.eye(len(rows)).double()) < SINGLE


def test_some_columns_give_the_leading_part() -> None:
    """Assert that a fifth of the columns leaves little more of G than the best matrix of the same rank leaves."""
    stiff = decaying()
    found = Nystrom.of(stiff, 60)
    rows = found.vectors.double()
    missing = torch.linalg.matrix_norm(stiff.gram - rows.T @ (found.values.double()[:, None] * rows), ord=2)
    spectrum = torch.linalg.eigvalsh(stiff.gram).flip(0)
    assert rows.shape == (30, 300)
    assert missing < 10.0 * spectrum[30] and spectrum[0] > 50.0 * missing
    assert abs(found.largest / spectrum[0] - 1.0) < 0.01


def test_residuals_become_errors() -> None:
    """Assert that in the span of U it is (1 + h G)^-1 but for one factor, and outside of it nothing happens."""
    found, size = Nystrom.of(decaying(), 60), 1e3
    rows, least = found.vectors.double(), 1.0 + size * float(found.values.min())
    inside = rows[-1]
    expected = inside * least / (1.0 + size * float(found.values[-1]))
    assert relative_error(found.conditioned(size, inside), expected) < 1e3 * SINGLE
    outside = numbers(5, 300)
    outside = outside - rows.T @ (rows @ outside)
    assert relative_error(found.conditioned(size, outside), outside) < SINGLE
    assert found.conditioned(size, inside).dtype is torch.float64


def test_data_are_drawn_by_their_weight() -> None:
    """Assert that data are drawn once each, in the same order always, none without weight, heavy ones before light."""
    weights = torch.ones(1000, 1, 1).double()
    weights[::2] = 0.0
    weights[1:101:2] = 10.0
    found = drawn(weights, 100)
    assert len(found.unique()) == 100 and torch.equal(found, found.sort().values)
    assert bool((found % 2 == 1).all()) and torch.equal(found, drawn(weights, 100))
    assert int((found < 101).sum()) == 50
    assert len(drawn(weights, 900)) == 500


def test_nothing_is_known_of_a_matrix_that_is_zero_or_not_finite() -> None:
    """Assert that the rank is zero there and residuals stay as they are."""
    stiff = decaying()
    cloud = stiff.at.cloud
    silent = cloud.positions.clone()
    silent[:, -1] = 0.0
    for positions in (silent, torch.full_like(silent, torch.nan)):
        found = Nystrom.of(GaussNewton.of(stiff.model, cloud.moved(positions)), 60)
        vector = numbers(5, 300)
        assert found.vectors.shape == (0, 300) and found.largest == 0.0
        assert found.conditioned(1.0, vector) is vector


def test_eigenvectors_below_rounding_are_left_out() -> None:
    """Assert that of eigenvalues the largest are taken, none below a millionth of the largest or negative."""
    turn = torch.linalg.qr(numbers(3, 4, 4)).Q
    matrix = turn @ torch.diag(torch.tensor([4.0, 1.0, 1e-9, -1.0]).double()) @ turn.T
    found = leading(matrix, 1.0)
    assert relative_error(found.T @ matrix @ found, torch.eye(2).double()) < SINGLE
    assert leading(matrix, 0.25).shape == (4, 1)
