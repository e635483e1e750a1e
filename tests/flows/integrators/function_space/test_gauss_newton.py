"""The Gauss-Newton part of a gradient flow against its Jacobian written out, and its refusals."""

import pytest
import torch

from flows import GradientFlow, LangevinFlow
from flows.integrators.function_space.gauss_newton import LARGEST_GRAM, GaussNewton, dense_risk
from particles import NTK, CrossEntropy, Dataset, FlowRefused, Linear, Logistic, Loss, Squared
from tests.flows.problems.curved_risks import dense_part, risk_of
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import assert_identical


@pytest.mark.parametrize("loss", [Squared(), Logistic(), CrossEntropy()], ids=repr)
def test_gram_is_push_of_pull(loss: Loss) -> None:
    """Assert that G w = B^T J (M J^T B w), that G is symmetric, and that B B^T is the weighted curvature."""
    risk, cloud = risk_of(loss, NTK(), "both", 0.0), network_cloud(outputs=3)
    stiff, w = GaussNewton.of(risk, cloud), numbers(9, 21)
    assert_identical(stiff.gram @ w, stiff.push(stiff.pull(w)), operations=1e5)
    assert_identical(stiff.gram, stiff.gram.T)
    weighted = risk.data.weights[:, None, None] * risk.loss.curvature(risk.predictions(cloud), risk.data.targets)
    assert_identical(stiff.root @ stiff.root.mT, weighted, operations=1e5)


def test_gauss_newton_is_the_whole_jacobian_of_linear_neurons() -> None:
    """Assert that the velocity of linear neurons changes by A times the displacement, whatever its length."""
    risk, cloud = network_risk(NTK(), activation=Linear(), trained="hidden", strength=0.3), network_cloud()
    away = numbers(5, 6, 4)
    away[:, 3] = 0.0
    stiff = GaussNewton.of(risk, cloud)
    change = risk.velocity(cloud.moved(cloud.positions + away)) - stiff.velocity
    decay = torch.zeros_like(away)
    decay[:, :3] = stiff.at.decay[:, None] * away[:, :3]
    assert_identical(change, -(decay + stiff.pull(stiff.push(away))), operations=1e5)


def test_weighed_residual_has_the_norm_of_the_risk() -> None:
    """Assert that half the square of the residual in the norm of the risk is the risk of the squared loss."""
    risk, cloud = network_risk(), network_cloud()
    stiff = GaussNewton.of(risk, cloud)
    residual = stiff.weighed(stiff.at.residual)
    assert_identical(0.5 * residual @ residual, risk(cloud))


@pytest.mark.parametrize("loss", [Squared(), Logistic(), CrossEntropy()], ids=repr)
def test_changed_is_the_function_s_change_in_the_norm_of_the_risk(loss: Loss) -> None:
    """Assert that what is known as B^T J v serves for the squared loss alone, where it is the same."""
    risk, cloud = risk_of(loss, NTK(), "both", 0.0), network_cloud(outputs=3)
    stiff, vector = GaussNewton.of(risk, cloud), numbers(8, 6, 6)
    expected = stiff.weighed(stiff.at.push(vector))
    assert_identical(stiff.changed(vector, stiff.push(vector)), expected, operations=1e4)


@pytest.mark.parametrize("strength", [0.0, 0.4])
def test_jacobian_is_applied_as_written_out(strength: float) -> None:
    """Assert that A v is that of the matrix written out, regulariser included."""
    risk, cloud = risk_of(CrossEntropy(), NTK(), "both", strength), network_cloud(outputs=3)
    vector = numbers(8, 6, 6)
    expected = (dense_part(risk) @ vector.reshape(-1)).reshape(vector.shape)
    assert_identical(GaussNewton.of(risk, cloud).applied(vector), expected, operations=1e4)


def test_other_flows_are_refused() -> None:
    """Assert that a flow which is not a plain gradient flow is refused, with what to take instead."""
    with pytest.raises(FlowRefused, match="BDF works in the function space .* given LangevinFlow; take Chebyshev"):
        dense_risk(LangevinFlow(network_risk(), 0.1), "BDF")


def test_data_too_many_for_a_gram_matrix_are_refused() -> None:
    """Assert that n k beyond the largest Gram matrix is refused with both numbers."""
    data = Dataset(torch.zeros(LARGEST_GRAM + 1, 3).double(), torch.zeros(LARGEST_GRAM + 1).double())
    with pytest.raises(FlowRefused, match=f"takes n k up to {LARGEST_GRAM}, but n k is {LARGEST_GRAM + 1}; take Cheb"):
        dense_risk(GradientFlow(network_risk().on(data)), "Exponential")
