"""BDF of several members: points are kept in the right slots."""

import torch

from flows import BDF, Advance, GradientFlow
from flows.ensemble.bdf_group import BDFGroup, _placed, slots
from flows.ensemble.member_runs import Member
from flows.integrators.function_space.differentiation import HIGHEST
from particles import NTK
from tests.flows.contracts.ensembles import ensemble
from tests.problems import network_risk
from tests.tolerances import assert_identical

ALL = range(4)
FLOW = GradientFlow(network_risk(NTK()))


def group() -> BDFGroup:
    """Four members."""
    return BDFGroup(BDF(1e-6), [Member(e, FLOW, cloud, (), 0) for e, cloud in enumerate(ensemble())], 40.0)


def test_slots_hold_the_last_points() -> None:
    """Assert that after many rounds every member's slots are six different ones whose points are those of its path."""
    starts = [cloud.positions for cloud in ensemble()]
    members, paths = group(), [[torch.zeros_like(start)] for start in starts]
    for _ in range(20):
        for path, start, outcome in zip(paths, starts, members.advance(ALL), strict=True):
            if isinstance(outcome, Advance):
                path.append(outcome.cloud.positions - start)
    for e, path in enumerate(paths):
        assert sorted(slots(members._states[e])) == list(range(HIGHEST + 1))
        assert slots(members._states[e])[0] == (len(path) - 1) % (HIGHEST + 1)
        for kept, point in zip(members.state(e).points, reversed(path), strict=False):
            assert_identical(kept, point)


def test_dense_output_meets_the_ends_of_its_step() -> None:
    """Assert that the polynomial of a step goes through its end and the point before."""
    members, before = group(), list(ensemble())
    times = [0.0] * 4
    for _ in range(12):
        for e, outcome in enumerate(members.advance(ALL)):
            if isinstance(outcome, Advance):
                assert outcome.between is not None
                assert_identical(outcome.between(times[e]).positions, before[e].positions)
                assert_identical(outcome.between(outcome.time).positions, outcome.cloud.positions)
                before[e], times[e] = outcome.cloud, outcome.time


def test_numbers_are_placed_at_slots() -> None:
    """Assert that weights, newest first, stand where the points lie, and zero elsewhere."""
    assert _placed([1.0, 2.0], [3, 0, 1]) == [2.0, 0.0, 0.0, 1.0, 0.0, 0.0]
