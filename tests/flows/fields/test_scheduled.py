"""A flow whose pace changes with time: the path of the flow at another time, batches, and what is refused."""

import pytest
import torch

from flows import (
    RK4,
    Adam,
    BirthDeathFlow,
    CosineDecay,
    Draws,
    Euler,
    ExponentialDecay,
    Flow,
    GradientFlow,
    LangevinFlow,
    MinibatchFlow,
    Scheduled,
    StepDecay,
    UnderdampedFlow,
    evolve,
)
from particles import FlowRefused
from tests.flows.problems.torch_training import risk, start, trained_by_torch
from tests.problems import Decay, network_cloud, network_risk
from tests.tolerances import relative_error


def test_the_path_is_that_of_the_flow_at_another_time() -> None:
    """Assert that with rate cos^2 the cloud is at the end where the flow is at the integral of the rate, to 1e-8."""
    flow, rate = GradientFlow(network_risk()), CosineDecay(2.0, 0.2)
    end = evolve(Scheduled(flow, rate), network_cloud(), RK4(0.01), until=2.0).positions
    assert relative_error(end, evolve(flow, network_cloud(), RK4(0.01), until=1.2).positions) < 1e-8


def test_euler_is_descent_with_a_schedule() -> None:
    """Assert that Euler on it is torch.optim.SGD with the scheduler, over batches too."""
    batches, rate = Draws(4, seed=1), StepDecay(1.0, 0.5)
    flow = Scheduled(MinibatchFlow(risk(), batches, 0.1), rate)
    end = evolve(flow, start(), Euler(0.1), until=5.0).positions
    seen = [batches.batch(risk().data, number) for number in range(50)]
    made = lambda weights: torch.optim.SGD(weights, lr=0.1)
    scheduled = lambda optimiser: torch.optim.lr_scheduler.StepLR(optimiser, 10, gamma=0.5)
    assert relative_error(end, trained_by_torch(start(), made, seen, scheduled=scheduled)) < 1e-12


def test_batches_are_still_checked() -> None:
    """Assert that a step across two batches is refused, and that a flow without batches has no pieces."""
    flow = Scheduled(MinibatchFlow(network_risk(), Draws(3), 0.1), CosineDecay(1.0))
    with pytest.raises(FlowRefused, match="Scheduled goes over to its next batch at every multiple of 0.1"):
        evolve(flow, network_cloud(), Euler(0.15), until=1.0)
    assert flow.piece == 0.1 and Scheduled(Decay(), CosineDecay(1.0)).piece is None


def test_weight_decay_reads_the_risk_through_it() -> None:
    """Assert that frozen coordinates stay under an optimiser with weight decay, in two of them around each other."""
    flow = GradientFlow(network_risk(trained="hidden"))
    twice = Scheduled(Scheduled(flow, ExponentialDecay(1.0, 0.5)), ExponentialDecay(1.0, 2.0))
    end = evolve(twice, network_cloud(), Adam(0.1, weight_decay=0.5), until=1.0).positions
    assert torch.equal(end[:, 3:], network_cloud().positions[:, 3:])
    assert not torch.equal(end[:, :3], network_cloud().positions[:, :3])


@pytest.mark.parametrize(
    ("flow", "more"),
    [
        (LangevinFlow(network_risk(), 0.1), "noise"),
        (UnderdampedFlow(network_risk(), 0.1, 1.0), "inertia"),
        (BirthDeathFlow(network_risk()), "growth"),
    ],
)
def test_flows_with_more_than_velocities_are_refused(flow: Flow, more: str) -> None:
    """Assert that noise, inertia and growth are turned down when it is made."""
    name = type(flow).__name__
    with pytest.raises(FlowRefused, match=f"Scheduled multiplies velocities, but {name} also has {more}; give it"):
        Scheduled(flow, CosineDecay(1.0))
