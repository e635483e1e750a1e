"""Leimkuhler and Matthews: the formula, the address of its noise, and the order of its stationary law."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from flows import Advance, EulerMaruyama, Flow, Integrator, LangevinFlow, LeimkuhlerMatthews, UnderdampedFlow, evolve
from flows.base import NoisyFlow
from flows.noise import StepNoise
from particles import NTK, FlowRefused, Lazy, MeanField, ParticleCloud, Power, Scaling
from particles.shapes import Positions
from tests.flows.integrators.fixed_step.stationary_orders import (
    FRESH,
    SHARING,
    check_stationary_order,
    overdamped_biases,
)
from tests.flows.problems.affine import affine_step, gaussian_law
from tests.flows.problems.stationary import CONFINEMENT, EQUAL, TEMPERATURE, Quadratic
from tests.problems import ATTRACTIONS, ShakenAttraction, network_cloud, network_risk, small_cloud
from tests.tolerances import ORDER, assert_identical, relative_error

SCALINGS: list[Scaling] = [MeanField(), NTK(), Lazy(3.0), Power(0.75)]


@dataclass(frozen=True, init=False)
class FreshAverage(EulerMaruyama):
    """Averages two normals of the same step, so that no two steps share one."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v + sqrt(h) sigma (xi_n + xi'_n) / 2."""
        moved = cloud.positions + size * flow.velocity(cloud, time)
        if isinstance(flow, NoisyFlow):
            normals = noise.normals(cloud.positions) + noise.on(1).normals(cloud.positions)
            moved = moved + 0.5 * math.sqrt(size) * flow.diffusion(cloud, time) * normals
        return moved


def wide_run(integrator: Integrator[Any], split: int) -> Tensor:
    """Where a thousand coordinates under noise are at time 1."""
    start = ParticleCloud(torch.linspace(-1.0, 1.0, 1000, dtype=torch.float64).reshape(500, 2))
    return evolve(ShakenAttraction(), start, integrator, until=1.0, split=split).positions


def test_formula() -> None:
    """Assert that a step is theta + h v + sqrt(h) sigma (xi_n + xi_{n+1}) / 2 with the addressed normals."""
    flow, step, cloud = ShakenAttraction(), 0.1, small_cloud()
    end = evolve(flow, cloud, LeimkuhlerMatthews(step), until=0.5, seed=4)
    for number in range(5):
        time, positions = number * step, cloud.positions
        normals = StepNoise(4, number).normals(positions) + StepNoise(4, number + 1).normals(positions)
        shaken = 0.5 * math.sqrt(step) * flow.diffusion(cloud, time) * normals
        cloud = cloud.moved(positions + step * flow.velocity(cloud, time) + shaken)
    assert_identical(end.positions, cloud.positions)


def test_normals_carried_are_those_drawn_again() -> None:
    """Assert that handing a step's second normal on changes no bit of what drawing it again gives."""
    flow, integrator, kept, drawn = ShakenAttraction(), LeimkuhlerMatthews(0.1), small_cloud(), small_cloud()
    state = integrator.init(flow, kept)
    for number in range(4):
        noise = StepNoise(4, number)
        taken: Advance[Any] = integrator.step(flow, kept, state, 0.1 * number, 1.0, noise)
        kept, state = taken.cloud, taken.state
        drawn = integrator.step(flow, drawn, integrator.init(flow, drawn), 0.1 * number, 1.0, noise).cloud
    assert torch.equal(kept.positions, drawn.positions)
    assert not torch.equal(kept.positions, small_cloud().positions)
    jumped = integrator.step(flow, kept, state, 0.9, 1.0, StepNoise(4, 9)).cloud
    fresh = integrator.step(flow, kept, integrator.init(flow, kept), 0.9, 1.0, StepNoise(4, 9)).cloud
    assert torch.equal(jumped.positions, fresh.positions), "normals of another step were used"


def test_stationary_law_has_order_two() -> None:
    """Assert that in rippled wells every bias of the stationary law vanishes as h^2, without sampling."""
    check_stationary_order(LeimkuhlerMatthews, 2.0, SHARING)


@pytest.mark.parametrize("wrong", [EulerMaruyama, FreshAverage], ids=["xi_n alone", "fresh normals"])
def test_other_normals_are_rejected(wrong: type[Integrator[Any]]) -> None:
    """Assert that xi_n in place of the average, or an average that no two steps share, fails that order."""
    with pytest.raises(AssertionError, match="but 2.0 is claimed"):
        check_stationary_order(wrong, 2.0)


def test_xi_alone_has_order_one() -> None:
    """Assert that with xi_n in place of the average, as Euler-Maruyama has it, biases vanish as h."""
    check_stationary_order(EulerMaruyama, 1.0)


def test_bias_is_a_hundred_times_below_euler_maruyama() -> None:
    """Assert that at h = 0.1 the largest bias in rippled wells is more than a hundred times smaller, at equal cost."""
    worse = overdamped_biases(EulerMaruyama, 0.1, FRESH)
    better = overdamped_biases(LeimkuhlerMatthews, 0.1, SHARING)
    assert max(map(abs, worse)) > 100.0 * max(map(abs, better))


@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
@pytest.mark.parametrize("masses", ["equal", "unequal"])
def test_joint_gibbs_law_of_a_quadratic_is_exact(scaling: Scaling, masses: str) -> None:
    """Assert that exp(-(R + U) / T) is the chain's law to rounding at a large step, whatever the masses."""
    quadratic = Quadratic(scaling, replicas=3) if masses == "unequal" else Quadratic(scaling, EQUAL, replicas=3)
    step, _ = quadratic.step_and_count()
    flow = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, "joint")
    gibbs = TEMPERATURE * torch.linalg.inv(quadratic.hessian)
    assert_identical(affine_step(LeimkuhlerMatthews(step), flow, quadratic).stationary(), gibbs)
    biased = affine_step(EulerMaruyama(step), flow, quadratic).stationary()
    assert relative_error(biased, gibbs) > 0.01, "the step is too small for this test to tell schemes apart"


def test_measure_pairing_is_exact_for_equal_masses_and_of_order_one_otherwise() -> None:
    """Assert that the stated limit of the method holds: out of equilibrium its stationary law has order 1."""
    equal = Quadratic(masses=EQUAL, replicas=3)
    flow = LangevinFlow(equal.risk, TEMPERATURE, CONFINEMENT)
    assert_identical(affine_step(LeimkuhlerMatthews(0.2), flow, equal).stationary(), gaussian_law(equal, "measure"))
    unequal = Quadratic(replicas=3)
    flow, law = LangevinFlow(unequal.risk, TEMPERATURE, CONFINEMENT), gaussian_law(unequal, "measure")
    far, near = (
        relative_error(affine_step(LeimkuhlerMatthews(step), flow, unequal).stationary(), law) for step in (0.04, 0.02)
    )
    assert abs(math.log2(far / near) - 1.0) < ORDER


def test_strong_order_is_one_half() -> None:
    """Assert that against a fine run on the same Brownian path the error falls as the root of the step."""
    truth = wide_run(EulerMaruyama(1.0 / 512.0), split=1)
    errors = [relative_error(wide_run(LeimkuhlerMatthews(split / 512.0), split), truth) for split in (8, 2)]
    assert abs(math.log(errors[0] / errors[1], 4.0) - 0.5) < ORDER


def test_without_noise_it_is_euler() -> None:
    """Assert that a flow without noise is integrated with order 1, theta + h v."""
    flow, cloud = ATTRACTIONS[0], small_cloud()
    end = evolve(flow, cloud, LeimkuhlerMatthews(0.25), until=0.25)
    assert_identical(end.positions, cloud.positions + 0.25 * flow.velocity(cloud, 0.0))


def test_missing_step_is_refused() -> None:
    """Assert that a run without a step is refused with what to write."""
    with pytest.raises(ValueError, match=r"LeimkuhlerMatthews was given no step; write LeimkuhlerMatthews\(step=0.1\)"):
        evolve(ShakenAttraction(), small_cloud(), LeimkuhlerMatthews(), until=1.0)


def test_inertia_is_refused() -> None:
    """Assert that a flow with inertia is refused by name."""
    with pytest.raises(FlowRefused, match="LeimkuhlerMatthews handles noise and transport, but UnderdampedFlow also"):
        evolve(UnderdampedFlow(network_risk(), 0.1, 1.0), network_cloud(), LeimkuhlerMatthews(0.1), until=1.0)
