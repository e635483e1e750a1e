"""The group of members with a given step: what it returns, whoever of them goes on."""

from dataclasses import replace

import pytest
import torch

from flows import (
    Adam,
    Advance,
    Euler,
    EulerMaruyama,
    Flow,
    GradientFlow,
    HeavyBall,
    LangevinFlow,
    LeimkuhlerMatthews,
    evolve,
)
from flows.ensemble.member_group import GivenStepGroup, Group
from flows.ensemble.member_runs import Member
from flows.loop.checkpoint import Checkpoint
from particles import FlowDiverged, ParticleCloud
from tests.flows.contracts.ensembles import ensemble
from tests.problems import network_risk


def members(flow: Flow, clouds: list[ParticleCloud]) -> list[Member]:
    """Members with the seeds 5, 6, ..."""
    return [Member(e, flow, cloud, (), 5 + e) for e, cloud in enumerate(clouds)]


def test_members_that_stop_do_not_disturb_the_others() -> None:
    """Assert that those asked for go on with their own noise and masses, to the bit as if all did, the others stay."""
    flow, start = LangevinFlow(network_risk(), 0.1), list(ensemble())
    for integrator in (EulerMaruyama(0.125), LeimkuhlerMatthews(0.125)):
        group, whole = (GivenStepGroup(integrator, members(flow, start), 1.0) for _ in range(2))
        assert isinstance(group, Group)
        for step in range(8):
            outcomes = group.advance([0, 1, 2, 3] if step < 3 else [1, 3])
            others = whole.advance([0, 1, 2, 3])
        for outcome, e in zip(outcomes, (1, 3), strict=True):
            other = others[e]
            assert isinstance(outcome, Advance) and isinstance(other, Advance) and outcome.time == 1.0
            assert torch.equal(outcome.cloud.positions, other.cloud.positions)
            alone = evolve(flow, start[e], integrator, until=1.0, seed=5 + e)
            assert torch.allclose(outcome.cloud.positions, alone.positions, rtol=0.0, atol=1e-12)


def test_members_that_are_behind_catch_up_first() -> None:
    """Assert that a member kept after three steps waits for the others, and then all have the bits of one run."""
    flow, start = LangevinFlow(network_risk(), 0.1), list(ensemble())
    whole = GivenStepGroup(EulerMaruyama(0.125), members(flow, start), 1.0)
    reached = [whole.advance([0, 1, 2, 3]) for _ in range(4)]
    third = reached[2][2]
    assert isinstance(third, Advance)
    again = members(flow, start)
    again[2] = Member(2, flow, start[2], (), 7, resume=Checkpoint(3, 0.375, third.cloud, None, noise=2))
    group = GivenStepGroup(EulerMaruyama(0.125), again, 1.0)
    for _ in range(3):
        assert group.advance([0, 1, 2, 3])[2] is None
    for outcome, other in zip(group.advance([0, 1, 2, 3]), reached[3], strict=True):
        assert isinstance(outcome, Advance) and isinstance(other, Advance)
        assert torch.equal(outcome.cloud.positions, other.cloud.positions)


@pytest.mark.parametrize("integrator", [HeavyBall(0.125, nesterov=True), Adam(0.125, amsgrad=True)])
def test_every_member_has_its_own_memory(integrator: HeavyBall | Adam) -> None:
    """Assert that members kept after three and one steps, with their states, wait for the one that is behind and end at
    the bits of one run, while one that has ended keeps its state; from another's state a member ends elsewhere."""
    flow, start = GradientFlow(network_risk()), list(ensemble())
    whole = GivenStepGroup(integrator, members(flow, start), 1.0)
    kept = []
    for step in range(1, 7):
        reached = whole.advance([0, 1, 2, 3] if step < 5 else [0, 1, 2])
        clouds = [one.cloud if isinstance(one, Advance) else start[0] for one in reached]
        kept.append([Checkpoint(step, 0.125 * step, clouds[e], whole.state(e)) for e in range(3)])
    assert kept[5][0].state.count == 6 and whole.state(3).count == 4
    again = members(flow, start)
    again[0] = replace(again[0], resume=kept[2][0])
    again[1] = replace(again[1], resume=kept[0][1])
    group = GivenStepGroup(integrator, again, 1.0)
    assert isinstance(group.advance([0, 1, 2])[2], Advance)
    assert group.advance([0, 1, 2])[0] is None and [group.state(e).count for e in range(4)] == [3, 2, 2, 0]
    for _ in range(4):
        last = group.advance([0, 1, 2])
    for e, outcome in enumerate(last):
        assert isinstance(outcome, Advance) and torch.equal(outcome.cloud.positions, kept[5][e].cloud.positions)
    again[0] = replace(again[0], resume=replace(kept[2][0], state=kept[0][0].state))
    other = GivenStepGroup(integrator, again, 1.0)
    for _ in range(6):
        last = other.advance([0, 1, 2])
    assert isinstance(last[0], Advance) and not torch.equal(last[0].cloud.positions, kept[5][0].cloud.positions)


def test_sums_beyond_the_largest_number_are_no_divergence() -> None:
    """Assert that a member of finite positions whose sum is infinite goes on, and one that is infinite stops."""
    clouds = list(ensemble())
    huge = clouds[0].moved(torch.full_like(clouds[0].positions, 1.7e308))
    frozen = GradientFlow(network_risk(trained="output"))
    group = GivenStepGroup(Euler(1e-300), members(frozen, [huge, clouds[1]]), 1.0)
    assert all(isinstance(outcome, Advance) for outcome in group.advance([0, 1]))
    group = GivenStepGroup(Euler(1e300), members(frozen, [huge, clouds[1]]), 1e301)
    assert isinstance(group.advance([0, 1])[0], FlowDiverged)
