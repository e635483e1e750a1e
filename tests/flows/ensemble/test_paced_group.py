"""Chebyshev and Dormand-Prince side by side: dense output, states, and planted sharing, which is seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from flows import Advance, Chebyshev, DormandPrince, MembersFailed, evolve, evolve_all
from flows.ensemble.paced_group import PacedGroup
from flows.integrators.error_controlled import chebyshev
from flows.integrators.error_controlled.chebyshev import ChebyshevState
from flows.integrators.error_controlled.velocity_only import Paced, Stages, Stride
from particles import ParticleCloud, ToleranceNotReached
from tests.flows.contracts.ensembles import CASES, OWN, check_members, ensemble
from tests.flows.ensemble.test_error_controlled_group import members
from tests.long import long_after
from tests.tolerances import assert_identical

ALL = range(4)
NAMED = {case.name: case for case in CASES}
METHODS: list[Paced[Any]] = [Chebyshev(1e-2), DormandPrince(1e-4)]


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_dense_output_meets_the_ends_of_its_step(method: Paced[Any]) -> None:
    """Assert that it goes through both ends of a step, also when many rounds have gone by."""
    group, before, times = PacedGroup(method, members(), 400.0), list(ensemble()), [0.0] * 4
    steps: list[tuple[Advance[Any], ParticleCloud, float, torch.Tensor]] = []
    for _ in range(8):
        for e, outcome in enumerate(group.advance(ALL)):
            if isinstance(outcome, Advance):
                assert outcome.between is not None
                middle = outcome.between(0.5 * (times[e] + outcome.time)).positions
                steps.append((outcome, before[e], times[e], middle))
                before[e], times[e] = outcome.cloud, outcome.time
    assert len(steps) > 24
    for outcome, start, time, middle in steps:
        assert outcome.between is not None
        assert_identical(outcome.between(time).positions, start.positions)
        assert_identical(outcome.between(outcome.time).positions, outcome.cloud.positions)
        assert torch.equal(outcome.between(0.5 * (time + outcome.time)).positions, middle)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_rounding_is_refused_as_alone(method: Paced[Any]) -> None:
    """Assert that what float32 cannot hold is refused at the end of every member's run."""
    single, strict = ensemble().to(dtype=torch.float32), replace(method, rtol=1e-9)
    with pytest.raises(MembersFailed, match="4 of 4 members failed .* rounding in float32 adds up to"):
        evolve_all(OWN, single, strict, until=0.1)
    for flow, cloud in zip(OWN, single, strict=True):
        with pytest.raises(ToleranceNotReached, match="rounding in float32 adds up to"):
            evolve(flow, cloud, strict, until=0.1)


def test_states_are_those_of_the_integrator() -> None:
    """Assert that a state has the velocity at its cloud, the start of the run, and tensors that nobody writes over."""
    group, start = PacedGroup(METHODS[0], members(), 400.0), ensemble()
    outcome = [group.advance(ALL) for _ in range(3)][-1][2]
    state = group.state(2)
    assert isinstance(outcome, Advance) and isinstance(state, ChebyshevState)
    assert_identical(state.velocity, OWN[2].velocity(outcome.cloud))
    for own in (state.velocity, outcome.cloud.positions):
        assert own.untyped_storage().nbytes() == 8 * own.numel(), "the rounds of all members stay in memory"
    assert torch.equal(state.pace.start, start[2].positions)
    copies = state.velocity.clone(), state.radius.direction.clone()
    group.advance(ALL)
    assert torch.equal(state.velocity, copies[0]) and torch.equal(state.radius.direction, copies[1])


def test_one_look_at_the_device_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a round without refreshes takes numbers from tensors once, two for each member."""
    group, looks = PacedGroup(METHODS[0], members(), 400.0), list[int]()
    group.advance(ALL)
    plain = torch.Tensor.tolist
    with monkeypatch.context() as patched:
        patched.setattr(torch.Tensor, "tolist", lambda self: looks.append(self.numel()) or plain(self))
        group.advance(ALL)
    assert looks == [8]


class _OneStepForAll(PacedGroup[Any]):
    """Gives all members the shortest of their steps."""

    def _tried(self, strides: Mapping[int, Stride]) -> Stages:
        shortest = min(strides.values(), key=lambda stride: stride.size)
        return super()._tried({row: replace(shortest, stages=stride.stages) for row, stride in strides.items()})


class _OneStageCountForAll(PacedGroup[Any]):
    """Gives all members the stages of the one that needs fewest."""

    def _tried(self, strides: Mapping[int, Stride]) -> Stages:
        fewest = min(stride.stages for stride in strides.values())
        return super()._tried({row: replace(stride, stages=fewest) for row, stride in strides.items()})


class _ErrorOfAll(PacedGroup[Any]):
    """Judges every member by the error of all."""

    def _tried(self, strides: Mapping[int, Stride]) -> Stages:
        positions, error, velocities = super()._tried(strides)
        lengths = torch.linalg.vector_norm(error, dim=1, keepdim=True)
        return positions, error * (torch.linalg.vector_norm(error) / lengths), velocities


class _RadiusOfTheFirst(PacedGroup[Any]):
    """Takes the spectral radius of the first member for all."""

    def _stride(self, row: int) -> Stride:
        first, own = self._own(0), self._own(row)
        self._states[row] = replace(own, radius=replace(own.radius, value=first.radius.value))
        return super()._stride(row)


class _RestingMove(PacedGroup[Any]):
    """Lets members that have no stages left go on with the last of them."""

    def _tried(self, strides: Mapping[int, Stride]) -> Stages:
        last = chebyshev.coefficients(2).rows[0]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(chebyshev, "RESTING", (*last[:2], 0.0, 0.0))
            return super()._tried(strides)


@pytest.mark.parametrize(
    "wrong", long_after(2, [_OneStepForAll, _ErrorOfAll, _OneStageCountForAll, _RadiusOfTheFirst, _RestingMove])
)
def test_planted_sharing_is_seen(wrong: type[PacedGroup[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the contract rejects members that share what each has to itself, and resting ones that move."""
    monkeypatch.setattr("flows.ensemble.evolve_all.PacedGroup", wrong)
    with pytest.raises((AssertionError, MembersFailed), match="steps, alone|off its own run|members failed"):
        check_members(evolve_all, NAMED["Chebyshev"], together=4)
