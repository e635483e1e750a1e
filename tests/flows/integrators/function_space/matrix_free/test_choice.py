"""Which solver a step takes, and what is refused."""

import pytest
import torch

from flows import GradientFlow, LangevinFlow, LinearisedFlow
from flows.integrators.function_space.gauss_newton import LARGEST_GRAM, GaussNewton
from flows.integrators.function_space.matrix_free.choice import PRODUCTS, by_products, solver, step_risk
from flows.integrators.function_space.matrix_free.iterative_solve import Iterative
from flows.integrators.function_space.shifted_solve import Shifted
from particles import Dataset, FlowRefused, ParticleCloud, Risk
from tests.problems import network_cloud, network_risk, numbers


def risk_of_rows(rows: int) -> Risk:
    """A risk of so many data of one output."""
    return network_risk().on(Dataset(numbers(1, rows, 3), numbers(2, rows, 1)))


def test_many_data_are_solved_by_products() -> None:
    """Assert that products are taken from a number of data on, a Gram matrix below, and for several members at once."""
    cloud = network_cloud()
    few, many = (GaussNewton.of(risk_of_rows(PRODUCTS + more), cloud) for more in (0, 1))
    assert isinstance(solver(few, 1.0), Shifted)
    assert isinstance(solver(many, 1.0), Iterative)
    assert isinstance(solver(many, torch.ones(1), torch.zeros(1)), Shifted)
    linear = LinearisedFlow(risk_of_rows(PRODUCTS + 1), cloud).linearised
    assert isinstance(solver(GaussNewton.of(linear, cloud), 1.0), Iterative)


def test_kernels_are_taken_where_no_gram_matrix_is() -> None:
    """Assert that a risk for Gram matrices has no fused kernels, and one for products chooses them as everywhere."""
    few, many = (GradientFlow(risk_of_rows(PRODUCTS + more)) for more in (0, 1))
    few_risk, many_risk = (step_risk(flow, network_cloud()) for flow in (few, many))
    assert isinstance(few_risk, Risk) and few_risk.fused is False
    assert many_risk is many.risk


def test_what_has_no_function_space_or_is_shared_and_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a noisy flow is refused in a sentence, and so are data of a shared cloud, too many for a matrix."""
    cloud = network_cloud()
    with pytest.raises(FlowRefused, match="BDF works in the function space of a gradient flow's risk, but was given L"):
        step_risk(LangevinFlow(network_risk(), 0.1), cloud)
    large = GradientFlow(risk_of_rows(LARGEST_GRAM + 1))
    assert by_products(large.risk, cloud) and step_risk(large, cloud) is large.risk
    monkeypatch.setattr(ParticleCloud, "shared_by", "others")
    assert not by_products(large.risk, cloud)
    with pytest.raises(FlowRefused, match="BDF of a cloud that several processes share factorises .* take Chebyshev"):
        step_risk(large, cloud)
