"""Runs continued with their time alone meet no noise twice, and no step is in two batches at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch

from flows import (
    BAOAB,
    RK4,
    Adaptive,
    Advance,
    Chebyshev,
    DormandPrince,
    Draws,
    Euler,
    EulerMaruyama,
    Flow,
    GradientFlow,
    GrowthSplitting,
    Heun,
    Integrator,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    MinibatchFlow,
    Part,
    StepBound,
    StepNoise,
    UnderdampedFlow,
    evolve,
)
from particles import FlowRefused, ParticleCloud
from tests.problems import ShakenAttraction, Still, network_cloud, network_risk, small_cloud
from tests.tolerances import assert_identical

NOISY: dict[str, tuple[Callable[[float], Integrator[Any]], Flow]] = {
    "EulerMaruyama": (EulerMaruyama, LangevinFlow(network_risk(), 0.5)),
    "LeimkuhlerMatthews": (LeimkuhlerMatthews, LangevinFlow(network_risk(), 0.5)),
    "LinearSplitting": (LinearSplitting, LangevinFlow(network_risk(), 0.5, 0.3)),
    "GrowthSplitting": (lambda step: GrowthSplitting(EulerMaruyama(step)), LangevinFlow(network_risk(), 0.5)),
    "BAOAB": (BAOAB, UnderdampedFlow(network_risk(), 0.5, friction=1.0)),
}


@dataclass(frozen=True)
class Ungridded:
    """An integrator of a user's that does not tell the grid of its steps."""

    scheme: EulerMaruyama
    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT, Part.NOISE})

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> None:
        """Nothing."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """The scheme's."""
        return self.scheme.step(flow, cloud, state, time, until, noise)


@pytest.mark.parametrize("name", NOISY)
@pytest.mark.parametrize("step", [0.1, 1.0 / 3.0])
def test_a_run_continued_by_its_time_meets_the_noise_of_one_run(name: str, step: float) -> None:
    """Assert that pieces of one, two and four steps, each begun with its time alone, end at the bits of one run."""
    make, flow = NOISY[name]
    whole, cloud = evolve(flow, network_cloud(), make(step), until=7 * step, seed=5), network_cloud()
    for first, last in ((0, 1), (1, 3), (3, 7)):
        cloud = evolve(flow, cloud, make(step), until=last * step, time=first * step, seed=5)
    assert torch.equal(cloud.positions, whole.positions)


def test_steps_are_counted_on_the_grid_where_there_is_noise() -> None:
    """Assert that observers see the number that the noise goes by, and a run without noise begins with step 0."""
    steps: list[int] = []
    see = [lambda step, time, cloud: steps.append(step)]
    evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=0.9, time=0.7, observers=see)
    evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=0.9, time=0.7, index=0, observers=see)
    evolve(Still(), small_cloud(), EulerMaruyama(0.1), until=0.9, time=0.75, observers=see)
    assert steps == [7, 8, 9, 0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("integrator", "time", "why"),
    [
        (EulerMaruyama(0.1), 0.75, "EulerMaruyama counts its steps of 0.1 from 0"),
        (EulerMaruyama(0.1), -0.5, "EulerMaruyama counts its steps of 0.1 from 0"),
        (EulerMaruyama(StepBound(0.5)), 0.5, "EulerMaruyama has no step that is known before the run"),
        (Ungridded(EulerMaruyama(0.1)), 0.5, "Ungridded has no step that is known before the run"),
    ],
    ids=["off the grid", "negative", "rule", "unknown"],
)
def test_noise_from_a_time_of_unknown_step_is_refused(integrator: Integrator[Any], time: float, why: str) -> None:
    """Assert that a time off the grid, before zero or without a grid asks for the index, with which it is taken."""
    flow = LangevinFlow(network_risk(), 0.5)
    with pytest.raises(ValueError, match=f"The noise of LangevinFlow .* at time {time}: {why}; give .* as index="):
        evolve(flow, network_cloud(), integrator, until=1.0, time=time)
    assert evolve(flow, network_cloud(), integrator, until=1.0, time=time, index=8).count == 6


def piecewise_descent(flow: MinibatchFlow, cloud: ParticleCloud, parts: int, batches: int) -> ParticleCloud:
    """`parts` steps of Euler with each of the first batches, written out."""
    for number in range(batches):
        risk = flow.risk.on(flow.batches.batch(flow.risk.data, number))
        for _ in range(parts):
            cloud = cloud.moved(cloud.positions + flow.step / parts * risk.velocity(cloud))
    return cloud


@pytest.mark.parametrize("make", [Euler, EulerMaruyama, LeimkuhlerMatthews, lambda step: GrowthSplitting(Euler(step))])
@pytest.mark.parametrize("parts", [1, 3, 7])
def test_steps_that_divide_a_batch_see_it_alone(make: Callable[[float], Integrator[Any]], parts: int) -> None:
    """Assert that one, three and seven steps a batch are those of the batch, for schemes of one velocity a step."""
    flow, start = MinibatchFlow(network_risk(), Draws(3, seed=4), 0.1), network_cloud()
    end = evolve(flow, start, make(0.1 / parts), until=1.1)
    assert_identical(end.positions, piecewise_descent(flow, start, parts, 11).positions)


def test_batches_change_at_the_right_step_for_long() -> None:
    """Assert that with seven steps a batch step k is in batch k // 7, to a hundred thousand steps."""
    flow, step = MinibatchFlow(network_risk(), Draws(3), 0.1), 0.1 / 7
    assert all(flow.number(count * step) == count // 7 for count in range(100_000))


@pytest.mark.parametrize(
    ("integrator", "why"),
    [
        *((Euler(step), f"Euler with steps of {step} does not meet") for step in (0.15, 0.2, 0.07, 0.0999999, 0.05001)),
        (EulerMaruyama(0.3), "EulerMaruyama with steps of 0.3 does not meet"),
        (GrowthSplitting(Euler(0.15)), "GrowthSplitting with steps of 0.15 does not meet"),
        (Euler(StepBound(0.5)), "the step of Euler is not known"),
        (Euler(), "the step of Euler is not known"),
        *(
            (method, f"{type(method).__name__} asks for velocities inside a step and at its end")
            for method in (
                *(Heun(0.1), RK4(0.1), RK4(0.05), LinearSplitting(0.1), GrowthSplitting(RK4(0.1))),
                *(DormandPrince(), Chebyshev(), Adaptive()),
            )
        ),
    ],
    ids=repr,
)
def test_steps_in_two_batches_are_refused(integrator: Integrator[Any], why: str) -> None:
    """Assert that steps across a border and schemes with inner stages are refused, with what to take instead."""
    flow, start = MinibatchFlow(network_risk(), Draws(3), 0.1), network_cloud()
    with pytest.raises(FlowRefused, match=f"at every multiple of 0.1, .*{why}.*; take Euler\\(0.1\\), or Euler"):
        evolve(flow, start, integrator, until=1.0)


def test_the_step_of_the_call_counts() -> None:
    """Assert that a step given to `evolve` is held against the batches too."""
    flow = MinibatchFlow(network_risk(), Draws(3), 0.1)
    with pytest.raises(FlowRefused, match="Euler with steps of 0.15 does not meet"):
        evolve(flow, network_cloud(), Euler(), step=0.15, until=1.0)
    assert evolve(flow, network_cloud(), Euler(), step=0.05, until=1.0).count == 6


@pytest.mark.parametrize("make", [LangevinFlow, lambda risk, heat: UnderdampedFlow(risk, heat, friction=1.0)])
def test_noise_around_mini_batches_is_refused(make: Callable[..., Flow], without_shape_checks: None) -> None:
    """Assert that a noisy flow of a flow is refused when it is made, not in the loop."""
    with pytest.raises(
        TypeError,
        match=r"Flow was given a MinibatchFlow as risk, but a Risk is needed; write risk\.risk, and where a flow takes "
        r"them batches=Minibatches\(risk\.batches, risk\.step\)",
    ):
        make(MinibatchFlow(network_risk(), Draws(3), 0.1), 0.5)


@pytest.mark.parametrize(
    "integrator",
    [
        Euler(2.2e-308),
        RK4(1e-12),
        EulerMaruyama(1e-12),
        BAOAB(1e-12),
        LinearSplitting(1e-12),
        GrowthSplitting(Euler(1e-12)),
    ],
    ids=repr,
)
def test_steps_that_never_end_are_refused(integrator: Integrator[Any]) -> None:
    """Assert that a run of more steps than any machine takes is refused at the door, whatever kind of step is given."""
    flow = UnderdampedFlow(network_risk(), 0.5, 1.0) if isinstance(integrator, BAOAB) else GradientFlow(network_risk())
    with pytest.raises(ValueError, match=r"would take more than 1e\+10 of them from time 0.0 until 1.0; give a longer"):
        evolve(flow, network_cloud(), integrator, until=1.0)


def test_a_rule_for_steps_that_never_end_is_refused() -> None:
    """Assert that the step that a rule finds is counted too."""
    with pytest.raises(ValueError, match="Euler with steps of .* would take more than"):
        evolve(GradientFlow(network_risk()), network_cloud(), Euler(StepBound(0.5)), until=1e14)
