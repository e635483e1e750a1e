"""The debiased divergence and its standard error."""

import math

import pytest
import torch

from limits.transport import Iteration, transport
from limits.transport.entropic.sinkhorn import sinkhorn, symmetric_sinkhorn
from limits.transport.problem import posed
from particles import ParticleCloud
from tests.draws import normals
from tests.limits.transport.clouds import cloud
from tests.tolerances import Z

FINE = Iteration(0.2, tolerance=1e-10, iterations=5000)


def test_shifted_cloud_is_as_far_as_the_shift() -> None:
    """Assert that a shift of one cloud by v is |v| away for p = 2, at any temperature."""
    first = cloud(40, 3, seed=1)
    second = first.moved(first.positions + torch.tensor([0.6, 0.0, -0.8], dtype=torch.float64))
    for regularisation in (0.2, 1.0, 5.0):
        found = transport(first, second, method="debiased", iteration=Iteration(regularisation, 1e-10, 5000))
        assert float(found.distance) == pytest.approx(1.0, abs=1e-9)
        assert found.gap is None and not found.is_exact


def test_value_is_the_three_entropic_costs() -> None:
    """Assert that S = OT(a, b) - OT(a, a) / 2 - OT(b, b) / 2, each from potentials of the plain iteration."""
    first, second = cloud(40, 3, seed=1), cloud(30, 3, seed=2, shift=1.0)
    both = posed(first, second, 2.0)

    def cost(one: ParticleCloud, other: ParticleCloud) -> float:
        problem = posed(one, other, 2.0)
        f, g = sinkhorn(problem.first, problem.second, 2.0, FINE, both.mean_cost)
        return float(problem.first.masses @ f + problem.second.masses @ g)

    expected = cost(first, second) - 0.5 * cost(first, first) - 0.5 * cost(second, second)
    found = transport(first, second, method="debiased", iteration=FINE)
    assert float(found.distance) == pytest.approx(math.sqrt(expected), rel=1e-8)


def test_equal_clouds_are_at_distance_zero() -> None:
    """Assert that a cloud is within rounding of itself, and that one point is exactly."""
    first = cloud(40, 3, seed=1)
    assert float(transport(first, first, method="debiased", iteration=FINE).distance) < 1e-5
    point = ParticleCloud(torch.zeros(1, 3, dtype=torch.float64))
    assert float(transport(point, point, method="debiased").distance) == 0.0


def gaussian_scores(count: int, repetitions: int) -> torch.Tensor:
    """(estimate - 1) / standard error for normal clouds whose laws differ by a unit shift."""
    scores = []
    for seed in range(repetitions):
        first, second = normals(count, 2, seed=2 * seed), normals(count, 2, seed=2 * seed + 1)
        second[:, 0] += 1.0
        found = transport(ParticleCloud(first), ParticleCloud(second), method="debiased")
        scores.append((float(found.distance) - 1.0) / found.standard_error)
    return torch.tensor(scores, dtype=torch.float64)


def test_error_bars_are_those_of_the_particles() -> None:
    """Assert that scores of 100 pairs of Gaussian clouds have mean square one, to five standard errors."""
    scores = gaussian_scores(300, 100)
    assert abs(float(scores.square().mean()) - 1.0) < Z * math.sqrt(2.0 / 100)


def test_error_is_written_out_for_unequal_masses() -> None:
    """Assert that it is (sum a^2 (h - mean)^2 + the same of b)^(1/2) / (2 distance), from differences of potentials."""
    first, second = cloud(40, 2, seed=1), cloud(30, 2, seed=2, shift=1.0)
    problem = posed(first, second, 2.0)
    f, g = sinkhorn(problem.first, problem.second, 2.0, FINE, problem.mean_cost)
    variance = 0.0
    for measure, potential in ((problem.first, f), (problem.second, g)):
        h = potential - symmetric_sinkhorn(measure, 2.0, FINE, problem.mean_cost)
        variance += float((measure.masses**2 * (h - (measure.masses * h).sum()) ** 2).sum())
    found = transport(first, second, method="debiased", iteration=FINE)
    assert found.standard_error == pytest.approx(math.sqrt(variance) / (2.0 * float(found.distance)), rel=1e-9)
