"""The sliced distance and its standard error."""

import math

import pytest
import torch

from limits.transport import transport, wasserstein
from limits.transport.problem import posed
from limits.transport.sliced import by_slices, directions
from particles import ParticleCloud
from tests.draws import normals, untouched_generators
from tests.limits.transport.clouds import assert_derivatives, cloud, slopes
from tests.tolerances import DERIVATIVE, PLANTED_Z, Z


def test_shifted_cloud_is_a_known_distance_away() -> None:
    """Assert that a shift by v has SW_2 = |v| / sqrt(d), |z| < 5 by its own error, and other powers do not."""
    first = cloud(50, 4, seed=1)
    second = first.moved(first.positions + torch.tensor([3.0, 0.0, 4.0, 0.0], dtype=torch.float64))
    found = transport(first, second, method="sliced", projections=2000)
    assert abs(float(found.distance) - 2.5) < Z * found.standard_error < 0.2
    assert abs(float(found.distance) - 5.0) > PLANTED_Z * found.standard_error
    assert found.gap is None and not found.is_exact and found.plan is None


@pytest.mark.parametrize("p", [1.0, 3.0])
def test_mean_over_directions_is_written_out(p: float) -> None:
    """Assert that the distance is the p-mean of one-dimensional distances, weights honoured."""
    first, second = cloud(9, 3, seed=1), cloud(7, 3, seed=2)
    us = directions(3, 20, seed=5)
    lines = [[ParticleCloud((here.positions @ u)[:, None], here.masses) for here in (first, second)] for u in us]
    costs = torch.stack([wasserstein(one, other, p) ** p for one, other in lines])
    found = by_slices(posed(first, second, p), 20, seed=5)
    assert float(found.distance) == pytest.approx(float(costs.mean()) ** (1.0 / p), rel=1e-12)
    spread = float(costs.std()) / math.sqrt(20) / (p * float(found.distance) ** (p - 1.0))
    assert found.standard_error == pytest.approx(spread, rel=1e-12)


@pytest.mark.validation
def test_error_bars_cover_the_truth() -> None:
    """Assert that of 120 estimates of SW_2 of a shift the scores have deviation one, to five standard errors."""
    first = cloud(20, 3, seed=1)
    second = first.moved(first.positions + torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64))
    problem, truth = posed(first, second, 2.0), math.sqrt(1.0 / 3.0)
    found = [by_slices(problem, 100, seed) for seed in range(120)]
    scores = torch.tensor([(float(result.distance) - truth) / result.standard_error for result in found])
    assert abs(float(scores.square().mean()) - 1.0) < Z * math.sqrt(2.0 / 120)


def test_directions_are_unit_vectors_of_their_seed() -> None:
    """Assert that directions have length one, mean zero (|z| < 5), keep to their seed, and touch no global state."""
    with untouched_generators():
        us = directions(3, 4000, seed=1)
    assert float((us.norm(dim=1) - 1.0).abs().max()) < 1e-14
    assert float(us.mean(dim=0).abs().max()) < Z * math.sqrt(1.0 / 3.0 / 4000)
    assert torch.equal(us[:10], directions(3, 10, seed=1)) and not torch.equal(us[:10], directions(3, 10, seed=2))


def test_gradient_is_that_of_differences() -> None:
    """Assert that autograd through the sliced distance agrees with central differences to 1e-6."""
    first, second = cloud(5, 2, seed=3), cloud(4, 2, seed=4)
    positions = first.positions.clone().requires_grad_()
    wasserstein(ParticleCloud(positions, first.masses), second, method="sliced").backward()
    expected = slopes(lambda here, there: wasserstein(here, there, method="sliced"), first, second)
    assert float((positions.grad - expected).abs().max()) < DERIVATIVE


def test_equal_clouds_and_too_few_projections() -> None:
    """Assert that equal clouds are at distance zero with error zero, and one projection is refused."""
    first = ParticleCloud(normals(30, 3, seed=1))
    found = transport(first, first, method="sliced")
    assert float(found.distance) == 0.0 and found.standard_error == 0.0
    with pytest.raises(ValueError, match="number of projections is 1, but an integer of at least 2 is needed"):
        transport(first, first, method="sliced", projections=1)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_derivatives_in_places_and_masses_are_those_of_differences(p: float) -> None:
    """Assert that autograd through positions and masses of both clouds is right."""
    first, second = cloud(8, 3, seed=1), cloud(11, 3, seed=2, shift=0.5)

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return wasserstein(ParticleCloud(x, a), ParticleCloud(y, b), p, "sliced")

    assert_derivatives(distance, first.positions, first.masses, second.positions, second.masses, step=1e-7)


def test_rounding_is_in_the_error() -> None:
    """Assert that clouds 1e-9 apart at 1e6 are that far apart within their errors, in one coordinate too."""
    for dim in (1, 3, 300):
        first = cloud(30, dim, seed=1)
        first = first.moved(first.positions + 1e6)
        moved = first.positions.clone()
        moved[:, 0] += 1e-9
        second = first.moved(moved)
        right = float((first.masses @ (moved - first.positions).square().sum(dim=1)).sqrt()) / math.sqrt(dim)
        found = transport(first, second, method="sliced")
        assert abs(float(found.distance) - right) < Z * found.standard_error


def test_large_powers_keep_their_error() -> None:
    """Assert that SW_64 of a shift of 1e-5 is |v| (E u_1^64)^(1/64) = |v| 65^(-1/64), |z| < 5."""
    first = cloud(30, 3, seed=1)
    second = first.moved(first.positions + torch.tensor([1e-5, 0.0, 0.0], dtype=torch.float64))
    found = transport(first, second, 64.0, "sliced", projections=4000)
    assert abs(float(found.distance) - 1e-5 * (1.0 / 65.0) ** (1.0 / 64.0)) < Z * found.standard_error
    assert 1e-4 < found.standard_error / float(found.distance) < 1e-2
