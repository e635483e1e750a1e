"""The splitting of growth and transport: order two in masses and positions, refusals, and what it hands on."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from flows import (
    BAOAB,
    RK4,
    Adam,
    Advance,
    BirthDeathFlow,
    DormandPrince,
    Euler,
    EulerMaruyama,
    Flow,
    GrowthSplitting,
    Heun,
    Part,
    StepNoise,
    UnderdampedFlow,
    evolve,
)
from particles import FlowDiverged, FlowRefused, ParticleCloud
from particles.shapes import PerParticle
from tests.problems import MeanAttraction, ShakenAttraction, network_cloud, network_risk, small_cloud
from tests.tolerances import ORDER, assert_identical, relative_error


@dataclass(frozen=True)
class Tilting(MeanAttraction):
    """Masses that grow by (1 + t) x_j1 minus their mean, while particles move: all depends on time and measure."""

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """(1 + t) (x_j1 - sum_k lambda_k x_k1) (1 + sum_k lambda_k x_k2^2)."""
        first, second = cloud.positions[:, 0], cloud.positions[:, 1]
        return (1.0 + time) * (first - cloud.masses @ first) * (1.0 + cloud.masses @ second.square())


@dataclass(frozen=True)
class Tilted:
    """Particles that stand still and whose masses grow by fixed rates: lambda_j(t) = lambda_j exp(g_j t) / Z."""

    rates: Tensor

    def velocity(self, cloud: ParticleCloud, time: float) -> Tensor:
        """Zero."""
        return torch.zeros_like(cloud.positions)

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """g_j - sum_k lambda_k g_k."""
        return self.rates - cloud.masses @ self.rates


@dataclass(frozen=True)
class GrowthFirst(GrowthSplitting):
    """Lie's splitting: a whole step of growth, then one of transport."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """Growth for the whole span at the start."""
        start, size, _ = self.transport.next(time, until)
        still = GrowthSplitting(Euler(size))
        grown = still.step(_Standing(flow), cloud, None, start, start + size, noise).cloud
        taken = self.transport.step(flow, grown, None, time, until, noise)
        return Advance(taken.time, taken.cloud, None)


@dataclass(frozen=True, eq=False)
class _Standing:
    flow: Flow

    def velocity(self, cloud: ParticleCloud, time: float) -> Tensor:
        """Zero."""
        return torch.zeros_like(cloud.positions)

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """The flow's."""
        return self.flow.growth(cloud, time)  # type: ignore[attr-defined]


def measured_orders(make: type[GrowthSplitting]) -> list[float]:
    """Orders of positions and masses at 32 to 64 steps, against 1024 steps."""
    truth = evolve(Tilting(), small_cloud(), GrowthSplitting(RK4(1.0 / 1024.0)), until=1.0)
    errors = []
    for steps in (32, 64):
        end = evolve(Tilting(), small_cloud(), make(RK4(1.0 / steps)), until=1.0)
        errors.append((relative_error(end.positions, truth.positions), relative_error(end.masses, truth.masses)))
    return [math.log2(far / near) for far, near in zip(*errors, strict=True)]


def test_order_two() -> None:
    """Assert that positions and masses converge with order 2 on a flow in which each drives the other, in time."""
    orders = measured_orders(GrowthSplitting)
    assert all(abs(order - 2.0) < ORDER for order in orders), orders


def test_lie_splitting_has_order_one() -> None:
    """Assert that the measurement tells orders apart: growth first and transport second is of order 1."""
    orders = measured_orders(GrowthFirst)
    assert all(abs(order - 1.0) < ORDER for order in orders), orders


def test_birth_death_flow_converges_with_order_two() -> None:
    """Assert that masses converge with order 2 on the flow the splitting is made for."""
    flow, ends = BirthDeathFlow(network_risk(strength=0.1), 4.0), []
    for steps in (8, 16, 32):
        ends.append(evolve(flow, network_cloud(), GrowthSplitting(RK4(1.0 / steps)), until=1.0).masses)
    order = math.log2(float((ends[0] - ends[1]).norm() / (ends[1] - ends[2]).norm()))
    assert abs(order - 2.0) < 2.0 * ORDER


def test_fixed_rates_are_solved_exactly_at_any_step() -> None:
    """Assert that rates that do not depend on the masses give lambda_j exp(g_j t) / Z to rounding, huge ones too."""
    cloud = small_cloud()
    for scale in (1.0, 1e4):
        rates = scale * torch.tensor([1.0, -2.0, 0.5, 3.0, -1.0], dtype=torch.float64)
        end = evolve(Tilted(rates), cloud, GrowthSplitting(Euler(0.5)), until=1.0)
        assert_identical(end.masses, torch.softmax(cloud.masses.log() + rates, dim=0), operations=1e4)
        assert torch.equal(end.positions, cloud.positions)


def test_order_and_parts_are_those_of_the_transport_and_growth() -> None:
    """Assert that the order is at most two and the transport's, and that growth joins what the transport handles."""
    assert [GrowthSplitting(make(0.1)).order for make in (Euler, Heun, RK4)] == [1.0, 2.0, 2.0]
    assert GrowthSplitting(EulerMaruyama(0.1)).handles == {Part.TRANSPORT, Part.NOISE, Part.GROWTH}


def test_noise_and_steps_are_the_transports() -> None:
    """Assert that without growth the run is the transport's to the bit: noise, times and a shortened last step."""
    flow, split = ShakenAttraction(), GrowthSplitting(EulerMaruyama(0.1))
    end = evolve(flow, small_cloud(), split, until=1.05, seed=3)
    assert torch.equal(end.positions, evolve(flow, small_cloud(), EulerMaruyama(0.1), until=1.05, seed=3).positions)


def test_transport_begins_with_the_masses_that_have_grown() -> None:
    """Assert that a transport that carries an acceleration takes it of the masses after half a step of growth, in the
    second step as in the first."""

    @dataclass(frozen=True)
    class Growing(UnderdampedFlow):
        def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
            return 5.0 * torch.tanh(cloud.positions[:, 0])

    def grown(cloud: ParticleCloud) -> ParticleCloud:
        masses = cloud.masses * torch.exp(0.25 * torch.tanh(cloud.positions[:, 0]))
        return cloud.reweighted(masses / masses.sum())

    flow, transport, expected = Growing(network_risk(), 0.0, 1.0), BAOAB(0.1), network_cloud()
    for step in range(2):
        half = grown(expected)
        begun = transport.init(flow, half, 0.1 * step)
        expected = grown(transport.step(flow, half, begun, 0.1 * step, 1.0, StepNoise(0, step)).cloud)
    end = evolve(flow, network_cloud(), GrowthSplitting(transport), until=0.2)
    assert_identical(end.positions, expected.positions)
    assert_identical(end.masses, expected.masses)


def test_resume_is_bit_for_bit() -> None:
    """Assert that a run cut at 0.7 and resumed has the masses and positions of the uninterrupted one."""
    flow, split = BirthDeathFlow(network_risk()), GrowthSplitting(Heun(0.1))
    whole = evolve(flow, network_cloud(), split, until=1.2)
    half = evolve(flow, network_cloud(), split, until=0.7)
    end = evolve(flow, half, split, until=1.2, time=0.7, index=7)
    assert torch.equal(end.masses, whole.masses) and torch.equal(end.positions, whole.positions)


class Tenth:
    """A rule that finds a tenth."""

    def longest_step(self, flow: Flow, cloud: ParticleCloud, interval: float) -> float:
        """0.1."""
        return 0.1


def test_step_may_be_given_in_the_call_or_by_a_rule() -> None:
    """Assert that evolve's step reaches the transport, be it a number or a rule."""
    flow, cloud = BirthDeathFlow(network_risk()), network_cloud()
    inside = evolve(flow, cloud, GrowthSplitting(Heun(0.1)), until=1.0)
    for split, step in ((GrowthSplitting(Heun()), 0.1), (GrowthSplitting(Heun(Tenth())), None)):
        assert torch.equal(evolve(flow, cloud, split, until=1.0, step=step).masses, inside.masses)


def test_diverging_transport_is_told_as_such() -> None:
    """Assert that positions that are no longer finite raise FlowDiverged, not a complaint about masses."""
    with pytest.raises(FlowDiverged, match="The flow diverged at step"):
        evolve(BirthDeathFlow(network_risk(strength=50.0)), network_cloud(), GrowthSplitting(Euler(1.0)), until=1000.0)


def test_parts_the_transport_cannot_handle_are_refused() -> None:
    """Assert that noise is refused where the transport has none."""

    @dataclass(frozen=True)
    class Both(ShakenAttraction):
        def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
            return torch.zeros_like(cloud.masses)

    with pytest.raises(FlowRefused, match="GrowthSplitting handles growth and transport, but Both also has noise"):
        evolve(Both(), small_cloud(), GrowthSplitting(RK4(0.1)), until=1.0)


def test_adaptive_transport_is_refused(without_shape_checks: None) -> None:
    """Assert that a scheme that chooses its own steps is refused with what to give."""
    with pytest.raises(TypeError, match="a DormandPrince as transport, .*; give an integrator whose steps are known"):
        GrowthSplitting(DormandPrince())  # type: ignore[arg-type]


def test_optimisers_are_refused() -> None:
    """Assert that a transport that would forget its past in every step is turned down."""
    with pytest.raises(TypeError, match="The transport is Adam, which would forget its past between two steps"):
        GrowthSplitting(Adam(0.1))
