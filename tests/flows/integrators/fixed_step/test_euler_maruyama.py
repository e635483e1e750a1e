"""The Euler-Maruyama method."""

import math

import torch

from flows import Euler, EulerMaruyama, Part, StepNoise, evolve
from particles import ParticleCloud
from tests.flows.contracts.members import INTEGRATORS, NOISY_CHECKS, check_strong_order
from tests.problems import MeanAttraction, Shaken, ShakenAttraction, small_cloud
from tests.tolerances import Z, assert_identical, z_score


def test_step_is_euler_plus_root_step_times_addressed_noise() -> None:
    """Assert that step n adds sqrt(h) sigma(theta, t) xi with the noise of (seed, n), all at the step's beginning."""
    flow, cloud = ShakenAttraction(), small_cloud()
    expected = cloud
    for step in range(4):
        noise = StepNoise(9, step).normals(expected.positions)
        drift = 0.1 * flow.velocity(expected, 0.1 * step)
        shaken = math.sqrt(0.1) * flow.diffusion(expected, 0.1 * step) * noise
        expected = expected.moved(expected.positions + drift + shaken)
    taken = evolve(flow, cloud, EulerMaruyama(0.1), until=0.4, seed=9)
    assert_identical(taken.positions, expected.positions)


def test_without_noise_it_is_euler() -> None:
    """Assert that a flow without diffusion is integrated bit for bit as by Euler."""
    quiet = evolve(MeanAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0)
    plain = evolve(MeanAttraction(), small_cloud(), Euler(0.1), until=1.0)
    assert torch.equal(quiet.positions, plain.positions)


def test_shortened_step_has_noise_of_its_own_length() -> None:
    """Assert that a last step of 0.02 has noise of variance sigma^2 0.02, not of a whole step."""
    cloud = small_cloud()
    taken = evolve(Shaken(), cloud, EulerMaruyama(0.1), until=0.12, seed=9)
    noise = [StepNoise(9, step).normals(cloud.positions) for step in range(2)]
    expected = cloud.positions + 2.0 * (math.sqrt(0.1) * noise[0] + math.sqrt(0.02) * noise[1])
    assert_identical(taken.positions, expected, operations=1e5)


def test_pure_noise_spreads_with_the_root_of_time() -> None:
    """Assert that without drift the variance at time t is sigma^2 t, whatever the number of steps."""
    start = ParticleCloud(torch.zeros(20_000, 1, dtype=torch.float64))
    for step in (0.1, 0.5):
        end = evolve(Shaken(), start, EulerMaruyama(step), until=1.5, seed=2)
        assert abs(z_score(end.positions[:, 0], 0.0)) < Z
        assert abs(z_score(end.positions[:, 0].square(), 6.0)) < Z


def test_claims() -> None:
    """Assert that Euler-Maruyama claims order 1, transport and noise, and is under both contracts."""
    assert (EulerMaruyama.order, EulerMaruyama.handles) == (1.0, {Part.TRANSPORT, Part.NOISE})
    assert EulerMaruyama in INTEGRATORS
    assert check_strong_order in NOISY_CHECKS
