"""The flow with inertia: what drives it, its velocities in equilibrium, its energy, and the joint law it keeps."""

import math

import pytest
import torch
from torch import Tensor

from flows import (
    BAOAB,
    RK4,
    Draws,
    EulerMaruyama,
    KineticCloud,
    LangevinFlow,
    LinearSplitting,
    Minibatches,
    Part,
    StepNoise,
    UnderdampedFlow,
    evolve,
    parts,
)
from particles import NTK, FlowRefused, Lazy, MeanField, ParticleCloud, Power, Scaling
from tests.flows.problems.grouped import Heated, worst_score
from tests.flows.problems.stationary import CONFINEMENT, EQUAL, TEMPERATURE, Quadratic
from tests.problems import FACTORS, factors, network_cloud, network_risk, numbers, written_out_gradient
from tests.tolerances import Z, assert_identical, relative_error, z_score

SCALINGS = [scaling for scaling, _, _ in FACTORS]


@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_acceleration_is_the_langevin_drift(scaling: Scaling) -> None:
    """Assert that velocities are driven by -eta_j grad (R + U), the velocity of the flow without inertia."""
    for pairing in ("measure", "joint"):
        risk = network_risk(scaling, strength=0.2)
        flow = UnderdampedFlow(risk, 0.3, 1.5, 0.7, pairing)
        overdamped = LangevinFlow(risk, 0.3, 0.7, pairing)
        assert_identical(flow.acceleration(network_cloud()), overdamped.velocity(network_cloud()))


@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_agitation_of_both_pairings(scaling: Scaling) -> None:
    """Assert that a_j is sqrt(eta_j lambda_j T) or sqrt(eta_j T) where trained, and zero where frozen."""
    cloud = network_cloud()
    _, mobility = factors(scaling, cloud.masses)
    for pairing, variance in (("measure", mobility * cloud.masses), ("joint", mobility)):
        expected = torch.zeros_like(cloud.positions)
        expected[:, :3] = (0.3 * variance).sqrt()[:, None]
        flow = UnderdampedFlow(network_risk(scaling, trained="hidden"), 0.3, 1.5, pairing=pairing)
        assert_identical(flow.agitation(cloud), expected)


def test_velocity_is_that_of_the_cloud() -> None:
    """Assert that positions move at the velocities the cloud carries, and stand still where it carries none."""
    flow, cloud = UnderdampedFlow(network_risk(), 0.3, 1.5), network_cloud()
    fast = KineticCloud(cloud.positions, cloud.masses, numbers(4, 6, 4))
    assert torch.equal(flow.velocity(fast), fast.velocities)
    assert not flow.velocity(cloud).any()


def test_maxwellian_velocities_have_their_width() -> None:
    """Assert that the velocities drawn are N(0, eta_j T), addressed by the seed, and zero where frozen."""
    masses = torch.tensor([1.6e-3, 0.4e-3], dtype=torch.float64).repeat_interleave(500)
    cloud = ParticleCloud(numbers(1, 1000, 4), masses)
    flow = UnderdampedFlow(network_risk(trained="hidden"), 0.3, 1.5, pairing="joint")
    drawn = flow.maxwellian(cloud, seed=3)
    for part, mass in ((slice(0, 500), masses[0]), (slice(500, 1000), masses[-1])):
        assert abs(z_score(drawn.velocities[part, :3].square().reshape(-1), 0.3 / float(mass))) < Z
    assert not drawn.velocities[:, 3].any()
    assert torch.equal(flow.maxwellian(cloud, seed=3).velocities, drawn.velocities)
    assert not torch.equal(flow.maxwellian(cloud, seed=4).velocities, drawn.velocities)


def test_kinetic_energy() -> None:
    """Assert that the energy is sum_j |v_j|^2 / (2 eta_j), zero for a massless particle and for a cloud at rest."""
    cloud = network_cloud()
    masses = torch.cat([cloud.masses[:-1] / cloud.masses[:-1].sum(), torch.zeros(1, dtype=torch.float64)])
    fast = KineticCloud(cloud.positions, masses, numbers(4, 6, 4))
    for scaling in (MeanField(), NTK()):
        flow = UnderdampedFlow(network_risk(scaling), 0.3, 1.5)
        _, mobility = factors(scaling, masses[:-1])
        expected = (fast.velocities[:-1].square().sum(dim=1) / mobility).sum() / 2.0
        assert_identical(flow.kinetic_energy(fast), expected)
        assert float(flow.kinetic_energy(cloud)) == 0.0


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0), Power(0.75)], ids=str)
@pytest.mark.parametrize("pairing", ["joint", "measure"])
def test_drive_friction_and_noise_balance_in_the_gibbs_law(scaling: Scaling, pairing: str) -> None:
    """Assert that exp(-H / T), or exp(-m H / T) for equal masses, is stationary on a quadratic: with z = (x, v),
    B = [[0, -1], [M H, gamma]] and C = (T H^{-1}, T M), B C + C B^T = 2 gamma diag(0, a^2)."""
    quadratic = Quadratic(scaling, replicas=3) if pairing == "joint" else Quadratic(scaling, EQUAL, replicas=3)
    flow = UnderdampedFlow(quadratic.risk, TEMPERATURE, 1.7, CONFINEMENT, pairing)
    unit, nothing = torch.eye(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    shifted = quadratic.start.moved(torch.cat([quadratic.start.positions[:, :2], unit], dim=1))
    pull = (flow.acceleration(quadratic.start) - flow.acceleration(shifted))[:, 2:]
    drift = torch.cat([torch.cat([nothing, -unit], dim=1), torch.cat([pull, 1.7 * unit], dim=1)])
    cold = TEMPERATURE / (3.0 if pairing == "measure" else 1.0)
    law = torch.block_diag(cold * torch.linalg.inv(quadratic.hessian), cold * quadratic.mobility)
    shaken = torch.block_diag(nothing, torch.diag(2.0 * 1.7 * flow.agitation(quadratic.start)[:, 2].square()))
    assert_identical(drift @ law + law @ drift.T, shaken)


def test_large_friction_is_the_flow_without_inertia() -> None:
    """Assert that without noise the run at time gamma t tends to the gradient flow at time t, as 1 / gamma^2."""
    cloud, risk = network_cloud(), network_risk()
    slow = evolve(LangevinFlow(risk, 0.0, 0.5), cloud, LinearSplitting(0.01), until=0.5)
    errors = []
    for friction in (4.0, 8.0):
        fast = UnderdampedFlow(risk, 0.0, friction, 0.5)
        begin = KineticCloud(cloud.positions, cloud.masses, fast.acceleration(cloud) / friction)
        end = evolve(fast, begin, BAOAB(0.1 / friction), until=0.5 * friction)
        errors.append(relative_error(end.positions - cloud.positions, slow.positions - cloud.positions))
    assert errors[0] < 0.05
    assert 3.0 < errors[0] / errors[1] < 5.0


def test_inertia_is_a_part() -> None:
    """Assert that the flow declares its inertia, so that integrators without it refuse."""
    flow = UnderdampedFlow(network_risk(), 0.3, 1.5)
    assert parts(flow) == {Part.TRANSPORT, Part.INERTIA}
    for integrator in (RK4(0.1), EulerMaruyama(0.1)):
        with pytest.raises(
            FlowRefused, match=f"{type(integrator).__name__} handles .*but UnderdampedFlow also has inertia"
        ):
            evolve(flow, network_cloud(), integrator, until=1.0)


@pytest.mark.parametrize("friction", [0.0, -1.0, math.inf, math.nan])
def test_impossible_friction_is_refused(friction: float) -> None:
    """Assert that a friction that is not positive and finite is refused."""
    with pytest.raises(ValueError, match="The friction is .*, but a positive finite number is needed"):
        UnderdampedFlow(network_risk(), 0.1, friction)


def test_impossible_bath_is_refused_at_the_door() -> None:
    """Assert that temperature, confinement and pairing are checked when the flow is made."""
    with pytest.raises(ValueError, match="The temperature is -0.1"):
        UnderdampedFlow(network_risk(), -0.1, 1.0)
    with pytest.raises(ValueError, match="The confinement is -1.0"):
        UnderdampedFlow(network_risk(), 0.1, 1.0, -1.0)
    with pytest.raises(ValueError, match="pairing is 'gibbs'"):
        UnderdampedFlow(network_risk(), 0.1, 1.0, pairing="gibbs")


@pytest.mark.parametrize("parts", [1, 2])
def test_batches_kick_where_they_are_in_force(parts: int) -> None:
    """Assert that BAOAB with batches is kick, drift, friction and noise, drift, kick written out, every place kicked by
    the gradient of the batch in force when it is met; and that a run goes on from a velocity to the bit."""
    risk, draws, heat, friction, step = network_risk(NTK(), strength=0.2), Draws(3, seed=4), 0.1, 1.5, 0.1
    begin, size = network_cloud(), step / parts
    flow = UnderdampedFlow(risk, heat, friction, batches=Minibatches(draws, step))
    end = evolve(flow, begin, BAOAB(size), until=1.0, seed=9)

    def force(positions: Tensor, number: int) -> Tensor:
        return -written_out_gradient(risk.on(draws.batch(risk.data, number // parts)), begin.moved(positions))

    positions, speed = begin.positions, torch.zeros_like(begin.positions)
    kept = math.exp(-friction * size)
    for number in range(10 * parts):
        speed = speed + 0.5 * size * force(positions, number)
        positions = positions + 0.5 * size * speed
        width = torch.sqrt((1.0 - kept**2) * heat * begin.masses)[:, None]
        speed = kept * speed + width * StepNoise(9, number).normals(positions)
        positions = positions + 0.5 * size * speed
        speed = speed + 0.5 * size * force(positions, number + 1)
    assert isinstance(end, KineticCloud)
    assert_identical(end.positions, positions)
    assert_identical(end.velocities, speed)
    half = evolve(flow, begin, BAOAB(size), until=0.5, seed=9)
    assert torch.equal(evolve(flow, half, BAOAB(size), until=1.0, time=0.5, seed=9).positions, end.positions)


def test_a_step_across_two_batches_is_refused() -> None:
    """Assert that the sentence names BAOAB with the step of the batches."""
    flow = UnderdampedFlow(network_risk(), 0.1, 1.0, batches=Minibatches(Draws(3), 0.1))
    with pytest.raises(FlowRefused, match=r"BAOAB with steps of 0.15 does not meet; take BAOAB\(0.1\), or BAOAB"):
        evolve(flow, network_cloud(), BAOAB(0.15), until=1.0)


def test_groups_have_agitation_and_inertia_of_their_own() -> None:
    """Assert that a_j^2 = eta_j rate lambda_j T and that the kinetic energy divides by eta_j rate, group by group."""
    risk, cloud = network_risk(NTK(rates={"hidden": 3.0, "output": 0.0})), network_cloud()
    flow = UnderdampedFlow(risk, {"hidden": 0.3, "output": 0.2}, 1.5, {"hidden": 0.7})
    expected = torch.zeros_like(cloud.positions)
    expected[:, :3] = (0.3 * 3.0 * cloud.masses).sqrt()[:, None]
    assert_identical(flow.agitation(cloud), expected)
    moving = KineticCloud(cloud.positions, cloud.masses, numbers(4, 6, 4))
    assert_identical(flow.kinetic_energy(moving), moving.velocities[:, :3].square().sum() / 6.0)


def test_groups_with_inertia_are_each_at_their_temperature() -> None:
    """Assert that groups apart have variance T_g / c_g in positions and rate lambda eta T_g in velocities."""
    problem = Heated(coupling=0.0)
    flow = UnderdampedFlow(problem.risk, problem.temperature, 1.5, problem.confinement)
    end = evolve(flow, problem.start, BAOAB(0.2), until=30.0, seed=9)
    assert worst_score(end.positions, problem.covariance) < Z
