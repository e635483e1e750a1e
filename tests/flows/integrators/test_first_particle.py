"""The number of the first particle in the noise: parts of a cloud follow the Brownian paths they have in the whole.

All flows here treat their particles one by one, so the parts of a cloud, put together, are the whole to the bit.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from flows import (
    BAOAB,
    Box,
    EulerMaruyama,
    Flow,
    GrowthSplitting,
    Integrator,
    KineticCloud,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    UnderdampedFlow,
    Walled,
    evolve,
    evolve_all,
)
from flows.loop.checkpoint import CHECKPOINTED, Checkpoint
from particles import Ensemble, ParticleCloud, Trajectory
from particles.shapes import PerParticle, Velocity
from tests.problems import Decay, network_cloud, network_risk, numbers

UNTIL = 0.75


@dataclass(frozen=True)
class Wells(Decay):
    """Every particle for itself: it decays and is shaken, the more the farther out it is."""

    def diffusion(self, cloud: ParticleCloud, time: float) -> Velocity:
        """0.5 + |theta| in every coordinate."""
        return 0.5 + cloud.positions.abs()


@dataclass(frozen=True)
class Relaxing(Wells):
    """The same where the linear part is known."""

    def decay(self, cloud: ParticleCloud, time: float) -> Velocity:
        """One."""
        return torch.ones_like(cloud.positions)

    def force(self, cloud: ParticleCloud, time: float) -> Velocity:
        """None."""
        return torch.zeros_like(cloud.positions)


@dataclass(frozen=True)
class Settled(Wells):
    """The same with masses that could grow but do not."""

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """Zero."""
        return torch.zeros_like(cloud.masses)


@dataclass(frozen=True)
class Swinging:
    """Every particle an oscillator of its own."""

    friction: float = 1.5

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """What the integrator does by itself."""
        raise NotImplementedError

    def acceleration(self, cloud: ParticleCloud, time: float) -> Velocity:
        """-theta."""
        return -cloud.positions

    def agitation(self, cloud: ParticleCloud, time: float) -> Velocity:
        """One half everywhere."""
        return torch.full_like(cloud.positions, 0.5)


CASES: dict[str, tuple[Flow, Integrator[Any]]] = {
    "Euler-Maruyama": (Wells(), EulerMaruyama(0.25)),
    "Leimkuhler-Matthews": (Wells(), LeimkuhlerMatthews(0.25)),
    "linear splitting": (Relaxing(), LinearSplitting(0.25)),
    "BAOAB": (Swinging(), BAOAB(0.25)),
    "box": (Wells(), Walled(EulerMaruyama(0.25), Box(-3.0, 3.0))),
    "linear splitting in a box": (Relaxing(), Walled(LinearSplitting(0.25), Box(-3.0, 3.0))),
    "growth": (Settled(), GrowthSplitting(EulerMaruyama(0.25))),
    "growth in a box": (Settled(), GrowthSplitting(Walled(EulerMaruyama(0.25), Box(-3.0, 3.0)))),
}


def start() -> ParticleCloud:
    """Ten particles in three dimensions, all in the box."""
    return ParticleCloud(numbers(5, 10, 3).clamp(-2.9, 2.9))


def part(cloud: ParticleCloud, begin: int, end: int) -> ParticleCloud:
    """Some of the particles, of equal masses."""
    return ParticleCloud(cloud.positions[begin:end])


@pytest.mark.parametrize("split", [1, 3])
@pytest.mark.parametrize("name", CASES)
def test_parts_are_the_whole_bit_for_bit(name: str, split: int) -> None:
    """Assert that unequal parts of a cloud, each told where it begins, together are the whole, and that a part that is
    not told is elsewhere."""
    flow, integrator = CASES[name]
    whole = evolve(flow, start(), integrator, until=UNTIL, seed=7, split=split)
    parts = [
        evolve(flow, part(start(), begin, end), integrator, until=UNTIL, seed=7, split=split, first=begin)
        for begin, end in ((0, 5), (5, 8), (8, 10))
    ]
    assert torch.equal(torch.cat([cloud.positions for cloud in parts]), whole.positions)
    if isinstance(whole, KineticCloud):
        assert torch.equal(torch.cat([cloud.velocities for cloud in parts]), whole.velocities)  # type: ignore[attr-defined]
    untold = evolve(flow, part(start(), 5, 8), integrator, until=UNTIL, seed=7, split=split)
    assert float((untold.positions - parts[1].positions).abs().min()) > 0.0


@pytest.mark.parametrize("name", ["Leimkuhler-Matthews", "BAOAB", "growth"])
def test_a_part_goes_on_from_a_file_bit_for_bit(name: str, tmp_path: Path) -> None:
    """Assert that a half that was kept in a file goes on with its own noise, as it would without a stop."""
    flow, integrator = CASES[name]
    half, kept = part(start(), 5, 10), list[Checkpoint[Any]]()
    whole = evolve(flow, half, integrator, until=UNTIL, seed=7, first=5, keep=kept.append)
    with Trajectory.create(tmp_path / "half.h5") as writer:
        writer.keep(kept[2])
    with Trajectory.append(tmp_path / "half.h5") as writer:
        checkpoint = writer.kept(CHECKPOINTED)
    assert isinstance(checkpoint, Checkpoint)
    again = evolve(flow, half, integrator, until=UNTIL, seed=7, first=5, resume=checkpoint)
    assert torch.equal(again.positions, whole.positions)


def test_normals_kept_for_another_number_are_not_used() -> None:
    """Assert that numbers drawn for the first half do not shake the second one."""
    flow, integrator = CASES["Leimkuhler-Matthews"]
    half, kept = part(start(), 5, 10), list[Checkpoint[Any]]()
    evolve(flow, half, integrator, until=UNTIL, seed=7, first=0, keep=kept.append)
    one, other = (
        evolve(flow, half, integrator, until=UNTIL, seed=7, first=5, resume=checkpoint)
        for checkpoint in (kept[1], Checkpoint(1, kept[1].time, kept[1].cloud, None, kept[1].noise))
    )
    assert torch.equal(one.positions, other.positions)


def test_velocities_at_the_start_have_addresses_too() -> None:
    """Assert that Maxwellian velocities of the halves are those of the whole."""
    flow, cloud = UnderdampedFlow(network_risk(), 0.3, 1.0), network_cloud()
    whole = flow.maxwellian(ParticleCloud(cloud.positions), seed=4)
    half = cloud.count // 2
    velocities = [
        flow.maxwellian(part(cloud, begin, begin + half), seed=4, first=begin).velocities for begin in (0, half)
    ]
    assert torch.equal(torch.cat(velocities), whole.velocities)


@pytest.mark.parametrize("together", [1, 4])
@pytest.mark.parametrize(
    "integrator",
    [EulerMaruyama(0.25), LeimkuhlerMatthews(0.25), LinearSplitting(0.25), Walled(EulerMaruyama(0.25), Box(-9.0, 9.0))],
    ids=lambda integrator: type(integrator).__name__,
)
def test_members_of_an_ensemble_have_numbers_of_their_own(integrator: Integrator[Any], together: int) -> None:
    """Assert that members by `firsts` are single runs by `first`, to rounding, under one seed and under several."""
    flow, cloud = LangevinFlow(network_risk(), 0.1), network_cloud()
    seeds, firsts = [3, 3, 3, 4], [0, cloud.count, 2**32 - cloud.count, 0]
    ends = evolve_all(
        *(flow, Ensemble.of([cloud] * 4), integrator), until=UNTIL, seeds=seeds, firsts=firsts, together=together
    )
    for e in range(4):
        alone = evolve(flow, cloud, integrator, until=UNTIL, seed=seeds[e], first=firsts[e])
        torch.testing.assert_close(ends[e].positions, alone.positions, rtol=0.0, atol=1e-12)
    assert float((ends[0].positions - ends[1].positions).abs().max()) > 0.1


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (-1, "first, the number of the cloud's first particle in the noise, is -1, but a non-negative integer"),
        (2**32 - 9, "for a cloud of 10 particles, but the noise numbers particles from 0 to 2.32 - 1"),
    ],
)
def test_numbers_that_no_particle_has_are_refused(first: int, told: str) -> None:
    """Assert that a negative number is refused, and one that leaves none for the last particle."""
    with pytest.raises(ValueError, match=told):
        evolve(Wells(), start(), EulerMaruyama(0.25), until=UNTIL, first=first)
    flow = LangevinFlow(network_risk(), 0.1)
    cloud = ParticleCloud(numbers(5, 10, network_cloud().dim))
    with pytest.raises(ValueError, match=told):
        evolve_all(flow, Ensemble.of([cloud]), EulerMaruyama(0.25), until=UNTIL, firsts=[first])
    with pytest.raises(ValueError, match="has 1 members but 2 numbers of first particles; give one for each"):
        evolve_all(flow, Ensemble.of([cloud]), EulerMaruyama(0.25), until=UNTIL, firsts=[0, 1])
