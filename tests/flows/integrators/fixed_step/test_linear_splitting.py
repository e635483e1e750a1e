"""The linear splitting: exact in the linear part, order two for laws on the way and in the end."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from flows import DecayingFlow, EulerMaruyama, Flow, Integrator, LangevinFlow, LinearSplitting, evolve
from flows.integrators.fixed_step.linear_splitting import decayed_share
from flows.noise import StepNoise
from particles import NTK, FlowDiverged, Lazy, MeanField, ParticleCloud, Power, Scaling
from particles.shapes import Positions
from tests.flows.integrators.fixed_step.stationary_orders import check_stationary_order, overdamped_biases
from tests.flows.problems.affine import affine_step, exact_law, gaussian_law
from tests.flows.problems.stationary import CONFINEMENT, TEMPERATURE, Quadratic
from tests.flows.problems.transition import Rippled
from tests.problems import network_cloud, network_risk, small_cloud
from tests.tolerances import ORDER, Z, assert_identical, relative_error, z_score

SCALINGS: list[Scaling] = [MeanField(), NTK(), Lazy(3.0), Power(0.75)]


@dataclass(frozen=True, init=False)
class EulerForce(LinearSplitting):
    """Moves with the force by Euler instead of the midpoint rule."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The same halves around theta + h F(theta, t)."""
        return super().moved(_Held(flow), cloud, time, size, noise)


@dataclass(frozen=True, init=False)
class OneNormal(LinearSplitting):
    """Uses one normal for both halves."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The step with streams that are all the first."""
        return super().moved(flow, cloud, time, size, _OneStream(noise.seed, noise.step, inner=noise))


@dataclass(frozen=True)
class _OneStream(StepNoise):
    inner: StepNoise | None = None

    def on(self, stream: int) -> StepNoise:
        """The first stream, whatever is asked."""
        return (self.inner or self).on(0)


@dataclass(frozen=True, eq=False)
class _Held:
    """A flow whose force is that of the first place it is asked at, held for the step."""

    flow: Any

    def velocity(self, cloud: ParticleCloud, time: float) -> Tensor:
        """As it is."""
        return self.flow.velocity(cloud, time)

    def decay(self, cloud: ParticleCloud, time: float) -> Tensor:
        """As it is."""
        return self.flow.decay(cloud, time)

    def diffusion(self, cloud: ParticleCloud, time: float) -> Tensor:
        """As it is."""
        return self.flow.diffusion(cloud, time)

    def force(self, cloud: ParticleCloud, time: float) -> Tensor:
        """That of the first call."""
        if "first" not in self.__dict__:
            object.__setattr__(self, "first", self.flow.force(cloud, time))
        return self.__dict__["first"]


def test_langevin_velocity_is_force_without_decay() -> None:
    """Assert that LangevinFlow says what its linear part is: velocity = force - decay theta, the force that of the data
    alone, the decay (confinement + L2) eta_j lambda_j, in trained coordinates."""
    for scaling in SCALINGS:
        for trained in ("hidden", "output", "both"):
            cloud, risk = network_cloud(), network_risk(scaling, trained=trained, strength=0.2)
            flow = LangevinFlow(risk, 0.1, 0.5)
            assert isinstance(flow, DecayingFlow)
            force, decay = flow.force(cloud), flow.decay(cloud)
            assert_identical(force - decay * cloud.positions, flow.velocity(cloud))
            assert_identical(force, network_risk(scaling, trained=trained).velocity(cloud))
            columns = risk.network.neuron.trained_columns
            expected = torch.zeros_like(decay)
            expected[:, columns] = (0.7 * scaling.mobility(cloud.masses) * cloud.masses)[:, None]
            assert_identical(decay, expected)


def test_ornstein_uhlenbeck_is_exact_at_any_step() -> None:
    """Assert that without force the law after one step of h = 0.1, 1 and 30 is the exact one: mean exp(-k h) x and
    variance T / k (1 - exp(-2 k h)), carried by two independent normals."""
    flow, start = Rippled(stiffness=2.0, ripple=0.0), ParticleCloud(torch.full((200_000, 1), 1.5, dtype=torch.float64))
    for step in (0.1, 1.0, 30.0):
        end = evolve(flow, start, LinearSplitting(step), until=step, seed=6).positions.reshape(-1)
        mean, variance = 1.5 * math.exp(-2.0 * step), 0.25 * -math.expm1(-4.0 * step)
        assert abs(z_score(end, mean)) < Z
        assert abs(z_score((end - mean).square(), variance)) < Z


def test_stationary_law_has_order_two() -> None:
    """Assert that in rippled wells every bias of the stationary law vanishes as h^2, without sampling."""
    check_stationary_order(LinearSplitting, 2.0)


@pytest.mark.parametrize("wrong", [EulerForce, OneNormal, EulerMaruyama], ids=lambda wrong: wrong.__name__)
def test_wrong_splitting_is_rejected(wrong: type[Integrator[Any]]) -> None:
    """Assert that a force by Euler, one normal for both halves, and no splitting at all fail that order."""
    with pytest.raises(AssertionError, match="but 2.0 is claimed"):
        check_stationary_order(wrong, 2.0)


def test_bias_is_ten_times_below_euler_maruyama_at_equal_forces() -> None:
    """Assert that at h = 0.1 the largest bias is ten times below that of Euler-Maruyama at h = 0.05."""
    worse, better = overdamped_biases(EulerMaruyama, 0.05, (3, 8)), overdamped_biases(LinearSplitting, 0.1, (3, 8))
    assert max(map(abs, worse)) > 10.0 * max(map(abs, better))


@pytest.mark.parametrize("pairing", ["joint", "measure"])
@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_laws_have_order_two_on_the_way_and_in_the_end(scaling: Scaling, pairing: str) -> None:
    """Assert that for unequal masses, in and out of equilibrium, mean and covariance at a time and the stationary
    covariance are right to order 2, from the exact affine step."""
    quadratic = Quadratic(scaling, replicas=3)
    flow = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, pairing)
    time, start = (
        1.0 / float(torch.linalg.eigvals(quadratic.mobility @ quadratic.hessian).real.max()),
        torch.ones(3, dtype=torch.float64),
    )
    mean, covariance = exact_law(quadratic, pairing, start, time)
    errors = []
    for steps in (16, 32):
        affine = affine_step(LinearSplitting(time / steps), flow, quadratic)
        there = affine.law(start, steps)
        final = relative_error(affine.stationary(), gaussian_law(quadratic, pairing))
        errors.append((relative_error(there[0], mean), relative_error(there[1], covariance), final))
    for far, near in zip(*errors, strict=True):
        assert abs(math.log2(far / near) - 2.0) < ORDER


def test_strong_confinement_limits_no_step() -> None:
    """Assert that with k h = 50 the run has the exact stationary width, where Euler-Maruyama diverges."""
    flow, start = LangevinFlow(network_risk(), 0.3, 500.0), network_cloud()
    end = evolve(flow, start, LinearSplitting(0.1), until=3.0, seed=2).positions
    assert abs(z_score(end.reshape(-1).square(), 0.3 / 500.0)) < Z
    with pytest.raises(FlowDiverged, match="The flow diverged at step"):
        evolve(flow, start, EulerMaruyama(0.1), until=30.0, seed=2)


def test_formula() -> None:
    """Assert that a step is the exact Ornstein-Uhlenbeck half with sigma(t), the midpoint rule for the force at t and
    t + h/2, and the other half with sigma(t + h) and normals of its own."""
    flow, size, time = LangevinFlow(network_risk(strength=0.2), lambda time: 0.1 + time, 0.5, "joint"), 0.1, 0.3
    cloud = network_cloud()
    decay, kept = flow.decay(cloud), torch.exp(-0.05 * flow.decay(cloud))
    width = ((1.0 - kept.square()) / (2.0 * decay)).sqrt()
    first, second = (StepNoise(5, 3, stream).normals(cloud.positions) for stream in (0, 1))
    relaxed = cloud.moved(kept * cloud.positions + width * flow.diffusion(cloud, time) * first)
    middle = relaxed.moved(relaxed.positions + 0.05 * flow.force(relaxed))
    pushed = relaxed.positions + size * flow.force(middle)
    expected = kept * pushed + width * flow.diffusion(cloud, time + size) * second
    end = evolve(flow, cloud, LinearSplitting(size), until=0.4, seed=5, time=3 * size, index=3)
    assert_identical(end.positions, expected)


def test_share_that_has_decayed() -> None:
    """Assert that (1 - exp(-z)) / z is one at zero and accurate for tiny and for large z."""
    values = decayed_share(torch.tensor([0.0, 1e-12, 1e-3, 1.0, 800.0], dtype=torch.float64))
    expected = [1.0, 1.0 - 0.5e-12, 1.0 - 0.5e-3 + 1e-6 / 6.0 - 1e-9 / 24.0, 1.0 - math.exp(-1.0), 1.0 / 800.0]
    assert_identical(values, torch.tensor(expected, dtype=torch.float64))


def test_flow_without_known_linear_part_counts_as_all_force() -> None:
    """Assert that without noise and decay a step is the explicit midpoint rule."""
    flow, cloud = _Spinning(), small_cloud()
    end = evolve(flow, cloud, LinearSplitting(0.2), until=0.2)
    middle = cloud.moved(cloud.positions + 0.1 * flow.velocity(cloud, 0.0))
    assert_identical(end.positions, cloud.positions + 0.2 * flow.velocity(middle, 0.1))


@dataclass(frozen=True)
class _Spinning:
    """A rotation at a speed that grows with time."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Tensor:
        """(1 + t) (-y, x)."""
        return (1.0 + time) * torch.stack([-cloud.positions[:, 1], cloud.positions[:, 0]], dim=1)
