"""The Gaussian lower bound."""

import pytest
import torch
from scipy.linalg import sqrtm

from limits.transport import transport, wasserstein
from particles import ParticleCloud
from tests.draws import normals
from tests.limits.transport.clouds import assert_derivatives, cloud


def test_bound_is_the_closed_form() -> None:
    """Assert that it is |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2) with scipy's matrix roots."""
    first, second = cloud(30, 3, seed=1), cloud(20, 3, seed=2, shift=1.0)
    moments = []
    for here in (first, second):
        mean = here.masses @ here.positions
        centred = here.positions - mean
        moments.append((mean, ((here.masses[:, None] * centred).T @ centred).numpy()))
    (m1, s1), (m2, s2) = moments
    root = sqrtm(s1)
    square = float((m1 - m2) @ (m1 - m2)) + (s1 + s2 - 2.0 * sqrtm(root @ s2 @ root).real).trace()
    found = transport(first, second, method="gaussian")
    assert float(found.distance) == pytest.approx(square**0.5, rel=1e-10)
    assert found.gap is None and not found.is_exact


@pytest.mark.parametrize("p", [2.0, 3.0])
def test_bound_is_below_the_distance(p: float) -> None:
    """Assert that W_p is above it for clouds that are far from Gaussian."""
    first = ParticleCloud(normals(30, 2, seed=1) ** 3)
    second = cloud(25, 2, seed=2, shift=2.0)
    assert float(wasserstein(first, second, p, "gaussian")) < float(wasserstein(first, second, p))


def test_bound_is_attained_by_affine_maps() -> None:
    """Assert that the distance to a shifted and stretched copy, a gradient map, is the bound."""
    first = cloud(40, 2, seed=1)
    stretch = torch.tensor([[2.0, 0.3], [0.3, 0.7]], dtype=torch.float64)
    second = first.moved(first.positions @ stretch + 0.5)
    assert float(wasserstein(first, second, method="gaussian")) == pytest.approx(
        float(wasserstein(first, second)), rel=1e-9
    )


def test_flat_clouds_and_points_have_a_bound() -> None:
    """Assert that singular covariances are no trouble: two points are at their distance."""
    point = ParticleCloud(torch.zeros(1, 3, dtype=torch.float64))
    assert float(wasserstein(point, point.moved(point.positions + 1.0), method="gaussian")) == pytest.approx(3.0**0.5)


def test_powers_below_two_are_refused() -> None:
    """Assert that p = 1 is refused, for which the bound does not hold."""
    with pytest.raises(ValueError, match="The Gaussian bound holds for p >= 2, but p is 1; take another method"):
        wasserstein(cloud(3, 2, seed=1), cloud(3, 2, seed=2), 1.0, "gaussian")


@pytest.mark.parametrize("shift", [0.0, 1e-9, 1e-3])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_rounding_does_not_lift_the_bound_above_the_distance(shift: float, offset: float) -> None:
    """Assert that clouds a shift apart, in few and many dimensions, flat ones too, are not bounded further apart."""
    for count, dim in ((2, 3), (60, 3), (7, 300), (400, 100)):
        first = cloud(count, dim, seed=1)
        first = first.moved(first.positions + offset)
        second = first.moved(first.positions + shift)
        moved = float((first.masses @ (second.positions - first.positions).square().sum(dim=1)).sqrt())
        found = float(wasserstein(first, second, method="gaussian"))
        assert found <= moved
        assert found > 0.999 * moved or shift < 1e-3


@pytest.mark.parametrize("p", [2.0, 3.0])
def test_derivatives_in_places_and_masses_are_those_of_differences(p: float) -> None:
    """Assert that autograd through positions and masses of both clouds is right."""
    first, second = cloud(8, 3, seed=1), cloud(11, 3, seed=2, shift=0.5)

    def distance(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return wasserstein(ParticleCloud(x, a), ParticleCloud(y, b), p, "gaussian")

    assert_derivatives(distance, first.positions, first.masses, second.positions, second.masses)
