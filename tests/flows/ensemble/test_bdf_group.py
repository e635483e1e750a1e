"""BDF of several members: points are kept in the right slots."""

import pytest
import torch

from flows import BDF, Advance, GradientFlow, MembersFailed, evolve, evolve_all
from flows.ensemble.bdf_group import BDFGroup, _placed, slots
from flows.ensemble.member_runs import Member
from flows.integrators.function_space.bdf import CRAWLING
from flows.integrators.function_space.bdf_state import BDFState
from flows.integrators.function_space.differentiation import HIGHEST
from flows.loop.checkpoint import Checkpoint
from particles import (
    NTK,
    Dataset,
    Ensemble,
    Identity,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    ToleranceNotReached,
)
from runs.benchmarks.timed_flows import stiff_flow
from tests.flows.contracts.ensembles import ensemble
from tests.problems import network_risk
from tests.tolerances import assert_identical, relative_error

ALL = range(4)
FLOW = GradientFlow(network_risk(NTK()))


def group() -> BDFGroup:
    """Four members."""
    return BDFGroup(BDF(1e-6), [Member(e, FLOW, cloud, (), 0) for e, cloud in enumerate(ensemble())], 40.0)


def test_slots_hold_the_last_points() -> None:
    """Assert that after many rounds a member's slots are seven different ones whose points are those of its path."""
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
    assert _placed([1.0, 2.0], [3, 0, 1]) == [2.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]


def crawling() -> tuple[GradientFlow, ParticleCloud]:
    """A flow that is stiff by the curvature of its neurons: BDF alone is done in some 600 steps, by that curvature."""
    x, y = torch.tensor([[300.0], [-200.0], [100.0]]).double(), torch.tensor([-5.0, 3.0, 4.0]).double()
    risk = Risk(Perceptron(Tanh(), Identity(1), trained="both"), NTK(), Squared(), Dataset(x, y))
    return GradientFlow(risk), ParticleCloud(torch.tensor([[0.02, 1.0], [0.01, -0.5]], dtype=torch.float64))


@pytest.mark.usefixtures("without_shape_checks")
def test_members_that_crawl_end_as_alone() -> None:
    """Assert that their steps are as many as alone, where one of two crawls, and that they end in the same place."""
    flow, start = crawling()
    other = start.moved(torch.tensor([[1e-3, 1e-3], [-1e-3, 1e-3]], dtype=torch.float64))
    counts = [0, 0]
    watch = [[lambda step, time, cloud, e=e: counts.__setitem__(e, step)] for e in range(2)]
    ends = evolve_all(flow, Ensemble.of([start, other]), BDF(1e-4), until=1.0, observers=watch, together=2)
    for e, cloud in enumerate((start, other)):
        steps: list[int] = []
        end = evolve(flow, cloud, BDF(1e-4), until=1.0, observers=[lambda step, *_, steps=steps: steps.append(step)])
        assert steps[-1] > CRAWLING and abs(counts[e] - steps[-1]) <= 0.02 * steps[-1]
        assert relative_error(ends[e].positions - cloud.positions, end.positions - cloud.positions) < 1e-3


def test_members_that_iterate_end_as_alone_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that members whose steps are solved by products, with preconditioners of their own, have the bits of one.

    Their starts differ, so do their steps.
    """
    monkeypatch.setattr("flows.integrators.function_space.matrix_free.choice.PRODUCTS", 10)
    monkeypatch.setattr("flows.integrators.function_space.matrix_free.preconditioner.WORTH", 3)
    problem = stiff_flow(count=40, data=30, dim=6, activation=Tanh())
    starts = [problem.cloud, problem.cloud.moved(problem.cloud.positions.flip(0))]
    kept: list[list[Checkpoint[BDFState]]] = [[], []]
    keep = [states.append for states in kept]
    ends = evolve_all(problem.flow, Ensemble.of(starts), BDF(1e-3), until=problem.until, together=2, keep=keep)
    for e, start in enumerate(starts):
        assert torch.equal(ends[e].positions, evolve(problem.flow, start, BDF(1e-3), until=problem.until).positions)
    last = [states[-1].state.preconditioner for states in kept]
    assert all(one is not None and one.sketch is not None for one in last)


@pytest.mark.usefixtures("without_shape_checks")
def test_members_that_would_never_end_are_refused_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a group says so of those whose curvature may not be looked at, as a single run does."""
    monkeypatch.setattr("flows.integrators.function_space.bdf.CURVED", 0)
    monkeypatch.setattr("flows.integrators.error_controlled.headway.WINDOW", 500)
    monkeypatch.setattr("flows.integrators.error_controlled.headway.PATIENCE", 2_000)
    flow, start = crawling()
    said = "the rest of the run would cost as much as .* velocities .its curvature or its kinks keep steps short"
    with pytest.raises(ToleranceNotReached, match=said):
        evolve(flow, start, BDF(1e-4), until=1e4)
    with pytest.raises(MembersFailed, match=f"2 of 2 members failed .*{said}"):
        evolve_all(flow, Ensemble.of([start, start]), BDF(1e-4), until=1e4, together=2)
