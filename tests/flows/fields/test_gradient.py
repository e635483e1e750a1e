"""The plain gradient flow: gradient descent when stepped by Euler, closed forms, and what it dissipates."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from flows import RK4, Euler, GradientFlow, evolve
from particles import NTK, MeanField, ParticleCloud, Risk
from tests import planted
from tests.flows.contracts.members import FLOWS, Make, check_linear_neurons
from tests.problems import FACTORS, factors, network_cloud, network_risk, written_out_gradient, written_out_risk
from tests.tolerances import DERIVATIVE, assert_identical, relative_error


def descended(risk: Risk, cloud: ParticleCloud, rate: float, steps: int) -> torch.Tensor:
    """Gradient descent written out: theta_j <- theta_j - rate eta_j grad_j R."""
    _, mobility = factors(risk.scaling, cloud.masses)
    for _ in range(steps):
        cloud = cloud.moved(cloud.positions - rate * mobility[:, None] * written_out_gradient(risk, cloud))
    return cloud.positions


def check_gradient_descent(make: Make) -> None:
    """Twenty steps of size h are twenty steps of gradient descent with learning rate h, in every scaling."""
    for scaling, _, _ in FACTORS:
        risk = network_risk(scaling, strength=0.1)
        end = evolve(GradientFlow(risk), network_cloud(), make(0.05), until=1.0)
        told = f"not gradient descent under {scaling}"
        assert_identical(end.positions, descended(risk, network_cloud(), 0.05, 20), claim=told)


def test_euler_is_gradient_descent() -> None:
    """Assert that Euler with step h is gradient descent with learning rate h, up to rounding."""
    check_gradient_descent(Euler)


def test_half_a_step_is_not_gradient_descent() -> None:
    """Assert that the comparison with gradient descent sees half a step."""
    with pytest.raises(AssertionError, match="not gradient descent"):
        check_gradient_descent(planted.HalfEuler)


def test_euler_is_torch_sgd() -> None:
    """Assert that Euler on the flow in NTK scaling is torch.optim.SGD on the risk."""
    risk, cloud = network_risk(NTK()), network_cloud()
    parameter = torch.nn.Parameter(cloud.positions.clone())
    optimizer = torch.optim.SGD([parameter], lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        written_out_risk(risk, parameter, cloud.masses).backward()
        optimizer.step()
    end = evolve(GradientFlow(risk), cloud, Euler(), step=0.05, until=1.0)
    assert_identical(end.positions, parameter.detach())


def test_euler_is_torch_sgd_with_rate_times_count_under_mean_field() -> None:
    """Assert that with m equal masses the mean-field flow is torch.optim.SGD with learning rate h m."""
    risk, cloud = network_risk(MeanField()), ParticleCloud(network_cloud().positions)
    parameter = torch.nn.Parameter(cloud.positions.clone())
    optimizer = torch.optim.SGD([parameter], lr=0.05 * cloud.count)
    for _ in range(20):
        optimizer.zero_grad()
        written_out_risk(risk, parameter, cloud.masses).backward()
        optimizer.step()
    end = evolve(GradientFlow(risk), cloud, Euler(), step=0.05, until=1.0)
    assert_identical(end.positions, parameter.detach())


@pytest.mark.parametrize("trained", ["hidden", "output", "both"])
def test_flow_agrees_with_an_independent_solver(trained: str) -> None:
    """Assert that RK4 on a tanh network ends where scipy's DOP853 takes the gradient written out."""
    risk, cloud = network_risk(MeanField(), trained=trained), network_cloud()

    def speed(_: float, flat: np.ndarray) -> np.ndarray:
        moved = cloud.moved(torch.from_numpy(flat).reshape(cloud.positions.shape))
        return (-written_out_gradient(risk, moved) / cloud.masses[:, None]).reshape(-1).numpy()

    solved = solve_ivp(speed, (0.0, 2.0), cloud.positions.reshape(-1).numpy(), method="DOP853", rtol=1e-11, atol=1e-12)
    end = evolve(GradientFlow(risk), cloud, RK4(0.02), until=2.0)
    assert relative_error(end.positions.reshape(-1), torch.from_numpy(solved.y[:, -1])) < 1e-8


def test_linear_neurons_decay_as_their_kernel_says() -> None:
    """Assert that the residual is exp(-K P t) r(0) under three scalings, unequal masses and weighted data."""
    check_linear_neurons(GradientFlow)


def test_mean_field_velocity_is_minus_the_gradient_of_the_potential() -> None:
    """Assert that under MeanField theta_j' = -grad V(theta_j), V the first variation of the risk."""
    risk, cloud = network_risk(MeanField(), strength=0.1), network_cloud()
    places = cloud.positions.clone().requires_grad_()
    slope = torch.autograd.grad(risk.potential(cloud, places).sum(), places)[0]
    assert_identical(GradientFlow(risk).velocity(cloud), -slope)


def test_risk_falls_by_the_mean_square_slope_of_the_potential() -> None:
    """Assert that under MeanField dR/dt = -sum_j lambda_j |grad V(theta_j)|^2 at finite count, along the flow."""
    risk, small = network_risk(MeanField(), strength=0.1), 1e-4
    flow = GradientFlow(risk)
    middle = evolve(flow, network_cloud(), RK4(small), until=small)
    end = evolve(flow, middle, RK4(small), until=small)
    places = middle.positions.clone().requires_grad_()
    slope = torch.autograd.grad(risk.potential(middle, places).sum(), places)[0]
    rate = float(risk(end) - risk(network_cloud())) / (2.0 * small)
    assert abs(rate / -float(middle.masses @ slope.square().sum(dim=1)) - 1.0) < DERIVATIVE


def test_gradient_flow_is_under_contract() -> None:
    """Assert that the contract suite of flows runs on GradientFlow."""
    assert GradientFlow in [member.make for member in FLOWS]
