"""Descent by moments: torch.optim.Adam and AdamW step by step, and the flow that small steps follow."""

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from flows import Adam, Draws, GradientFlow, MinibatchFlow, evolve
from tests.flows.problems.torch_training import Made, risk, start, trained_by_torch
from tests.problems import Decay, small_cloud
from tests.tolerances import ORDER, relative_error

STEPS, RATE = 200, 0.01
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "weight decay": {"weight_decay": 0.1},
    "decoupled": {"weight_decay": 0.1, "decoupled": True},
    "largest squares": {"amsgrad": True, "betas": (0.9, 0.8)},
    "decoupled, largest squares": {"weight_decay": 0.3, "decoupled": True, "amsgrad": True, "betas": (0.5, 0.7)},
    "other averages": {"betas": (0.5, 0.9), "eps": 1e-3},
    "no mean": {"betas": (0.0, 0.99)},
}


def peer(given: dict[str, Any], rate: float = RATE) -> Made:
    """The optimiser of torch with the same settings."""
    held = {name: value for name, value in given.items() if name != "decoupled"}
    kind = torch.optim.AdamW if given.get("decoupled") else torch.optim.Adam
    return lambda weights: kind(weights, lr=rate, **{"weight_decay": 0.0, **held})


@cache
def end(name: str) -> Tensor:
    """Where two hundred steps with these settings lead."""
    return evolve(GradientFlow(risk()), start(), Adam(RATE, **SETTINGS[name]), until=STEPS * RATE).positions


@pytest.mark.parametrize("name", SETTINGS)
def test_two_hundred_steps_are_those_of_torch(name: str) -> None:
    """Assert that positions are those of torch.optim with autograd to 1e-12, which other settings' are not."""
    given = SETTINGS[name]
    expected = trained_by_torch(start(), peer(given), [risk().data] * STEPS)
    assert relative_error(end(name), expected) < 1e-12
    assert all(relative_error(end(other), expected) > 1e-6 for other in SETTINGS if other != name)


@pytest.mark.parametrize("decoupled", [False, True])
def test_batches_and_frozen_weights_are_those_of_torch(decoupled: bool) -> None:
    """Assert that so they are over batches drawn with replacement, with output weights that neither learn nor decay."""
    only, batches = risk("hidden"), Draws(5, seed=3)
    given = {"weight_decay": 0.2, "decoupled": decoupled}
    reached = evolve(MinibatchFlow(only, batches, RATE), start(), Adam(RATE, **given), until=STEPS * RATE).positions
    seen = [batches.batch(only.data, number) for number in range(STEPS)]
    assert relative_error(reached, trained_by_torch(start(), peer(given), seen, only_hidden=True)) < 1e-12
    assert torch.equal(reached[:, 3:], start().positions[:, 3:])


def test_small_steps_follow_the_sign_of_the_velocity() -> None:
    """Assert that at order 1 every coordinate moves with speed one towards zero, whatever it is and its velocity."""
    errors, begin = [], small_cloud().positions.sign() * (1.0 + small_cloud().positions.abs())
    for count in (1000, 2000):
        reached = evolve(Decay(), small_cloud().moved(begin), Adam(0.5 / count, (0.5, 0.6)), until=0.5).positions
        errors.append(relative_error(reached, begin - 0.5 * begin.sign()))
    assert errors[1] < 1e-3 and abs(math.log2(errors[0] / errors[1]) - 1.0) < ORDER
    assert Adam(0.1).order == 0.0


def test_a_last_step_that_does_not_fit_has_the_rate_that_is_left() -> None:
    """Assert that two and a half steps are two whole ones and one of torch's with half the learning rate."""
    reached = evolve(GradientFlow(risk()), start(), Adam(RATE), until=2.5 * RATE).positions
    halved = lambda optimiser: torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 0.5 if n == 2 else 1.0)
    assert relative_error(reached, trained_by_torch(start(), peer({}), [risk().data] * 3, scheduled=halved)) < 1e-14


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"betas": (0.9, 1.0)}, "A beta is 1.0, but a number from 0 to below 1 is needed"),
        ({"betas": (-0.1, 0.9)}, "A beta is -0.1, but a finite non-negative number is needed"),
        ({"eps": 0.0}, "eps is 0.0, but a positive finite number is needed"),
        ({"weight_decay": math.inf}, "The weight decay is inf, but a finite non-negative number is needed"),
    ],
)
def test_impossible_settings_are_refused(given: dict[str, Any], said: str) -> None:
    """Assert that each is refused in a sentence."""
    with pytest.raises(ValueError, match=said):
        Adam(0.1, **given)
