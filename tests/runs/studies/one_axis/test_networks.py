"""The network on the axis alpha beside plain torch on the same batches."""

import math

import pytest
import torch
from torch import Tensor

from flows import Euler, HeavyBall, evolve
from particles import Dataset
from runs.studies.one_axis.networks import CONVENTIONS, AxisNetwork, Convention
from tests.tolerances import Z, assert_identical

COUNT, ALPHA, RATE, STEPS, BATCH = 12, 3.0, 0.05, 7, 8
#: eta_theta and eta_u of the paper and its code, for m = 12 and alpha = 3.
ETAS = {
    "practical": (1.0, 16.0),
    "(11)": (1.0, 4.0),
    "(12)": (4.0, 4.0 / 3.0),
    "(13)": (4.0, 4.0),
    "(20)": (12.0, 12.0),
    "lazy": (12.0 / 9.0, 12.0 / 9.0),
}


def network(convention: Convention) -> AxisNetwork:
    """Twenty rows of five inputs in three classes."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(20, 5, generator=random, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[torch.arange(20) % 3]
    return AxisNetwork(Dataset(x, y), COUNT, ALPHA, convention, dtype=torch.float64)


def outputs(x: Tensor, theta: Tensor, u: Tensor) -> Tensor:
    """(alpha / m) sum_j u_j tanh(theta_j . x), written once more."""
    return ALPHA / COUNT * torch.tanh(x @ theta.T) @ u


@pytest.mark.parametrize("name", CONVENTIONS)
def test_learning_rates_are_those_of_the_paper(name: str) -> None:
    """Assert that eta_theta and eta_u of every convention are those computed by hand."""
    assert CONVENTIONS[name].etas(RATE, ALPHA, COUNT) == pytest.approx([RATE * eta for eta in ETAS[name]], rel=1e-12)


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_steps_are_those_of_torch(name: str, momentum: float) -> None:
    """Assert that every convention takes the steps of torch.optim.SGD with eta_theta and eta_u on the same batches."""
    axis = network(CONVENTIONS[name])
    start, flow = axis.start(1), axis.descent(RATE, 2, BATCH)
    theta = start.positions[:, :5].clone().requires_grad_()
    u = start.positions[:, 5:].clone().requires_grad_()
    groups = [{"params": [p], "lr": RATE * eta} for p, eta in zip((theta, u), ETAS[name], strict=True)]
    optimiser = torch.optim.SGD(groups, lr=RATE, momentum=momentum)
    for number in range(STEPS):
        batch = flow.batches.batch(axis.risk.data, number)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(outputs(batch.inputs, theta, u), batch.targets).backward()
        optimiser.step()
    method = HeavyBall(RATE, momentum=momentum) if momentum else Euler(RATE)
    end = evolve(flow, start, method, until=STEPS * RATE)
    expected = torch.cat([theta, u], dim=1).detach()
    assert float((expected - start.positions).abs().min()) > 0.0
    assert_identical(end.positions, expected)


def test_practical_rates_train_the_scaled_output_weights() -> None:
    """Assert that they are torch's steps, of one learning rate, on theta and v = alpha u / m of f = sum_j v_j h_j."""
    axis = network(CONVENTIONS["practical"])
    start, flow = axis.start(1), axis.descent(RATE, 2, BATCH)
    theta = start.positions[:, :5].clone().requires_grad_()
    v = (ALPHA / COUNT * start.positions[:, 5:]).clone().requires_grad_()
    optimiser = torch.optim.SGD([theta, v], lr=RATE)
    for number in range(STEPS):
        batch = flow.batches.batch(axis.risk.data, number)
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(torch.tanh(batch.inputs @ theta.T) @ v, batch.targets)
        loss.backward()
        optimiser.step()
    end = evolve(flow, start, Euler(RATE), until=STEPS * RATE)
    expected = torch.cat([theta, COUNT / ALPHA * v], dim=1).detach()
    assert_identical(end.positions, expected)


def test_start_has_the_law() -> None:
    """Assert that theta and u have their variances, and that a paired start is zero at every input."""
    axis = AxisNetwork(network(CONVENTIONS["lazy"]).data, 40_000, ALPHA, variance=0.25, output_variance=4.0)
    cloud = axis.start(0)
    theta, u = cloud.positions[:, :5], cloud.positions[:, 5:]
    assert cloud.positions.dtype == torch.float32
    for part, variance in ((theta, 0.25), (u, 4.0)):
        error = variance * math.sqrt(2.0 / part.numel())
        assert abs(float(part.double().square().mean()) - variance) < Z * error
    paired = AxisNetwork(axis.data, 100, ALPHA, paired=True, dtype=torch.float64)
    assert float(paired.risk.predictions(paired.start(0)).abs().max()) < 1e-12
    alone = AxisNetwork(axis.data, 100, ALPHA, dtype=torch.float64)
    expected = outputs(axis.data.inputs, *alone.start(0).positions.split([5, 3], dim=1)) * COUNT / 100
    assert_identical(alone.risk.predictions(alone.start(0)), expected)


def test_random_features_keep_theta() -> None:
    """Assert that with the outputs trained alone theta stands still and u moves."""
    axis = AxisNetwork(network(CONVENTIONS["(13)"]).data, COUNT, ALPHA, CONVENTIONS["(13)"], trained="output")
    start = axis.start(0)
    end = evolve(axis.descent(RATE, 0, BATCH), start, Euler(RATE), until=STEPS * RATE)
    assert torch.equal(end.positions[:, :5], start.positions[:, :5])
    assert float((end.positions[:, 5:] - start.positions[:, 5:]).abs().min()) > 0.0
