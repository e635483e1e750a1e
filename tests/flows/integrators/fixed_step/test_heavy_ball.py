"""Gradient descent with momentum: torch.optim.SGD step by step, and the flow that small steps follow."""

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from flows import Epochs, Euler, GradientFlow, HeavyBall, MinibatchFlow, evolve
from tests.flows.problems.torch_training import risk, start, trained_by_torch
from tests.problems import Decay, network_cloud, network_risk, small_cloud
from tests.tolerances import ORDER, relative_error

STEPS, RATE = 200, 0.25
SETTINGS: dict[str, dict[str, Any]] = {
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "dampening": {"momentum": 0.8, "dampening": 0.3},
    "weight decay": {"momentum": 0.9, "weight_decay": 0.02},
    "nesterov with weight decay": {"momentum": 0.7, "nesterov": True, "weight_decay": 0.02},
    "no momentum": {"momentum": 0.0, "dampening": 0.5, "weight_decay": 0.02},
}


@cache
def end(name: str) -> Tensor:
    """Where two hundred steps with these settings lead."""
    return evolve(GradientFlow(risk()), start(), HeavyBall(RATE, **SETTINGS[name]), until=STEPS * RATE).positions


@pytest.mark.parametrize("name", SETTINGS)
def test_two_hundred_steps_are_those_of_torch(name: str) -> None:
    """Assert that positions are those of torch.optim with autograd to 1e-12, which other settings' are not."""
    given = SETTINGS[name]
    expected = trained_by_torch(start(), lambda w: torch.optim.SGD(w, lr=RATE, **given), [risk().data] * STEPS)
    assert relative_error(end(name), expected) < 1e-12
    assert all(relative_error(end(other), expected) > 1e-6 for other in SETTINGS if other != name)


def test_batches_and_frozen_weights_are_those_of_torch() -> None:
    """Assert that so they are over the batches of epochs, with output weights that neither learn nor decay."""
    only, batches = risk("hidden"), Epochs(5, seed=3)
    given = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05}
    flow = MinibatchFlow(only, batches, RATE)
    reached = evolve(flow, start(), HeavyBall(RATE, **given), until=STEPS * RATE).positions
    seen = [batches.batch(only.data, number) for number in range(STEPS)]
    peer = trained_by_torch(start(), lambda w: torch.optim.SGD(w, lr=RATE, **given), seen, only_hidden=True)
    assert relative_error(reached, peer) < 1e-12
    assert torch.equal(reached[:, 3:], start().positions[:, 3:])


@pytest.mark.parametrize(("nesterov", "dampening"), [(False, 0.0), (True, 0.0), (False, 0.5)])
def test_small_steps_follow_a_faster_flow(nesterov: bool, dampening: float) -> None:
    """Assert that with momentum mu the cloud is at order 1 where the flow is (1 - dampening) / (1 - mu) times later."""
    errors = []
    for count in (400, 800):
        scheme = HeavyBall(1.0 / count, 0.75, nesterov, dampening)
        reached = evolve(Decay(), small_cloud(), scheme, until=1.0).positions
        errors.append(relative_error(reached, math.exp(-(1.0 - dampening) / 0.25) * small_cloud().positions))
    assert abs(math.log2(errors[0] / errors[1]) - 1.0) < ORDER
    assert scheme.order == 0.0 and HeavyBall(0.1, 0.5, dampening=0.5).order == HeavyBall(0.1, 0.0).order == 1.0
    assert HeavyBall(0.1, 0.0, weight_decay=0.1).order == HeavyBall(0.1, 0.0, schedule=lambda time: 1.0).order == 0.0


def test_without_momentum_it_is_euler() -> None:
    """Assert that it has the bits of Euler's run, the shortened last step included."""
    flow = GradientFlow(network_risk())
    ends = [evolve(flow, network_cloud(), one, until=1.05).positions for one in (HeavyBall(0.1, 0.0), Euler(0.1))]
    assert torch.equal(*ends)


def test_a_last_step_that_does_not_fit_has_the_rate_that_is_left() -> None:
    """Assert that two and a half steps are two whole ones and one of torch's with half the learning rate."""
    reached = evolve(GradientFlow(risk()), start(), HeavyBall(RATE), until=2.5 * RATE).positions
    halved = lambda optimiser: torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 0.5 if n == 2 else 1.0)
    made = lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.9)
    assert relative_error(reached, trained_by_torch(start(), made, [risk().data] * 3, scheduled=halved)) < 1e-14


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"momentum": 1.0}, "The momentum is 1.0, but a number from 0 to below 1 is needed"),
        ({"momentum": -0.1}, "The momentum is -0.1, but a finite non-negative number is needed"),
        ({"dampening": 1.5}, "The dampening is 1.5, but a number from 0 to below 1"),
        ({"momentum": 0.0, "nesterov": True}, "nesterov needs a momentum and no dampening, but momentum is 0.0 and"),
        ({"dampening": 0.1, "nesterov": True}, "but momentum is 0.9 and dampening 0.1; leave nesterov out"),
        ({"weight_decay": -1.0}, "The weight decay is -1.0, but a finite non-negative number is needed"),
    ],
)
def test_impossible_settings_are_refused(given: dict[str, Any], said: str) -> None:
    """Assert that each is refused in a sentence."""
    with pytest.raises(ValueError, match=said):
        HeavyBall(0.1, **given)
