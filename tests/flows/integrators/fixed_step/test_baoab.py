"""BAOAB: the formula, its stationary laws, equipartition, and the velocities that a run hands on."""

import math
from dataclasses import dataclass
from functools import cache

import pytest
import torch

from flows import (
    BAOAB,
    Advance,
    Flow,
    GradientFlow,
    KineticCloud,
    KineticFlow,
    StepNoise,
    Trace,
    UnderdampedFlow,
    evolve,
)
from flows.integrators.fixed_step.baoab import Driven
from particles import NTK, FlowRefused, Lazy, MeanField, ParticleCloud, Power, Scaling
from particles.shapes import Velocity
from tests.flows.integrators.fixed_step.stationary_orders import OBSERVABLES
from tests.flows.problems.affine import affine_step
from tests.flows.problems.stationary import CONFINEMENT, EQUAL, TEMPERATURE, Quadratic
from tests.flows.problems.transition import Basis, RippledKinetic, expectation, stationary_moments, underdamped
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import ORDER, Z, assert_identical, relative_error, z_score

SCALINGS: list[Scaling] = [MeanField(), NTK(), Lazy(3.0), Power(0.75)]
WELLS = RippledKinetic(ripple=0.5, wave=1.2)
POSITIONS, VELOCITIES = Basis(20, 40, 0.8), Basis(14, 28, 0.75)


@dataclass(frozen=True, init=False)
class StaleKick(BAOAB):
    """The last kick uses the acceleration of the start."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Driven, time: float, until: float, noise: StepNoise
    ) -> Advance[Driven]:
        """The right step, its last half kick exchanged."""
        taken = super().step(flow, cloud, state, time, until, noise)
        end, size = taken.cloud, taken.time - time
        assert isinstance(end, KineticCloud)
        kick = 0.5 * size * (state.acceleration - taken.state.acceleration)
        return Advance(taken.time, end.moved(end.positions, end.velocities + kick), taken.state)


@dataclass(frozen=True, init=False)
class Pushing(BAOAB):
    """Friction of the wrong sign: velocities grow by exp(gamma h) where they should decay."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Driven, time: float, until: float, noise: StepNoise
    ) -> Advance[Driven]:
        """Kick, drift, growth, drift, kick, without noise."""
        assert isinstance(flow, KineticFlow) and isinstance(cloud, KineticCloud)
        _, size, reached = self.next(time, until)
        speed = cloud.velocities + 0.5 * size * state.acceleration
        middle = cloud.positions + 0.5 * size * speed
        speed = math.exp(flow.friction * size) * speed
        end = cloud.moved(middle + 0.5 * size * speed)
        after = flow.acceleration(end, reached)
        return Advance(reached, end.moved(end.positions, speed + 0.5 * size * after), Driven(after))


@dataclass(frozen=True, eq=False)
class Misfit:
    """A flow with inertia whose friction is a multiple of the one that belongs to its noise."""

    flow: UnderdampedFlow
    factor: float

    @property
    def friction(self) -> float:
        """A multiple of the friction."""
        return self.flow.friction * self.factor

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """As it is."""
        return self.flow.velocity(cloud, time)

    def acceleration(self, cloud: ParticleCloud, time: float) -> Velocity:
        """As it is."""
        return self.flow.acceleration(cloud, time)

    def agitation(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Such that the noise sqrt(2 gamma) a is that of the flow."""
        return self.flow.agitation(cloud, time) / math.sqrt(self.factor)


@cache
def biases(make: type[BAOAB], step: float) -> list[float]:
    """E - truth of each observable of the positions, and of the squared velocity."""
    moments = stationary_moments(underdamped(make(step), WELLS, step), (POSITIONS, VELOCITIES), (10,))
    nodes, weights = VELOCITIES.rule()
    squared = float(((weights * nodes.square()) @ VELOCITIES.values(nodes)) @ moments[0])
    seen = [expectation(moments[:, 0], POSITIONS, observable) - WELLS.mean(observable) for observable in OBSERVABLES]
    return [*seen, squared - WELLS.temperature]


def check_stationary_orders(make: type[BAOAB]) -> None:
    """Every bias vanishes as h^2 from h = 0.2 to 0.1."""
    orders = [math.log2(abs(a / b)) for a, b in zip(biases(make, 0.2), biases(make, 0.1), strict=True)]
    told = f"stationary orders {', '.join(f'{order:.3f}' for order in orders)}, but 2.0 is claimed"
    assert all(abs(order - 2.0) < ORDER for order in orders), told


def test_stationary_law_has_order_two() -> None:
    """Assert that in rippled wells every bias, of positions and of velocities, vanishes as h^2, without sampling."""
    check_stationary_orders(BAOAB)


def test_stale_kick_is_rejected() -> None:
    """Assert that a last kick from the old place fails that order."""
    with pytest.raises(AssertionError, match="but 2.0 is claimed"):
        check_stationary_orders(StaleKick)


def test_formula() -> None:
    """Assert that a step is kick, drift, friction and noise, drift, kick, with the noise of the step."""
    flow = UnderdampedFlow(network_risk(strength=0.2), lambda time: 0.1 + time, 1.5, 0.5, "joint")
    begin, size = flow.maxwellian(network_cloud(), seed=8), 0.1
    speed = begin.velocities + 0.05 * flow.acceleration(begin)
    middle = begin.positions + 0.05 * speed
    noise = math.sqrt(1.0 - math.exp(-0.3)) * flow.agitation(begin, 0.05) * StepNoise(5, 0).normals(middle)
    speed = math.exp(-0.15) * speed + noise
    end = begin.moved(middle + 0.05 * speed)
    speed = speed + 0.05 * flow.acceleration(end)
    reached = evolve(flow, begin, BAOAB(size), until=size, seed=5)
    assert isinstance(reached, KineticCloud)
    assert_identical(reached.positions, end.positions)
    assert_identical(reached.velocities, speed)


@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
@pytest.mark.parametrize("pairing", ["joint", "measure"])
def test_gibbs_law_of_a_quadratic(scaling: Scaling, pairing: str) -> None:
    """Assert that positions follow exp(-(R + U) / T), any masses, or exp(-m (R + U) / T), equal ones, to rounding at
    h omega = 1, and that velocities are those of equipartition up to order 2."""
    quadratic = Quadratic(scaling, replicas=6) if pairing == "joint" else Quadratic(scaling, EQUAL, replicas=6)
    flow = UnderdampedFlow(quadratic.risk, TEMPERATURE, 1.3, CONFINEMENT, pairing)
    step = float(torch.linalg.eigvals(quadratic.mobility @ quadratic.hessian).real.max()) ** -0.5
    cold = TEMPERATURE / (3.0 if pairing == "measure" else 1.0)
    far, near = (affine_step(BAOAB(size), flow, quadratic, inertia=True).stationary() for size in (step, 0.5 * step))
    assert_identical(far[:3, :3], cold * torch.linalg.inv(quadratic.hessian), operations=1e4)
    errors = [float((law[3:, 3:] - cold * quadratic.mobility).norm()) for law in (far, near)]
    assert abs(math.log2(errors[0] / errors[1]) - 2.0) < ORDER


@pytest.mark.parametrize("factor", [0.5, 2.0], ids=["half the friction", "twice the friction"])
def test_friction_that_does_not_fit_the_noise_is_rejected(factor: float) -> None:
    """Assert that the Gibbs law sees a friction that noise and temperature do not belong to."""
    quadratic = Quadratic(replicas=6)
    flow = Misfit(UnderdampedFlow(quadratic.risk, TEMPERATURE, 1.3, CONFINEMENT, "joint"), factor)
    law = affine_step(BAOAB(0.2), flow, quadratic, inertia=True).stationary()[:3, :3]
    assert relative_error(law, TEMPERATURE * torch.linalg.inv(quadratic.hessian)) > 0.4


def test_friction_of_the_wrong_sign_has_no_stationary_law() -> None:
    """Assert that the chain contracts, and that with the sign of the friction turned it would not."""
    quadratic = Quadratic(replicas=6)
    flow = UnderdampedFlow(quadratic.risk, TEMPERATURE, 1.3, CONFINEMENT, "joint")
    right, wrong = (affine_step(make(0.2), flow, quadratic, inertia=True).matrix for make in (BAOAB, Pushing))
    assert float(torch.linalg.eigvals(right).abs().max()) < 1.0 < float(torch.linalg.eigvals(wrong).abs().max())


@pytest.mark.validation
def test_equipartition_on_a_network() -> None:
    """Assert that a run of a thousand neurons with unequal masses, far into its stationary state, has kinetic energy
    T / 2 for every trained coordinate, and the heavy as much as the light."""
    masses = torch.tensor([1.6e-3, 0.4e-3], dtype=torch.float64).repeat_interleave(500)
    risk = network_risk()
    flow = UnderdampedFlow(risk, 0.002, 1.0, 1.0, "joint")
    start = ParticleCloud(0.1 * numbers(1, 1000, 4), masses)
    end = evolve(flow, start, BAOAB(0.05), until=20.0, seed=1)
    assert isinstance(end, KineticCloud)
    for part in (slice(0, 500), slice(500, 1000)):
        squares = (end.velocities[part].square() * masses[part, None]).reshape(-1)
        assert abs(z_score(squares, 0.002)) < Z
        assert z_score(squares, 0.001) > 2.0 * Z


def test_velocities_are_handed_to_observers_and_on() -> None:
    """Assert that observers see the velocities, and that a run cut and resumed is the uninterrupted one to the bit."""
    flow, integrator = UnderdampedFlow(network_risk(), lambda time: 0.1 + 0.1 * time, 1.5, 0.5), BAOAB(0.1)
    trace = Trace(kinetic=flow.kinetic_energy)
    whole = evolve(flow, network_cloud(), integrator, until=1.25, seed=3, observers=[trace])
    assert trace["kinetic"][0] == 0.0 and bool((trace["kinetic"][1:] > 0.0).all())
    half = evolve(flow, network_cloud(), integrator, until=0.7, seed=3)
    end = evolve(flow, half, integrator, until=1.25, seed=3, time=0.7, index=7)
    assert isinstance(whole, KineticCloud) and isinstance(end, KineticCloud)
    assert torch.equal(end.positions, whole.positions) and torch.equal(end.velocities, whole.velocities)


def test_without_noise_energy_is_nearly_kept() -> None:
    """Assert that with hardly any friction and no noise H = R + sum |v|^2 / (2 eta) stays within h^2 of its start."""
    risk, flow, drifts = network_risk(), UnderdampedFlow(network_risk(), 0.0, 1e-12), []
    for step in (0.1, 0.05):
        trace = Trace(energy=lambda cloud: risk(cloud) + flow.kinetic_energy(cloud))
        evolve(flow, network_cloud(), BAOAB(step), until=5.0, observers=[trace])
        drifts.append(float(abs(trace["energy"] - trace["energy"][0]).max()))
    assert drifts[0] < 1e-2
    assert abs(math.log2(drifts[0] / drifts[1]) - 2.0) < ORDER


def test_flow_without_inertia_is_refused() -> None:
    """Assert that a plain flow is refused with what to take instead."""
    with pytest.raises(FlowRefused, match="BAOAB handles inertia, but GradientFlow has none; take an UnderdampedFlow"):
        evolve(GradientFlow(network_risk()), network_cloud(), BAOAB(0.1), until=1.0)


def test_missing_step_is_refused() -> None:
    """Assert that a run without a step is refused with what to write, and a step in the call is taken."""
    flow = UnderdampedFlow(network_risk(), 0.1, 1.0)
    with pytest.raises(ValueError, match=r"BAOAB was given no step; write BAOAB\(step=0.1\)"):
        evolve(flow, network_cloud(), BAOAB(), until=1.0)
    one = evolve(flow, network_cloud(), BAOAB(), until=0.3, step=0.1)
    assert torch.equal(one.positions, evolve(flow, network_cloud(), BAOAB(0.1), until=0.3).positions)
