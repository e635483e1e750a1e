"""Runs of different steps under one Brownian path: the strong order by `split`, and the law of linear neurons."""

import math
from typing import Any

import pytest
import torch

from flows import EulerMaruyama, Integrator, LangevinFlow, LeimkuhlerMatthews, LinearSplitting, evolve
from particles import NTK, MeanField, ParticleCloud, Scaling
from tests.flows.problems.affine import affine_step, exact_law
from tests.flows.problems.stationary import CONFINEMENT, TEMPERATURE, Quadratic
from tests.problems import network_risk, numbers
from tests.tolerances import ORDER, Z, relative_error, z_score

FINEST = 256


def strong_errors(splits: tuple[int, ...], nested: bool = True) -> list[float]:
    """Distances from the run with 256 steps of runs with fewer, on a noisy network of two hundred neurons."""
    flow, start = LangevinFlow(network_risk(MeanField()), 0.3, 0.5), ParticleCloud(numbers(3, 200, 4))
    truth = evolve(flow, start, EulerMaruyama(1.0 / FINEST), until=1.0, seed=3).positions
    return [
        relative_error(
            evolve(
                flow, start, EulerMaruyama(split / FINEST), until=1.0, seed=3, split=split if nested else 1
            ).positions,
            truth,
        )
        for split in splits
    ]


def test_euler_maruyama_has_strong_order_one_along_one_path() -> None:
    """Assert that under additive noise the error path by path falls as the step, with `evolve(..., split=...)`."""
    far, near = strong_errors((32, 16))
    # The reference has an error of its own: (16 - 1) / (32 - 1) in place of 1 / 2.
    assert abs(math.log(far / near) / math.log(31.0 / 15.0) - 1.0) < ORDER


def test_without_split_runs_follow_different_paths() -> None:
    """Assert that the same seed alone does not nest the noise: the distance does not fall with the step."""
    far, near = strong_errors((32, 16), nested=False)
    assert near > 0.5 * far
    assert near > 0.1


@pytest.mark.parametrize("make", [EulerMaruyama, LeimkuhlerMatthews, LinearSplitting], ids=lambda make: make.__name__)
@pytest.mark.parametrize("scaling", [MeanField(), NTK()], ids=str)
def test_law_of_linear_neurons_at_several_times(make: type[Integrator[Any]], scaling: Scaling) -> None:
    """Assert that four thousand replicas of a noisy linear network have at three times the mean and covariance that
    the integrator's affine step gives them, and that these are the Ornstein-Uhlenbeck law's to a tenth of that."""
    quadratic, pairing = Quadratic(scaling, replicas=4000), "joint"
    small = Quadratic(scaling, replicas=3)
    flow = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, pairing)
    rate = float(torch.linalg.eigvals(quadratic.mobility @ quadratic.hessian).real.max())
    step, cloud, start = 0.05 / rate, quadratic.start, torch.zeros(3, dtype=torch.float64)
    affine = affine_step(make(step), LangevinFlow(small.risk, TEMPERATURE, CONFINEMENT, pairing), small)
    for first, last in ((0, 10), (10, 30), (30, 90)):
        cloud = evolve(flow, cloud, make(step), until=last * step, seed=5, time=first * step, index=first)
        mean, covariance = affine.law(start, last)
        away = cloud.positions[:, 2:] - mean[:, None]
        for j in range(3):
            assert abs(z_score(away[j], 0.0)) < Z
            for k in range(j + 1):
                assert abs(z_score(away[j] * away[k], float(covariance[j, k]))) < Z
        true_mean, true_covariance = exact_law(quadratic, pairing, start, last * step)
        assert relative_error(mean, true_mean) < 0.05
        assert relative_error(covariance, true_covariance) < 0.05


def test_laws_tend_to_the_exact_one_with_the_step() -> None:
    """Assert that mean and covariance at a time tend to the Ornstein-Uhlenbeck law with order 1 for Euler-Maruyama and
    Leimkuhler-Matthews, whatever the pairing."""
    for pairing in ("joint", "measure"):
        quadratic = Quadratic(replicas=3)
        flow, start = LangevinFlow(quadratic.risk, TEMPERATURE, CONFINEMENT, pairing), torch.zeros(3).double()
        mean, covariance = exact_law(quadratic, pairing, start, 1.0)
        for make in (EulerMaruyama, LeimkuhlerMatthews):
            errors = []
            for steps in (128, 256):
                there = affine_step(make(1.0 / steps), flow, quadratic).law(start, steps)
                errors.append((relative_error(there[0], mean), relative_error(there[1], covariance)))
            for far, near in zip(*errors, strict=True):
                assert abs(math.log2(far / near) - 1.0) < ORDER
