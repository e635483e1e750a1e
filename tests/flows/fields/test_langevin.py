"""The noisy flow: drift and diffusion of both pairings in every scaling, and the law that is stationary."""

import math

import pytest
import torch

from flows import (
    Draws,
    Epochs,
    EulerMaruyama,
    GradientFlow,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    Minibatches,
    MinibatchFlow,
    StepNoise,
    evolve,
    evolve_all,
)
from particles import NTK, Dataset, Ensemble, FlowRefused, Lazy, MeanField, ParticleCloud, Power, Scaling
from particles.trajectory.describe import describe
from tests.flows.contracts.members import FLOWS
from tests.flows.problems.stationary import CONFINEMENT, EQUAL, TEMPERATURE, Quadratic, check_stationary_law
from tests.planted import LateMaruyama, ShakingFlow
from tests.problems import FACTORS, factors, network_cloud, network_risk, written_out_gradient
from tests.tolerances import assert_identical

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


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("pairing", ["measure", "joint"])
def test_stochastic_gradient_langevin_dynamics(pairing: str, parts: int) -> None:
    """Assert that Euler-Maruyama with batches is the step of Welling and Teh written out, one and three steps a batch:
    theta <- theta - h eta grad (R_B + U) + sqrt(2 h eta T) xi, and that full data lead elsewhere."""
    risk, draws, heat, confinement, step = network_risk(strength=0.2), Draws(3, seed=4), 0.1, 0.3, 0.1
    cloud, size = network_cloud(), step / parts
    flow = LangevinFlow(risk, heat, confinement, pairing, Minibatches(draws, step))
    end = evolve(flow, cloud, EulerMaruyama(size), until=1.2, seed=9).positions
    mobility = 1.0 / cloud.masses[:, None]
    strength = torch.sqrt(2.0 * size * heat * (mobility if pairing == "joint" else torch.ones_like(mobility)))
    positions = cloud.positions
    for number in range(12 * parts):
        batch = risk.on(draws.batch(risk.data, number // parts))
        drift = -mobility * written_out_gradient(batch, cloud.moved(positions)) - confinement * positions
        normals = StepNoise(9, number).normals(positions)
        positions = positions + size * drift + strength * normals
    assert_identical(end, positions)
    full = evolve(LangevinFlow(risk, heat, confinement, pairing), cloud, EulerMaruyama(size), until=1.2, seed=9)
    assert float((full.positions - end).abs().max()) > 1e-2


def test_batches_without_temperature_are_gradient_descent() -> None:
    """Assert that without noise and confinement it is MinibatchFlow to the bit, under LeimkuhlerMatthews too."""
    risk, epochs = network_risk(strength=0.2), Epochs(4, seed=1)
    risk = risk.on(Dataset(risk.data.inputs, risk.data.targets))
    plain, flow = MinibatchFlow(risk, epochs, 0.1), LangevinFlow(risk, 0.0, batches=Minibatches(epochs, 0.1))
    ends = [evolve(flow, network_cloud(), make(0.1), until=1.0) for make in (EulerMaruyama, LeimkuhlerMatthews)]
    for end in ends:
        assert_identical(end.positions, evolve(plain, network_cloud(), EulerMaruyama(0.1), until=1.0).positions)
    assert flow.piece == 0.1 and LangevinFlow(risk, 0.1).piece is None and flow.risk is risk


@pytest.mark.parametrize("integrator", [EulerMaruyama(0.15), LinearSplitting(0.1)])
def test_steps_in_two_batches_are_refused(integrator: EulerMaruyama | LinearSplitting) -> None:
    """Assert that a step that misses the border, and a scheme that looks across it, are told what to take."""
    flow = LangevinFlow(network_risk(), 0.1, batches=Minibatches(Draws(3), 0.1))
    with pytest.raises(FlowRefused, match=r"LangevinFlow goes over to .*; take EulerMaruyama\(0.1\), or EulerMar"):
        evolve(flow, network_cloud(), integrator, until=1.0)


def test_ensembles_of_batches_are_refused() -> None:
    """Assert that members, whose targets may differ, are not given the batches of the first."""
    flow = LangevinFlow(network_risk(), 0.1, batches=Minibatches(Draws(3), 0.1))
    with pytest.raises(FlowRefused, match="Members of an ensemble see all data at once, but this LangevinFlow has"):
        evolve_all(flow, Ensemble.of([network_cloud(), network_cloud()]), EulerMaruyama(0.1), until=1.0)


def test_batches_are_left_out_of_descriptions_of_flows_without_them() -> None:
    """Assert that files say what they said before of a flow without batches, and name the batches of one with them."""
    assert describe(LangevinFlow(network_risk(), 0.1)).keys() == {  # type: ignore[union-attr]
        *("class", "risk", "temperature", "confinement", "pairing")
    }
    said = describe(LangevinFlow(network_risk(), 0.1, batches=Minibatches(Draws(3, 5), 0.1)))
    assert said["batches"] == {  # type: ignore[index, call-overload]
        "class": "flows.Minibatches",
        "batches": {"class": "flows.Draws", "size": 3, "seed": 5},
        "step": 0.1,
    }
