"""Members whose integrator chooses steps, side by side: each at its own pace, and none hears of another."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from flows import BDF, Advance, Chebyshev, Checkpoint, DormandPrince, GradientFlow
from flows.ensemble.bdf_group import BDFGroup
from flows.ensemble.error_controlled_group import ErrorControlledGroup
from flows.ensemble.member_group import Group
from flows.ensemble.member_runs import Member
from flows.ensemble.paced_group import PacedGroup
from particles import Linear, ToleranceNotReached
from tests.flows.contracts.ensembles import OWN, ensemble
from tests.flows.contracts.error_controlled import Counted
from tests.problems import network_risk

ALL = range(4)
METHODS: list[Any] = [BDF(1e-5), Chebyshev(1e-2), DormandPrince(1e-4)]


def members(resume: Mapping[int, Checkpoint[Any]] | None = None) -> list[Member]:
    """Four members with scalings and targets of their own."""
    found = resume or {}
    return [Member(e, OWN[e], cloud, (), 0, resume=found.get(e)) for e, cloud in enumerate(ensemble())]


def group_of(method: Any, of: list[Member] | None = None) -> ErrorControlledGroup[Any, Any]:
    """The group of these members, or of the four."""
    made: type[BDFGroup | PacedGroup[Any]] = BDFGroup if isinstance(method, BDF) else PacedGroup
    return made(method, of or members(), 400.0)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_each_steps_at_its_own_pace(method: Any) -> None:
    """Assert that the first round makes first steps, and that no two are alike."""
    group = group_of(method)
    assert isinstance(group, Group)
    reached = [outcome.time for outcome in group.advance(ALL) if isinstance(outcome, Advance)]
    assert len(reached) == 4 and len(set(reached)) == 4


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_no_member_steps_farther_than_the_longest(method: Any) -> None:
    """Assert that where every step would be longer all members take the longest."""
    group = group_of(replace(method, max_step=1e-6))
    for step in (1, 2):
        times = [outcome.time for outcome in group.advance(ALL) if isinstance(outcome, Advance)]
        assert times == pytest.approx([step * 1e-6] * 4)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_members_that_wait_stay_and_do_not_disturb_the_others(method: Any) -> None:
    """Assert that those asked for have the bits they have where all advance, and the others go on from where they were.

    One of those that wait has never begun.
    """
    whole, group = group_of(method), group_of(method)
    paths: list[list[torch.Tensor]] = [[] for _ in ALL]
    for _ in range(20):
        for e, outcome in enumerate(whole.advance(ALL)):
            paths[e].extend([outcome.cloud.positions] if isinstance(outcome, Advance) else [])
    seen: list[list[torch.Tensor]] = [[] for _ in ALL]
    for rows in [*[[1, 3]] * 4, *[[1]] * 4, *[[0, 1, 2, 3]] * 8]:
        for e, outcome in zip(rows, group.advance(rows), strict=True):
            seen[e].extend([outcome.cloud.positions] if isinstance(outcome, Advance) else [])
    assert min(map(len, seen)) >= 7
    for mine, theirs in zip(seen, paths, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(mine, theirs, strict=False))


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_members_that_are_complete_are_not_begun(method: Any) -> None:
    """Assert that one that is never asked for finds no first step, whatever state was kept of it."""
    counted = [Counted(flow) for flow in OWN]
    done = {e: Checkpoint(9, 400.0, cloud, "of another kind") for e, cloud in enumerate(ensemble()) if e != 1}
    group = group_of(method, members(done))
    if isinstance(method, BDF):
        group.advance([1])
        assert [group._own(row).scales is not None for row in ALL] == [False, True, False, False]
        return
    group._flows = [*counted]
    group.advance([1])
    assert [len(flow.asked) > 0 for flow in counted] == [False, True, False, False]


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_one_that_fails_leaves_the_others_alone(method: Any) -> None:
    """Assert that a member of infinite velocity ends with its error, and that the others step on."""
    flow = GradientFlow(network_risk(activation=Linear()))
    starts = [*ensemble()]
    starts[2] = starts[2].moved(1e160 * starts[2].positions)
    group = group_of(method, [Member(e, flow, start, (), 0) for e, start in enumerate(starts)])
    rows, failures, steps = [*ALL], list[ArithmeticError](), [0] * 4
    for _ in range(40):
        for row, outcome in zip([*rows], group.advance(rows), strict=True):
            if isinstance(outcome, ArithmeticError):
                failures.append(outcome)
                rows.remove(row)
            steps[row] += isinstance(outcome, Advance)
    assert [type(failure) for failure in failures] == [ToleranceNotReached] and rows == [0, 1, 3]
    assert steps[2] == 0 and min(steps[row] for row in rows) > 2
