"""The entropic interval around the distance."""

import pytest
import torch

from limits.transport import Iteration, transport, wasserstein
from limits.transport.entropic import sinkhorn as module
from particles import ParticleCloud
from tests.limits.transport.clouds import cloud

FIRST, SECOND = cloud(60, 3, seed=1), cloud(50, 3, seed=2, shift=0.8)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-6])
def test_interval_holds_the_distance(p: float, tolerance: float) -> None:
    """Assert that the exact distance lies in [distance - gap, distance], also from a plan that is far from feasible."""
    exact = float(wasserstein(FIRST, SECOND, p))
    found = transport(FIRST, SECOND, p, "entropic", iteration=Iteration(0.05, tolerance))
    assert float(found.distance) - found.gap <= exact + 1e-12 and exact <= float(found.distance) + 1e-12
    assert 0.0 < found.gap < 0.5 * exact and not found.is_exact


def test_interval_shrinks_with_the_regularisation() -> None:
    """Assert that a tenth of the regularisation leaves less than a fifth of the gap."""
    gaps = [transport(FIRST, SECOND, method="entropic", iteration=Iteration(eps)).gap for eps in (0.05, 0.005)]
    assert gaps[1] < 0.2 * gaps[0]


def test_tiles_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the interval is the same in tiles of one row."""
    whole = transport(FIRST, SECOND, method="entropic")
    monkeypatch.setattr(module, "TILE_ON_CPU", 1)
    parts = transport(FIRST, SECOND, method="entropic")
    assert float(parts.distance) == pytest.approx(float(whole.distance), rel=1e-12)
    assert parts.gap == pytest.approx(whole.gap, rel=1e-9)


def test_points_are_at_their_distance() -> None:
    """Assert that one particle against one is exact, and against itself zero."""
    point = ParticleCloud(torch.zeros(1, 3, dtype=torch.float64))
    found = transport(point, point.moved(point.positions + 2.0), method="entropic")
    assert float(found.distance) == pytest.approx(12.0**0.5, rel=1e-12) and found.gap < 1e-12
    assert float(transport(point, point, method="entropic").distance) == 0.0


def test_distance_follows_the_device(device: torch.device) -> None:
    """Assert that the interval is the same on every device, and stays there."""
    found = transport(FIRST.to(device), SECOND.to(device), method="entropic")
    assert found.distance.device.type == device.type
    assert float(found.distance) == pytest.approx(float(transport(FIRST, SECOND, method="entropic").distance), rel=1e-9)


@pytest.mark.parametrize("dim", [3, 300])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_rounding_does_not_exclude_the_distance(dim: int, offset: float, p: float) -> None:
    """Assert that equal clouds, clouds 1e-9 and 1e-6 apart, and others are inside their intervals."""
    first = cloud(50, dim, seed=1)
    first = first.moved(first.positions + offset)
    for shift in (0.0, 1e-9, 1e-6, 1.0):
        second = first.moved(first.positions + shift)
        exact = transport(first, second, p)
        found = transport(first, second, p, "entropic", iteration=Iteration(0.1))
        assert float(found.distance) - found.gap <= float(exact.distance) <= float(found.distance)


def test_derivatives_are_refused() -> None:
    """Assert that a cloud that requires derivatives is not given a distance that lost them, except without autograd."""
    places = FIRST.positions.clone().requires_grad_()
    for method in ("entropic", "debiased"):
        with pytest.raises(
            ValueError, match=f"method '{method}' has no derivatives, but a cloud requires them; detach"
        ):
            transport(ParticleCloud(places, FIRST.masses), SECOND, method=method)
    with torch.no_grad():
        assert float(transport(ParticleCloud(places, FIRST.masses), SECOND, method="entropic").distance) > 0.0
