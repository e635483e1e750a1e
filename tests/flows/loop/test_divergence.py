"""The watch over a run: what it raises is the same whether the host looks at every step or seldom."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

from flows import Advance, Euler, Every, Flow, Part, StepNoise, evolve
from flows.loop.checkpoint import Checkpoint
from flows.loop.divergence import MOST_PENDING, Watch
from particles import FlowDiverged, ParticleCloud
from particles.shapes import Velocity
from tests.problems import Still, small_cloud

BREAKS = 0.25


@dataclass(frozen=True)
class Breaking:
    """Two of the five particles are infinite or NaN from the step after BREAKS, which is step 4 of length 0.1."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Zero, then not finite."""
        velocity = torch.zeros_like(cloud.positions)
        if time > BREAKS:
            velocity[1], velocity[3, 1] = math.inf, math.nan
        return velocity


@dataclass(frozen=True)
class Fragile:
    """An integrator that fails on a cloud that is not finite, as one that solves an equation does."""

    order: ClassVar[float] = 1.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> None:
        """Nothing."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """A step of Euler."""
        if not torch.isfinite(cloud.positions).all():
            raise ZeroDivisionError("no solution")
        return Advance(time + 0.1, cloud.moved(cloud.positions + 0.1 * flow.velocity(cloud, time)), None)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Treats the CPU like a device that runs ahead; holds how many steps each look at its numbers was for."""
    seen: list[int] = []

    def read(numbers: list[torch.Tensor]) -> list[int]:
        seen.append(len(numbers))
        return [int(number) for number in numbers]

    monkeypatch.setattr("flows.loop.divergence.DEFERRED_ON", ("cpu",))
    monkeypatch.setattr("flows.loop.divergence._read", read)
    return seen


def diverged(run: Callable[[], object]) -> tuple[int, float, int, int]:
    """Step, time, broken particles and particles of the FlowDiverged that a run raises."""
    with pytest.raises(FlowDiverged, match="take a smaller step or a stable integrator") as caught:
        run()
    error = caught.value
    return error.step, round(error.time, 9), error.particles, error.count


def test_first_broken_step_is_told_however_late(looks: list[int]) -> None:
    """Assert that step, time and number are those of the first broken cloud, six steps before the end of the run."""
    told = diverged(lambda: evolve(Breaking(), small_cloud(), Euler(0.1), until=1.0))
    assert told == (4, 0.4, 2, 5)
    assert looks == [10]


def test_nobody_sees_or_keeps_a_broken_cloud(looks: list[int]) -> None:
    """Assert that the host looks before an observer or a checkpoint is given a cloud, and that both stop in time."""
    seen: list[int] = []
    kept: list[int] = []

    def observer(step: int, time: float, cloud: ParticleCloud, /) -> None:
        seen.append(step)

    def keep(checkpoint: Checkpoint[object]) -> None:
        kept.append(checkpoint.step)

    thinned = Every(3, observer)
    assert diverged(lambda: evolve(Breaking(), small_cloud(), Euler(0.1), until=1.0, observers=[thinned]))[0] == 4
    assert seen == [0, 3]
    assert looks == [3, 3]
    assert diverged(lambda: evolve(Breaking(), small_cloud(), Euler(0.1), until=1.0, keep=keep))[0] == 4
    assert kept == [0, 1, 2, 3]


def test_sound_run_is_looked_at_seldom(looks: list[int]) -> None:
    """Assert that the host looks after so many steps and at the end, not in between."""
    evolve(Still(), small_cloud(), Euler(0.25), until=0.25 * (2 * MOST_PENDING + 7))
    assert looks == [MOST_PENDING, MOST_PENDING, 7]


def test_divergence_is_told_rather_than_what_follows_from_it(looks: list[int]) -> None:
    """Assert that an integrator's failure on a broken cloud does not hide the divergence."""
    assert diverged(lambda: evolve(Breaking(), small_cloud(), Fragile(), until=1.0))[:2] == (4, 0.4)


def test_cpu_is_looked_at_at_once() -> None:
    """Assert that a CPU waits for nothing, and that a finite cloud whose sum is not finite passes."""
    watch, cloud = Watch(), small_cloud()
    watch.see(1, 0.1, cloud.moved(torch.full_like(cloud.positions, 1e308)))
    broken = cloud.positions.clone()
    broken[2, 0] = math.nan
    assert diverged(lambda: watch.see(2, 0.2, cloud.moved(broken))) == (2, 0.2, 1, 5)


def test_watch_is_silent_after_it_spoke(looks: list[int]) -> None:
    """Assert that what was told is not told again."""
    watch, cloud = Watch(), small_cloud()
    watch.see(1, 0.1, cloud.moved(torch.full_like(cloud.positions, math.inf)))
    assert diverged(watch.settle) == (1, 0.1, 5, 5)
    watch.settle()
    assert looks == [1]
