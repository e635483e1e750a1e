"""Rates as functions of time: those of torch.optim.lr_scheduler at the steps, and what they are beyond."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from flows import Adam, CosineDecay, ExponentialDecay, GradientFlow, HeavyBall, StepDecay, Warmup, evolve
from flows.rates import rate_at
from tests.flows.problems.torch_training import risk, start, trained_by_torch
from tests.tolerances import relative_error

STEP, STEPS = 0.1, 60
TORCH = torch.optim.lr_scheduler

#: A rate, and torch's schedule that has it where steps of 0.1 begin.
RATES: dict[str, tuple[Callable[[float], float], Callable[[Any], Any]]] = {
    "steps": (StepDecay(0.7, 0.5), lambda o: TORCH.StepLR(o, 7, gamma=0.5)),
    "exponential": (ExponentialDecay(0.1, 0.97), lambda o: TORCH.ExponentialLR(o, gamma=0.97)),
    "slower exponential": (ExponentialDecay(1.0, 0.8), lambda o: TORCH.ExponentialLR(o, gamma=0.8**0.1)),
    "cosine": (CosineDecay(6.0), lambda o: TORCH.CosineAnnealingLR(o, T_max=60)),
    "warm": (Warmup(1.3, 0.25), lambda o: TORCH.LinearLR(o, start_factor=0.25, total_iters=13)),
    "warm, then cosine": (
        Warmup(1.0, 0.2, CosineDecay(5.0)),
        lambda o: TORCH.SequentialLR(
            o, [TORCH.LinearLR(o, start_factor=0.2, total_iters=10), TORCH.CosineAnnealingLR(o, T_max=50)], [10]
        ),
    ),
    "function": (lambda time: 1.0 / (1.0 + time), lambda o: TORCH.LambdaLR(o, lambda n: 1.0 / (1.0 + 0.1 * n))),
}


@pytest.mark.parametrize("name", RATES)
@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
def test_rates_are_those_of_torch_where_steps_begin(name: str) -> None:
    """Assert that step n, at time n h, has the learning rate that torch's scheduler gives it."""
    rate, scheduled = RATES[name]
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = scheduled(optimiser)
    for number in range(STEPS):
        assert rate_at(rate, number * STEP) == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-12, abs=1e-15)
        optimiser.step()
        schedule.step()


@pytest.mark.parametrize("name", ["warm, then cosine", "steps"])
@pytest.mark.parametrize("kind", ["heavy ball", "adam"])
@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
def test_runs_with_a_schedule_are_those_of_torch(name: str, kind: str) -> None:
    """Assert that positions after sixty steps are those of the optimiser with that scheduler to 1e-12."""
    rate, scheduled = RATES[name]
    ours = HeavyBall(STEP, schedule=rate) if kind == "heavy ball" else Adam(STEP, weight_decay=0.1, schedule=rate)
    end = evolve(GradientFlow(risk()), start(), ours, until=STEPS * STEP).positions

    def made(weights: Any) -> torch.optim.Optimizer:
        if kind == "heavy ball":
            return torch.optim.SGD(weights, lr=STEP, momentum=0.9)
        return torch.optim.Adam(weights, lr=STEP, weight_decay=0.1)

    expected = trained_by_torch(start(), made, [risk().data] * STEPS, scheduled=scheduled)
    assert relative_error(end, expected) < 1e-12
    steady = trained_by_torch(start(), made, [risk().data] * STEPS)
    assert relative_error(end, steady) > 1e-3


def test_rates_beyond_their_ends() -> None:
    """Assert that a cosine stays at its least, a warm-up at one, and steps change where rounding of k h says."""
    assert CosineDecay(2.0, 0.1)(0.0) == 1.0 and CosineDecay(2.0, 0.1)(5.0) == pytest.approx(0.1)
    assert CosineDecay(2.0, 0.2)(1.0) == pytest.approx(0.6)
    assert Warmup(0.5)(0.0) == 0.0 and Warmup(0.5)(9.0) == 1.0 and Warmup(0.1 * 3)(0.3) == 1.0
    assert [StepDecay(0.1, 0.5)(number * 0.1) for number in range(1000)] == [0.5**number for number in range(1000)]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: StepDecay(0.0, 0.5), "The time between factors of StepDecay is 0.0, but a positive finite number"),
        (lambda: ExponentialDecay(1.0, -0.5), "The factor of ExponentialDecay is -0.5, but a positive finite number"),
        (lambda: CosineDecay(-1.0), "The end of CosineDecay is -1.0"),
        (lambda: CosineDecay(1.0, -0.1), "The least rate is -0.1, but a finite non-negative number"),
        (lambda: Warmup(0.0), "The time of Warmup is 0.0"),
        (lambda: Warmup(1.0, -1.0), "The first rate is -1.0"),
        (lambda: rate_at(lambda time: 1.0 - time, 2.0), "The rate at time 2.0 is -1.0, but a finite non-negative"),
    ],
)
def test_impossible_rates_are_refused(make: Callable[[], Any], said: str) -> None:
    """Assert that each is refused in a sentence."""
    with pytest.raises(ValueError, match=said):
        make()


def test_a_negative_rate_ends_the_run_with_a_sentence() -> None:
    """Assert that a function that falls below zero is refused where it does."""
    with pytest.raises(ValueError, match=r"The rate at time 0\.2.* is -.*, but a finite non-negative number"):
        evolve(GradientFlow(risk()), start(), Adam(0.1, schedule=lambda time: 0.15 - time), until=1.0)
