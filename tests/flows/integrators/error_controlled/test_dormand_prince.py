"""Dormand and Prince: its tableau, its dense output, an independent program, and closed forms.

What it shares with other adaptive integrators is in tests/flows/contracts/error_controlled.py.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import pytest
import torch

from flows import DormandPrince, Flow, GradientFlow, Part, StepNoise, evolve
from flows.integrators.error_controlled import dormand_prince
from flows.integrators.error_controlled.dormand_prince import NODES, Quartic
from flows.integrators.error_controlled.velocity_only import Stages, Stride
from flows.integrators.fixed_step.grid import FixedStep
from particles import ParticleCloud
from particles.shapes import Positions
from tests.flows.contracts.error_controlled import ADAPTIVE, PROBLEMS, Kept, driven
from tests.flows.contracts.members import measured_order
from tests.flows.problems.linear import LINEAR, residual_off
from tests.long import long_after
from tests.planted import OldMeasure
from tests.problems import ATTRACTIONS, Clock, MeanAttraction, network_cloud, network_risk, small_cloud
from tests.tolerances import ORDER, assert_identical


def strode(flow: Flow, cloud: ParticleCloud, time: float, size: float) -> Stages:
    """A step of this size: positions, error, velocities."""
    stride = Stride(size, time + size, len(NODES) - 1)
    return DormandPrince().strode(flow, cloud, flow.velocity(cloud, time), time, stride)[0]


def attempt(flow: Flow, cloud: ParticleCloud, time: float, size: float) -> Quartic:
    """The same with the cloud in between."""
    positions, _, velocities = strode(flow, cloud, time, size)
    return Quartic(cloud, time, size, positions, velocities)


@dataclass(frozen=True, init=False)
class FixedDormandPrince(FixedStep):
    """The pair at a given step."""

    order: ClassVar[float] = 5.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The positions of order 5."""
        return strode(flow, cloud, time, size)[0]


@dataclass(frozen=True, init=False)
class Embedded(FixedDormandPrince):
    """The embedded method that the error is measured against."""

    order: ClassVar[float] = 4.0

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The positions of order 4."""
        positions, error, _ = strode(flow, cloud, time, size)
        return positions - error


@dataclass(frozen=True, init=False)
class Stale(FixedDormandPrince):
    """Inner stages in the field of the measure before the step."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The step of the flow with the measure held."""
        return super().moved(OldMeasure(flow, cloud), cloud, time, size, noise)


def test_both_members_of_the_pair_have_their_order() -> None:
    """Assert that orders are 5 and 4 on flows that depend on time and interact through the mean.

    On the curved one the terms of order 5 nearly cancel, and the slope comes down to 5 from above.
    """
    straight, curved = ATTRACTIONS
    assert abs(measured_order(FixedDormandPrince, straight, until=1.0) - 5.0) < ORDER
    assert 5.0 - ORDER < measured_order(FixedDormandPrince, curved, until=1.0) < 5.5
    for flow in ATTRACTIONS:
        assert abs(measured_order(Embedded, flow, until=1.0) - 4.0) < ORDER


def test_stale_measure_breaks_the_order() -> None:
    """Assert that inner stages in the old measure leave order 1."""
    for flow in ATTRACTIONS:
        assert abs(measured_order(Stale, flow, until=1.0) - 1.0) < ORDER


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_dense_output_has_order_four(part: float) -> None:
    """Assert that inside a first step the error of the cloud falls as h^5."""
    for flow in ATTRACTIONS:
        start, errors = small_cloud(), []
        for size in (0.0125, 0.00625):
            trial = attempt(flow, start, 0.0, size)
            errors.append(float((trial.at(part * size).positions - flow.exact(start, part * size)).norm()))
        assert math.log2(errors[0] / errors[1]) > 5.0 - ORDER


def test_dense_output_meets_both_ends() -> None:
    """Assert that the polynomial has the positions of the step at its ends, and the velocities as slopes."""
    flow, cloud, size, small = MeanAttraction(), small_cloud(), 0.3, 1e-6
    trial = attempt(flow, cloud, 0.4, size)
    assert_identical(trial.at(0.4).positions, cloud.positions)
    assert_identical(trial.at(0.4 + size).positions, trial.positions)
    for moment, velocity in ((0.4 + small, trial.velocities[0]), (0.4 + size - small, trial.velocities[-1])):
        slope = (trial.at(moment + small).positions - trial.at(moment - small).positions) / (2.0 * small)
        assert float((slope - velocity).abs().max()) < 1e-4


def test_last_stage_is_the_first_of_the_next_step() -> None:
    """Assert that an accepted step hands on the velocity at the cloud and the time it reached, and asks six times."""
    flow, integrator = PROBLEMS[1].flow, DormandPrince(1e-4)
    state = integrator.init(flow, small_cloud())
    taken = integrator.step(flow, small_cloud(), state, 0.0, 2.0, StepNoise(0, 0))
    assert_identical(taken.state.velocity, flow.velocity(taken.cloud, taken.time))
    work = taken.state.work
    assert work.velocities == 3 + 6 * (work.accepted + work.rejected)


def test_kink_is_stepped_over_by_rejections() -> None:
    """Assert that a speed that jumps is caught by rejected trials, and costs no more than tens of tolerances."""
    flow, integrator = Clock(lambda time: 1.0 if time < 0.7321 else 5.0), DormandPrince(1e-5)
    last = driven(integrator, flow, Kept(0.0, small_cloud(), integrator.init(flow, small_cloud())), 2.0)[-1]
    moved = 0.7321 + 5.0 * (2.0 - 0.7321)
    assert last.state.work.rejected > 3
    assert float((last.cloud.positions - small_cloud().positions - moved).abs().max()) < 3e-4 * moved


def test_steps_are_limited_by_stability_on_stiff_flows() -> None:
    """Assert that with rate 1000 the steps settle below the 3.3 / 1000 of the stability interval, whatever rtol, and
    that the mode that would ring there does not."""
    flow, integrator = Following(), DormandPrince(1e-3)
    states = driven(integrator, flow, Kept(0.0, small_cloud(), integrator.init(flow, small_cloud())), 1.0)
    steps = [after.time - before.time for before, after in pairwise(states)]
    average = sum(steps[-100:]) / 100.0
    assert 2.5 < 1000.0 * average < 3.3
    ringing = max(float((kept.cloud.positions - math.sin(kept.time)).abs().max()) for kept in states[-100:])
    assert ringing < 1e-5, "a tenth of a per cent of the way would be within the tolerance"


@dataclass(frozen=True)
class Following:
    """d theta / dt = -1000 (theta - sin t) + cos t."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Positions:
        """Towards sin t."""
        return -1e3 * (cloud.positions - math.sin(time)) + math.cos(time)


@dataclass(frozen=True)
class Jumping:
    """d theta / dt = 1, and none from where theta is 1 on in the first coordinate; 1 + t / 10 in the second."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Positions:
        """The velocity of a ReLU's weight jumps like that."""
        first, second = cloud.positions.unbind(dim=1)
        return torch.stack([(first < 1.0).double(), torch.full_like(second, 1.0 + 0.1 * time)], dim=1)


#: When a jump comes, in parts of the run.
PLACES = [0.05 * part for part in range(1, 20)]


@pytest.mark.parametrize("where", long_after(5, sorted(PLACES, key=lambda place: place not in PLACES[2::4])))
@pytest.mark.parametrize("rtol", [1e-4, 1e-7])
def test_jumps_are_not_missed_by_chance(where: float, rtol: float) -> None:
    """Assert that wherever in a step the velocity jumps the end is within ten times the tolerance.

    By the pair's estimate alone it is hundreds of times off, as that is next to nothing for some places of the jump.
    """
    start = ParticleCloud(torch.tensor([[1.0 - 0.7 * where, 0.0]], dtype=torch.float64))
    end = evolve(Jumping(), start, DormandPrince(rtol), until=1.0).positions - start.positions
    assert abs(float(end[0, 0]) - 0.7 * where) < 10.0 * rtol * float(end.norm())


@dataclass(frozen=True)
class Relaxing:
    """d theta / dt = -rate (theta - 1)."""

    rate: float

    def velocity(self, cloud: ParticleCloud, time: float) -> Positions:
        """Towards one."""
        return -self.rate * (cloud.positions - 1.0)


@pytest.mark.parametrize("case", LINEAR, ids=str)
def test_linear_neurons_follow_the_matrix_exponential(case: tuple[str, str]) -> None:
    """Assert that the residual at the end is exp(-K P t) r(0) within ten times the tolerance."""
    for rtol in (1e-5, 1e-8):
        assert residual_off(DormandPrince(rtol), case) < 10.0 * rtol


def test_agrees_with_torchdiffeq() -> None:
    """Assert that torchdiffeq's dopri5 takes a tanh network to the same place."""
    torchdiffeq = pytest.importorskip("torchdiffeq", reason="torchdiffeq of the test extra is not installed")
    flow, start = GradientFlow(network_risk()), network_cloud()

    def velocity(time: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        return flow.velocity(start.moved(positions), float(time))

    times = torch.tensor([0.0, 2.0, 5.0], dtype=torch.float64)
    path = torchdiffeq.odeint(velocity, start.positions, times, method="dopri5", rtol=1e-9, atol=1e-11)
    end = evolve(flow, start, DormandPrince(1e-9), until=5.0).positions
    assert float((end - path[-1]).norm() / (path[-1] - start.positions).norm()) < 1e-7


def test_tableau_is_consistent() -> None:
    """Assert that every stage's weights sum to its node, and those of error and dense correction to zero."""
    for node, weights in zip(dormand_prince.NODES, dormand_prince.STAGES, strict=True):
        assert sum(weights) == pytest.approx(node, abs=1e-14)
    assert sum(dormand_prince.ERROR) == pytest.approx(0.0, abs=1e-14)
    assert sum(dormand_prince.DENSE) == pytest.approx(0.0, abs=1e-14)


def test_claims() -> None:
    """Assert that it claims order 5 and transport only, and is under contract."""
    assert (DormandPrince.order, DormandPrince.handles) == (5.0, {Part.TRANSPORT})
    assert DormandPrince in [member.make for member in ADAPTIVE.values()]
