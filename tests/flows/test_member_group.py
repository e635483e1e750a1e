"""The group of members with a given step: what it returns, and how members leave it."""

import torch

from flows import Advance, Euler, EulerMaruyama, GradientFlow, LangevinFlow, LeimkuhlerMatthews, evolve
from flows.member_group import GivenStepGroup, Group
from particles import FlowDiverged
from tests.flows.ensembles import ensemble
from tests.problems import network_risk


def test_members_that_leave_do_not_disturb_the_others() -> None:
    """Assert that the members kept go on with their own noise, flow and masses, whatever the integrator handed on."""
    flow, start = LangevinFlow(network_risk(), 0.1), list(ensemble())
    for integrator in (EulerMaruyama(0.125), LeimkuhlerMatthews(0.125)):
        group = GivenStepGroup(integrator, [flow] * 4, start, [5, 6, 7, 8], 1.0)
        assert isinstance(group, Group)
        for _ in range(3):
            group.advance()
        group.keep([1, 3])
        for _ in range(5):
            outcomes = group.advance()
        for outcome, e in zip(outcomes, (1, 3), strict=True):
            assert isinstance(outcome, Advance) and outcome.time == 1.0
            alone = evolve(flow, start[e], integrator, until=1.0, seed=5 + e)
            assert torch.allclose(outcome.cloud.positions, alone.positions, rtol=0.0, atol=1e-12)


def test_group_that_everyone_left_is_empty() -> None:
    """Assert that keeping nobody is no error."""
    group = GivenStepGroup(Euler(0.1), [GradientFlow(network_risk())] * 4, list(ensemble()), [0] * 4, 1.0)
    group.keep([])


def test_sums_beyond_the_largest_number_are_no_divergence() -> None:
    """Assert that a member of finite positions whose sum is infinite goes on, and one that is infinite stops."""
    clouds = list(ensemble())
    huge = clouds[0].moved(torch.full_like(clouds[0].positions, 1.7e308))
    frozen = GradientFlow(network_risk(trained="output"))
    group = GivenStepGroup(Euler(1e-300), [frozen] * 2, [huge, clouds[1]], [0, 0], 1.0)
    assert all(isinstance(outcome, Advance) for outcome in group.advance())
    group = GivenStepGroup(Euler(1e300), [frozen] * 2, [huge, clouds[1]], [0, 0], 1e301)
    assert isinstance(group.advance()[0], FlowDiverged)
