"""Checkpoints of a run: from each of them every integrator goes on with the bits of the uninterrupted run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from flows import (
    BAOAB,
    BDF,
    Adam,
    Adaptive,
    Box,
    Chebyshev,
    DormandPrince,
    Euler,
    EulerMaruyama,
    Every,
    Exponential,
    Flow,
    GradientFlow,
    HeavyBall,
    KineticCloud,
    LangevinFlow,
    LeimkuhlerMatthews,
    StepBound,
    StepNoise,
    UnderdampedFlow,
    Walled,
    evolve,
    evolve_all,
)
from flows.base import states_of
from flows.loop.checkpoint import CHECKPOINTED, Checkpoint, checkpointed
from particles import Ensemble, ParticleCloud, Trajectory
from tests.long import long
from tests.problems import network_cloud, network_risk

UNTIL = 3.0
CASES: dict[str, tuple[Flow, Any]] = {
    "adaptive": (GradientFlow(network_risk()), Adaptive(1e-5)),
    "bdf": (GradientFlow(network_risk()), BDF(1e-6)),
    "exponential": (GradientFlow(network_risk()), Exponential(1e-5)),
    "chebyshev": (GradientFlow(network_risk()), Chebyshev(1e-5)),
    "dormand-prince": (GradientFlow(network_risk()), DormandPrince(1e-7)),
    "euler": (GradientFlow(network_risk()), Euler(0.25)),
    "euler with a bound": (GradientFlow(network_risk()), Euler(StepBound(0.02))),
    "heavy-ball": (GradientFlow(network_risk()), HeavyBall(0.25, nesterov=True, weight_decay=0.1)),
    "adam": (GradientFlow(network_risk()), Adam(0.25, weight_decay=0.1)),
    "adam, largest squares": (GradientFlow(network_risk()), Adam(0.25, amsgrad=True)),
    "walled heavy-ball": (GradientFlow(network_risk()), Walled(HeavyBall(0.25), Box(-2.5, 2.5))),
    "walled euler-maruyama": (LangevinFlow(network_risk(), 0.1), Walled(EulerMaruyama(0.25), Box(-2.5, 2.5))),
    "euler-maruyama": (LangevinFlow(network_risk(), 0.1), EulerMaruyama(0.25)),
    "leimkuhler-matthews": (LangevinFlow(network_risk(), 0.1), LeimkuhlerMatthews(0.25)),
    "baoab": (UnderdampedFlow(network_risk(), 0.1, 1.0), BAOAB(0.25)),
}


def travelled(path: Path, checkpoint: Checkpoint[Any]) -> Checkpoint[Any]:
    """The checkpoint after its way through a file."""
    with Trajectory.create(path) as writer:
        writer.keep(checkpoint)
    with Trajectory.append(path) as writer:
        kept = writer.kept(CHECKPOINTED)
    assert isinstance(kept, Checkpoint)
    return kept


@pytest.mark.parametrize("name", [long(name) if name == "exponential" else name for name in CASES])
def test_a_run_goes_on_from_a_checkpoint_bit_for_bit(tmp_path: Path, name: str) -> None:
    """Assert that every state handed on after a checkpoint that went through a file is that of the run in one go."""
    flow, integrator = CASES[name]
    whole: list[tuple[int, float, ParticleCloud]] = []
    kept: list[Checkpoint[Any]] = []
    start = network_cloud()

    def seen(step: int, time: float, cloud: ParticleCloud) -> None:
        whole.append((step, time, cloud))

    evolve(flow, start, integrator, until=UNTIL, seed=3, observers=[Every(time=0.2, observer=seen)], keep=kept.append)
    assert len(kept) >= 2 or name == "exponential"
    for number in {0, 1, len(kept) // 2, len(kept) - 1} & set(range(len(kept))):
        checkpoint = travelled(tmp_path / f"{number}.h5", kept[number])
        rest: list[tuple[int, float, ParticleCloud]] = []
        evolve(
            flow,
            start,
            integrator,
            until=UNTIL,
            seed=3,
            observers=[Every(time=0.2, observer=lambda *state, rest=rest: rest.append(state))],
            resume=checkpoint,
        )
        expected = [state for state in whole if state[1] > checkpoint.time]
        assert [state[:2] for state in rest] == [state[:2] for state in expected]
        for (_, _, one), (_, _, two) in zip(rest, expected, strict=True):
            assert torch.equal(one.positions, two.positions) and torch.equal(one.masses, two.masses)


def test_what_checkpoints_are_made_of_is_declared() -> None:
    """Assert that the classes are those that the integrators declare, and that one more integrator adds its own."""

    @dataclass(frozen=True)
    class Before:
        """A state of a user's."""

    @dataclass(frozen=True, init=False)
    class Own(Euler):
        """An integrator of a user's."""

        states: ClassVar[tuple[type, ...]] = (Before,)

    states = {state for case in CASES.values() for state in states_of(type(case[1]))}
    assert set(CHECKPOINTED) == {Checkpoint, ParticleCloud, *states} and len(CHECKPOINTED) == 28
    assert {*checkpointed(Own(0.1))} == {*CHECKPOINTED, Before} and states_of(Euler) == ()
    assert states_of(type(BDF()), BDF) == BDF.states


def test_velocities_are_kept(tmp_path: Path) -> None:
    """Assert that a cloud with velocities comes back with them, in its own class."""
    cloud = KineticCloud(torch.ones(2, 3), velocities=torch.arange(6.0).reshape(2, 3))
    kept = travelled(tmp_path / "a.h5", Checkpoint(1, 0.5, cloud, None))
    assert type(kept.cloud) is KineticCloud and torch.equal(kept.cloud.velocities, cloud.velocities)


def test_the_start_is_kept_after_observers_and_the_end_is_not() -> None:
    """Assert that observers come first, a start is not handed on again from its checkpoint, and none is at the end."""
    calls: list[tuple[str, int]] = []
    kept: list[Checkpoint[Any]] = []

    def keep(checkpoint: Checkpoint[Any]) -> None:
        calls.append(("keep", checkpoint.step))
        kept.append(checkpoint)

    def observe(step: int, time: float, cloud: ParticleCloud) -> None:
        calls.append(("observe", step))

    flow = GradientFlow(network_risk())
    evolve(flow, network_cloud(), Euler(0.5), until=1.0, observers=[observe], keep=keep)
    assert calls == [("observe", 0), ("keep", 0), ("observe", 1), ("keep", 1), ("observe", 2)]
    calls.clear()
    evolve(flow, network_cloud(), Euler(0.5), until=1.0, observers=[observe], keep=keep, resume=kept[0])
    assert calls == [("observe", 1), ("keep", 1), ("observe", 2)]


def test_a_run_goes_on_in_the_version_of_its_noise() -> None:
    """Assert that a run kept before noise had versions goes on in version 1 and says so of what it keeps."""
    flow, integrator = CASES["euler-maruyama"]
    begun, kept = Checkpoint(0, 0.0, network_cloud(), None), list[Checkpoint[Any]]()
    end = evolve(flow, network_cloud(), integrator, until=1.0, seed=3, resume=begun, keep=kept.append)
    cloud, time = network_cloud(), 0.0
    for step in range(4):
        taken = integrator.step(flow, cloud, None, time, 1.0, StepNoise(3, step, version=1))
        cloud, time = taken.cloud, taken.time
    assert torch.equal(end.positions, cloud.positions)
    assert [checkpoint.noise for checkpoint in kept] == [1, 1, 1]
    assert not torch.equal(end.positions, evolve(flow, network_cloud(), integrator, until=1.0, seed=3).positions)


def test_members_go_on_in_the_versions_of_their_noise() -> None:
    """Assert that members side by side keep the version that each has, and that a fresh one has that of today."""
    flow, integrator = CASES["euler-maruyama"]
    starts, kept = [network_cloud(), network_cloud()], (list[Checkpoint[Any]](), list[Checkpoint[Any]]())
    keep = [one.append for one in kept]
    begun = [Checkpoint(0, 0.0, starts[0], None), None]
    ends = evolve_all(flow, Ensemble.of(starts), integrator, until=1.0, seeds=[3, 3], keep=keep, resume=begun)
    assert [{checkpoint.noise for checkpoint in one} for one in kept] == [{1}, {2}]
    assert not torch.equal(ends[0].positions, ends[1].positions)
