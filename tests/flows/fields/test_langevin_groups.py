"""Langevin flows with a temperature, a confinement and a rate for each group of coordinates."""

import math

import pytest
import torch

from flows import (
    EulerMaruyama,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    evolve,
)
from particles import NTK
from tests.flows.contracts.members import Make
from tests.flows.problems.grouped import Heated, worst_score
from tests.problems import network_cloud, network_risk
from tests.tolerances import PLANTED_Z, Z, assert_identical, relative_error


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
