"""The noisy flow: drift and diffusion of both pairings in every scaling, and the law that is stationary."""

import math

import pytest
import torch

from flows import (
    EulerMaruyama,
    GradientFlow,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    StepNoise,
    evolve,
)
from particles import NTK, Lazy, MeanField, ParticleCloud, Power, Scaling
from tests.flows.contracts.members import FLOWS, Make
from tests.flows.problems.grouped import Heated, worst_score
from tests.flows.problems.stationary import CONFINEMENT, EQUAL, TEMPERATURE, Quadratic, check_stationary_law
from tests.planted import LateMaruyama, ShakingFlow
from tests.problems import FACTORS, factors, network_cloud, network_risk
from tests.tolerances import PLANTED_Z, Z, assert_identical, relative_error

SCALINGS = [scaling for scaling, _, _ in FACTORS]
COLUMNS = {"hidden": slice(0, 3), "output": slice(3, 4), "both": slice(0, 4)}


def check_diffusion(make: type[LangevinFlow]) -> None:
    """sqrt(2 eta_j lambda_j T) or sqrt(2 eta_j T) in trained coordinates, zero in frozen ones."""
    cloud = network_cloud()
    for scaling in SCALINGS:
        _, mobility = factors(scaling, cloud.masses)
        for pairing, variance in (("measure", mobility * cloud.masses), ("joint", mobility)):
            for trained, columns in COLUMNS.items():
                expected = torch.zeros_like(cloud.positions)
                expected[:, columns] = (2.0 * 0.3 * variance).sqrt()[:, None]
                flow = make(network_risk(scaling, trained=trained), 0.3, pairing=pairing)
                told = f"not the diffusion of {pairing} under {scaling}, trained {trained}"
                assert_identical(flow.diffusion(cloud), expected, claim=told)


def test_diffusion_of_both_pairings() -> None:
    """Assert that sigma_j is sqrt(2 eta_j lambda_j T) or sqrt(2 eta_j T) where trained, and zero where frozen."""
    check_diffusion(LangevinFlow)


def test_shaken_frozen_coordinates_are_rejected() -> None:
    """Assert that the check of the diffusion sees noise in coordinates that are not trained."""
    with pytest.raises(AssertionError, match="not the diffusion of measure .* trained hidden"):
        check_diffusion(ShakingFlow)


def test_measure_is_the_default_and_has_one_noise_for_all_under_mean_field() -> None:
    """Assert that by default every particle has noise sqrt(2 T) under MeanField, whatever its mass."""
    diffusion = LangevinFlow(network_risk(MeanField()), 0.3).diffusion(network_cloud())
    assert_identical(diffusion, torch.full_like(diffusion, math.sqrt(0.6)))


@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_confinement_is_weighted_by_mass(scaling: Scaling) -> None:
    """Assert that U = sum_j lambda_j (confinement / 2) |theta_j|^2 adds -eta_j lambda_j confinement theta_j."""
    risk, cloud = network_risk(scaling), network_cloud()
    _, mobility = factors(scaling, cloud.masses)
    for pairing in ("measure", "joint"):
        added = LangevinFlow(risk, 0.3, 0.7, pairing).velocity(cloud) - GradientFlow(risk).velocity(cloud)
        assert_identical(added, -0.7 * (mobility * cloud.masses)[:, None] * cloud.positions)


def test_confinement_leaves_frozen_coordinates_alone() -> None:
    """Assert that neither confinement nor noise moves the frozen output weights over a whole run."""
    flow = LangevinFlow(network_risk(trained="hidden"), 0.3, 0.7)
    end = evolve(flow, network_cloud(), EulerMaruyama(0.1), until=1.0)
    assert torch.equal(end.positions[:, 3], network_cloud().positions[:, 3])
    assert bool((end.positions[:, :3] != network_cloud().positions[:, :3]).all())


def test_confinement_adds_to_the_regulariser() -> None:
    """Assert that confinement 0.7 above an L2 of 0.2 drifts as confinement 0.9 without one."""
    both = LangevinFlow(network_risk(strength=0.2), 0.3, 0.7).velocity(network_cloud())
    assert_identical(both, LangevinFlow(network_risk(), 0.3, 0.9).velocity(network_cloud()))


@pytest.mark.parametrize("pairing", ["measure", "joint"])
@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
def test_massless_particle_rests(scaling: Scaling, pairing: str) -> None:
    """Assert that a particle of mass zero has neither drift nor noise, and no NaN."""
    cloud = network_cloud()
    massless = ParticleCloud(
        cloud.positions, torch.cat([cloud.masses[:-2], cloud.masses[-2:].sum()[None], EQUAL[:1] * 0])
    )
    flow = LangevinFlow(network_risk(scaling), 0.3, 0.7, pairing)
    assert not flow.velocity(massless)[-1].any()
    assert not flow.diffusion(massless)[-1].any()
    assert bool(flow.diffusion(massless)[:-1].all())


def test_without_temperature_it_is_the_gradient_flow() -> None:
    """Assert that at T = 0 and without confinement the run is Euler's on the gradient flow, to the bit."""
    risk = network_risk(strength=0.2)
    cold = evolve(LangevinFlow(risk, 0.0), network_cloud(), EulerMaruyama(0.1), until=1.0)
    plain = evolve(GradientFlow(risk), network_cloud(), EulerMaruyama(0.1), until=1.0)
    assert_identical(cold.positions, plain.positions)


@pytest.mark.parametrize(
    ("scaling", "pairing", "masses"),
    [
        *(
            (scaling, "joint", masses)
            for scaling in (MeanField(), NTK(), Lazy(3.0), Power(0.75))
            for masses in (None, EQUAL)
        ),
        (MeanField(), "measure", EQUAL),
    ],
)
def test_drift_and_diffusion_balance_in_the_gibbs_law(
    scaling: Scaling, pairing: str, masses: torch.Tensor | None
) -> None:
    """Assert that on a quadratic the Gaussian exp(-(R + U) / T), or exp(-m (R + U) / T), is stationary: B C + C B^T =
    sigma sigma^T with the linear part B of the drift and C = T H^{-1} or T H^{-1} / m."""
    quadratic = Quadratic(scaling, replicas=3) if masses is None else Quadratic(scaling, masses, replicas=3)
    flow = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, pairing)
    unit = torch.eye(3, dtype=torch.float64)
    shifted = quadratic.start.moved(torch.cat([quadratic.start.positions[:, :2], unit], dim=1))
    pull = (flow.velocity(quadratic.start) - flow.velocity(shifted))[:, 2:]
    law = TEMPERATURE * torch.linalg.inv(quadratic.hessian) / (3.0 if pairing == "measure" else 1.0)
    assert_identical(pull @ law + law @ pull.T, torch.diag(flow.diffusion(quadratic.start)[:, 2].square()))


LAWS = [
    ("joint", Quadratic()),
    ("joint", Quadratic(NTK())),
    ("joint", Quadratic(Lazy(3.0))),
    ("measure", Quadratic(masses=EQUAL)),
    ("measure", Quadratic()),
    ("measure", Quadratic(NTK())),
]


@pytest.mark.validation
@pytest.mark.parametrize(("pairing", "quadratic"), LAWS, ids=lambda value: str(getattr(value, "scaling", value)))
def test_stationary_law(pairing: str, quadratic: Quadratic) -> None:
    """Assert that 12,000 replicas have the mean and covariance of the scheme's own stationary law, from
    C = A C A^T + h sigma sigma^T, A = 1 - h M H, within five standard errors in every entry."""
    check_stationary_law(quadratic, LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, pairing), pairing)


@pytest.mark.parametrize("pairing", ["joint", "measure"])
def test_exact_law_tends_to_gibbs(pairing: str) -> None:
    """Assert that the covariance the replicas are held against tends to T H^{-1} or T H^{-1} / m with the step."""
    quadratic = Quadratic(masses=EQUAL)
    gibbs = TEMPERATURE * torch.linalg.inv(quadratic.hessian) / (3.0 if pairing == "measure" else 1.0)
    far, near = ((quadratic.covariance(pairing, step) - gibbs).norm() / gibbs.norm() for step in (1e-2, 1e-3))
    assert near < 1e-3
    assert 9.0 < far / near < 11.0


def check_schedule(make: type[EulerMaruyama]) -> None:
    """A schedule T(t) is read at the start of each step: theta_{n+1} = theta_n + h v + sqrt(2 T(n h) h) xi_n."""
    flow = LangevinFlow(network_risk(), lambda time: 0.2 + time**2)
    expected = network_cloud()
    for step in range(10):
        moved = expected.positions + 0.1 * GradientFlow(network_risk()).velocity(expected)
        shaken = math.sqrt(2.0 * (0.2 + (0.1 * step) ** 2) * 0.1) * StepNoise(7, step).normals(moved)
        expected = expected.moved(moved + shaken)
    end = evolve(flow, network_cloud(), make(0.1), until=1.0, seed=7)
    assert_identical(end.positions, expected.positions, claim="the temperature is read at another time")


def test_temperature_schedule_is_read_at_the_start_of_each_step() -> None:
    """Assert that step n from time n h has noise of variance 2 T(n h) h."""
    check_schedule(EulerMaruyama)


def test_late_temperature_is_rejected() -> None:
    """Assert that the check of the schedule sees a temperature read at the end of the step."""
    with pytest.raises(AssertionError, match="the temperature is read at another time"):
        check_schedule(LateMaruyama)


def test_temperature_at() -> None:
    """Assert that a constant temperature is the same at all times and a schedule is evaluated."""
    assert LangevinFlow(network_risk(), 0.3).temperature_at(5.0) == 0.3
    assert LangevinFlow(network_risk(), lambda time: 2.0 * time).temperature_at(5.0) == 10.0


@pytest.mark.parametrize("temperature", [-0.1, math.inf, math.nan])
def test_impossible_temperature_is_refused(temperature: float) -> None:
    """Assert that a negative or non-finite temperature is refused at the door."""
    with pytest.raises(ValueError, match="The temperature is .*, but a finite non-negative number is needed"):
        LangevinFlow(network_risk(), temperature)


def test_schedule_that_turns_negative_is_refused_when_it_does() -> None:
    """Assert that a schedule is refused at the first time where it is negative."""
    flow = LangevinFlow(network_risk(), lambda time: 0.25 - time)
    with pytest.raises(ValueError, match=r"The temperature is -0\.0\d+, but a finite non-negative number is needed"):
        evolve(flow, network_cloud(), EulerMaruyama(0.1), until=1.0)


@pytest.mark.parametrize("confinement", [-1.0, math.inf, math.nan])
def test_impossible_confinement_is_refused(confinement: float) -> None:
    """Assert that a negative or non-finite confinement is refused."""
    with pytest.raises(ValueError, match="The confinement is .*, but a finite non-negative number is needed"):
        LangevinFlow(network_risk(), 0.1, confinement)


def test_unknown_pairing_is_refused() -> None:
    """Assert that a pairing other than the two is refused by name."""
    with pytest.raises(ValueError, match="pairing is 'gibbs', but one of 'measure', 'joint' is needed"):
        LangevinFlow(network_risk(), 0.1, pairing="gibbs")


def test_langevin_flow_is_under_contract() -> None:
    """Assert that the contract suite of flows runs on LangevinFlow, with and without confinement."""
    assert {"LangevinFlow", "LangevinFlow confined"} <= {member.name for member in FLOWS}


def test_groups_have_temperature_confinement_and_rate_of_their_own() -> None:
    """Assert that diffusion, decay and velocity have those of every group, in both pairings; unnamed ones have zero."""
    risk, cloud = network_risk(NTK(rates={"hidden": 3.0, "output": 0.5}), strength=0.2), network_cloud()
    flow = {
        pairing: LangevinFlow(risk, {"hidden": 0.3, "output": lambda t: 0.1 * t}, {"output": 0.7}, pairing)
        for pairing in ("measure", "joint")
    }
    rates = torch.tensor([3.0, 3.0, 3.0, 0.5], dtype=torch.float64)
    heat = torch.tensor([0.3, 0.3, 0.3, 0.2], dtype=torch.float64)
    variance = 2.0 * (rates * heat).expand_as(cloud.positions)
    assert_identical(flow["joint"].diffusion(cloud, 2.0), variance.sqrt())
    assert_identical(flow["measure"].diffusion(cloud, 2.0), (cloud.masses[:, None] * variance).sqrt())
    strength = torch.tensor([0.2, 0.2, 0.2, 0.9], dtype=torch.float64)
    assert_identical(flow["measure"].decay(cloud), cloud.masses[:, None] * rates * strength)
    force = flow["measure"].force(cloud)
    assert_identical(
        flow["measure"].velocity(cloud), force - cloud.masses[:, None] * rates * strength * cloud.positions
    )
    assert flow["measure"].temperature_at(2.0) == {"hidden": 0.3, "output": 0.2}
    assert not LangevinFlow(risk, {"hidden": 0.3}).diffusion(cloud)[:, 3].any()


def test_one_number_for_all_groups_is_the_plain_flow_to_the_bit() -> None:
    """Assert that groups that agree, and those that are not trained, change no bit."""
    risk, cloud = network_risk(trained="output", strength=0.2), network_cloud()
    plain = LangevinFlow(risk, 0.3, 0.7)
    grouped = LangevinFlow(risk, {"hidden": 5.0, "output": 0.3}, {"output": 0.7})
    for name in ("diffusion", "velocity", "decay"):
        assert torch.equal(getattr(grouped, name)(cloud), getattr(plain, name)(cloud))


@pytest.mark.parametrize("pairing", ["measure", "joint"])
@pytest.mark.parametrize("make", [LeimkuhlerMatthews, LinearSplitting])
def test_groups_apart_are_each_at_their_temperature(make: Make, pairing: str) -> None:
    """Assert that groups that the risk does not couple have variance T_g / c_g at any rates, to the sampling error.

    Both integrators are exact there. With "joint" the noise of equal masses is m times as strong.
    """
    problem = Heated(coupling=0.0)
    flow = LangevinFlow(problem.risk, problem.temperature, problem.confinement, pairing)
    end = evolve(flow, problem.start, make(0.25), until=30.0, seed=7)
    variances = problem.spread(problem.temperature) / problem.spread(problem.confinement)
    assert_identical(problem.covariance, torch.diag(variances))
    scale = problem.count if pairing == "joint" else 1
    assert worst_score(end.positions / scale**0.5, problem.covariance) < Z


def test_coupled_groups_at_different_temperatures_have_the_law_of_lyapunov() -> None:
    """Assert that particles have the scheme's covariance, which tends to that of B S + S B^T = 2 R T with the step.

    No Gibbs law is near: neither temperature for all groups gives these variances.
    """
    problem, step = Heated(), 0.1
    flow = LangevinFlow(problem.risk, problem.temperature, problem.confinement)
    end = evolve(flow, problem.start, EulerMaruyama(step), until=25.0, seed=8)
    assert worst_score(end.positions, problem.covariance_of_euler(step)) < Z
    gaps = [relative_error(problem.covariance_of_euler(h), problem.covariance) for h in (1e-3, 1e-4)]
    assert gaps[1] < 1e-3 and 9.0 < gaps[0] / gaps[1] < 11.0
    gibbs = torch.linalg.inv(problem.drift / problem.spread(problem.rates)[:, None])
    for temperature in problem.temperature.values():
        assert worst_score(end.positions, temperature * gibbs) > PLANTED_Z


def test_groups_that_are_not_there_and_wrong_numbers_are_refused() -> None:
    """Assert that the sentences name what came and what there is."""
    risk = network_risk()
    with pytest.raises(ValueError, match="temperatures name 'bias', but the neuron's groups are 'hidden', 'output'"):
        LangevinFlow(risk, {"bias": 0.1})
    with pytest.raises(ValueError, match="confinements name 'bias', but the neuron's groups are 'hidden', 'output'"):
        LangevinFlow(risk, 0.1, {"bias": 0.1})
    with pytest.raises(ValueError, match="The temperature of 'output' is -0.1, but a finite non-negative number is"):
        LangevinFlow(risk, {"output": -0.1})
    with pytest.raises(ValueError, match="The temperature of 'output' is nan, but a finite non-negative number is"):
        LangevinFlow(risk, {"output": lambda t: math.nan}).diffusion(network_cloud())
