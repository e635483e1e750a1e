"""What paced methods share: numbers for one cloud and columns for several go through the same formulas."""

import math
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from flows import Chebyshev, DormandPrince, evolve
from flows.integrators.error_controlled.rejection_loop import Place
from flows.integrators.error_controlled.step_control import Found, Pace, Work
from flows.integrators.error_controlled.velocity_only import Paced, PacedState, PacedTrial, Stride
from particles import ParticleCloud, ToleranceNotReached
from particles.shapes import Velocity
from tests.flows.contracts.error_controlled import Counted
from tests.problems import MeanAttraction, numbers, small_cloud
from tests.tolerances import assert_identical

METHODS: list[Paced[Any]] = [Chebyshev(), DormandPrince()]
START, VELOCITY = numbers(1, 3, 10), numbers(2, 3, 10)
#: Of three members: one that rests, and two with sizes and, where these may differ, stages of their own.
STRIDES = [Stride(0.0, 0.0, 2), Stride(0.3, 0.3, 2), Stride(0.7, 0.7, 5)]


def decay(positions: Tensor, stage: int) -> Tensor:
    """A velocity that treats coordinates one by one."""
    return -positions - 0.1 * positions**3


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_members_side_by_side_are_tried_as_alone(method: Paced[Any]) -> None:
    """Assert that each row's positions, error and velocities are those of its own stride, whatever the others' are."""
    columns = torch.tensor([method.weights(stride, 5) for stride in STRIDES], dtype=torch.float64).T[:, :, None]
    together = method.tried(decay, START, VELOCITY, columns.unbind())
    for row, stride in enumerate(STRIDES):
        alone = method.tried(decay, START[row], VELOCITY[row], method.weights(stride, stride.stages))
        for mine, own in zip((*together[:2], *together[2]), (*alone[:2], *alone[2]), strict=True):
            assert_identical(mine[row], own)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_resting_member_does_not_move_at_all(method: Paced[Any]) -> None:
    """Assert that a stride of size zero leads to the start, to the bit, through any number of stages."""
    columns = torch.tensor([method.weights(stride, 9) for stride in STRIDES], dtype=torch.float64).T[:, :, None]
    positions, error, _ = method.tried(decay, START, VELOCITY, columns.unbind())
    assert torch.equal(positions[0], START[0])
    assert torch.equal(error[0], torch.zeros_like(error[0]))


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_stride_says_what_a_trial_asks_for(method: Paced[Any]) -> None:
    """Assert that a trial takes as many velocities as its stride says, at the moments of its stages."""
    flow, cloud = Counted(MeanAttraction()), small_cloud()
    state = method.init(flow, cloud)
    stride, before = method.stride(state, 0.0, 2.0, cloud.dtype), len(flow.asked)
    (positions, _, velocities), there = method.strode(flow, cloud, state.velocity, 0.0, stride)
    assert len(flow.asked) - before == stride.stages == len(method.moments(stride, 0.0))
    assert method.moments(stride, 0.0)[-1] == stride.reached
    assert torch.equal(velocities[0], state.velocity) and torch.equal(there.positions, positions)
    assert_identical(velocities[-1], flow.velocity(there, stride.reached))


def test_trials_are_judged_and_counted() -> None:
    """Assert that an error up to one passes, that a larger one does not, and that either is on the account."""
    method, cloud = METHODS[1], small_cloud()
    state = PacedState(Pace(cloud.positions, 0.5, work=Work(velocities=2)), cloud.positions)

    def settled(error: float, state: PacedState, stride: Stride = Stride(0.5, 0.5, 6), time: float = 0.0) -> Any:
        at, found = Place(MeanAttraction(), cloud, time, 9.0, 4), Found(error, 3.0, 0.0)
        whole = PacedTrial(stride.reached, cloud, lambda moment: cloud, error, stride, VELOCITY, VELOCITY, found)
        return method.settled(at, state, whole)

    after, passed = settled(1.0, state)
    assert passed and (after.pace.work, after.pace.moved, after.velocity is VELOCITY) == (Work(1, 0, 8), 3.0, True)
    after, passed = settled(1.1, state)
    assert not passed and (after.pace.work, after.pace.moved) == (Work(0, 1, 8), 0.0)
    assert after.pace.size < 0.5 and after.velocity is state.velocity
    tiny = replace(state, pace=replace(state.pace, tried=1.0))
    with pytest.raises(ToleranceNotReached, match="not reached at step 4, time 1: .* not finite"):
        settled(math.inf, tiny, Stride(1e-15, 1.0, 6), time=1.0)


@dataclass(frozen=True)
class Pulse:
    """d theta / dt = 1, and 1000 more from 0.4 until 0.401."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The same for every coordinate."""
        return torch.full_like(cloud.positions, 1.0 + (1000.0 if 0.4 <= time < 0.401 else 0.0))


@pytest.mark.parametrize("kind", [Chebyshev, DormandPrince])
def test_longest_step_meets_a_narrow_pulse(kind: type[Paced[Any]]) -> None:
    """Assert that a pulse is stepped over where steps may be of any size, and not where they are as short as it."""
    start, ends = small_cloud(), []
    for method in (kind(1e-4), kind(1e-4, max_step=1e-3)):
        ends.append(evolve(Pulse(), start, method, until=1.0).positions - start.positions)
    assert float((ends[0] - 1.0).abs().max()) < 1e-9
    assert float((ends[1] - 2.0).abs().max()) < 1e-2


@pytest.mark.parametrize("kind", [Chebyshev, DormandPrince])
def test_first_probe_is_no_longer_than_the_longest(kind: type[Paced[Any]]) -> None:
    """Assert that no velocity that a first step is found by lies beyond it."""
    flow = Counted(MeanAttraction())
    kind(0.1, max_step=0.01).init(flow, small_cloud())
    assert max(flow.asked) <= 0.01 + 1e-12


@pytest.mark.parametrize("kind", [Chebyshev, DormandPrince])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_small_flows_are_large_ones(kind: type[Paced[Any]], dtype: torch.dtype) -> None:
    """Assert that a flow from zero to 1e-9 takes the steps of one to 1, and ends as near: no size is taken for granted.

    In the default tolerance, that is: an atol of 1e-12 would be a thousandth of the way.
    """
    ends, steps = [], []
    for scale in (2.0**-30, 1.0):
        flow, start = Counted(Rising(scale)), small_cloud(dtype).moved(torch.zeros(5, 2, dtype=dtype))
        ends.append(evolve(flow, start, kind(1e-5), until=3.0).positions / scale)
        steps.append(len(flow.asked))
    assert steps[0] == pytest.approx(steps[1], abs=12)
    assert float((ends[0] - (1.0 - math.exp(-3.0))).abs().max()) < 5e-5


@dataclass(frozen=True)
class Rising:
    """d theta / dt = scale - theta."""

    scale: float

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Towards the scale."""
        return self.scale - cloud.positions


@dataclass(frozen=True)
class Steep:
    """d theta / dt = -1000 theta."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Towards zero."""
        return -1e3 * cloud.positions


@pytest.mark.parametrize("kind", [Chebyshev, DormandPrince])
def test_first_step_comes_from_a_probe_that_changes_the_velocity_little(kind: type[Paced[Any]]) -> None:
    """Assert that one large coordinate, which hardly moves, does not make the first step long for the others."""
    start = ParticleCloud(torch.tensor([[1.0, 1e10]], dtype=torch.float64))
    flow = Counted(Only(Steep()))
    pace = kind(1e-2).begun(flow, start, flow.velocity(start, 0.0), 0.0, math.inf)
    assert pace.size < 1e-3
    assert pace.work.velocities == len(flow.asked) > 3


@dataclass(frozen=True)
class Only:
    """A flow that moves the second coordinate a millionth of a millionth as fast."""

    flow: Steep

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The flow's, by coordinate."""
        return self.flow.velocity(cloud, time) * torch.tensor([1.0, 1e-18], dtype=torch.float64)


def test_states_know_what_they_cost() -> None:
    """Assert that the work of a state is that of its pace."""
    work = Work(3, 1, 20)
    assert PacedState(Pace(START, 0.5, work=work), VELOCITY).work is work
