"""The door: which method is taken, what it says, and what it refuses."""

import pytest
import torch

from limits.transport import choice, transport, wasserstein
from limits.transport.choice import METHODS
from particles import ParticleCloud
from tests.draws import normals
from tests.limits.transport.clouds import cloud, oracle


def test_auto_takes_what_the_problem_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that auto is line, assignment or simplex, and sliced only beyond the size for exact methods."""
    equal, other = cloud(20, 2, seed=1, equal=True), cloud(20, 2, seed=2)
    assert transport(equal, other, parts=slice(0, 1)).method == "line"
    assert transport(equal, equal).method == "assignment"
    assert transport(equal, other).method == "simplex"
    monkeypatch.setattr(choice, "ASSIGNMENT_PAIRS", 399)
    assert transport(equal, equal).method == "simplex"
    monkeypatch.setattr(choice, "EXACT_PAIRS", 399)
    assert transport(equal, other).method == "sliced" and not transport(equal, other).is_exact
    assert transport(equal, other, method="exact").is_exact
    assert transport(equal, other, parts=slice(0, 1)).method == "line"


def test_bare_distance_is_exact_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that wasserstein does not hand out an approximation that nobody named."""
    first, second = cloud(20, 2, seed=1), cloud(21, 2, seed=2)
    monkeypatch.setattr(choice, "EXACT_PAIRS", 419)
    with pytest.raises(ValueError, match="Clouds of 20 and 21 particles are beyond an exact distance; name a method"):
        wasserstein(first, second)
    assert float(wasserstein(first, second, method="exact")) == pytest.approx(oracle(first, second, 2.0), rel=1e-9)
    assert float(wasserstein(first, second, method="sliced")) > 0.0
    assert float(wasserstein(first, second, parts="hidden")) > 0.0


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("line", "assignment")])
def test_every_method_names_itself_and_takes_time(method: str) -> None:
    """Assert that a result holds its method, positive seconds, and a float64 distance without history."""
    found = transport(cloud(20, 2, seed=1), cloud(15, 2, seed=2), method=method)
    assert found.method == {"auto": "simplex", "exact": "simplex"}.get(method, method)
    assert found.seconds > 0.0
    assert found.distance.dtype == torch.float64 and found.distance.shape == () and not found.distance.requires_grad


@pytest.mark.parametrize("method", ["exact", "entropic", "gaussian", "debiased", "sliced"])
def test_distances_are_symmetric(method: str) -> None:
    """Assert that exchanging the clouds changes no distance, to the accuracy of the method."""
    first, second = cloud(20, 2, seed=1), cloud(15, 2, seed=2)
    there, back = wasserstein(first, second, method=method), wasserstein(second, first, method=method)
    assert float(there) == pytest.approx(float(back), rel=1e-3 if method in ("entropic", "debiased") else 1e-12)


def test_exact_distances_satisfy_the_triangle_inequality() -> None:
    """Assert that W_p of three clouds, unequal masses and counts, is a metric for p = 1 and 2."""
    clouds = [cloud(8 + seed, 2, seed=seed, shift=0.3 * seed) for seed in range(3)]
    for p in (1.0, 2.0):
        ab, bc, ac = (float(wasserstein(clouds[i], clouds[j], p)) for i, j in ((0, 1), (1, 2), (0, 2)))
        assert ac <= ab + bc and ab <= ac + bc and bc <= ab + ac


def test_single_precision_clouds_are_compared_in_double() -> None:
    """Assert that float32 clouds with masses that sum to 1 - 6e-8 have the distance of their float64 copies."""
    masses = torch.full((7,), 1.0 / 7.0, dtype=torch.float32)
    masses[3] -= 6e-8
    first = ParticleCloud(normals(7, 3, seed=1, dtype=torch.float32), masses)
    second = ParticleCloud(normals(9, 3, seed=2, dtype=torch.float32))
    found = transport(first, second)
    assert found.is_exact and found.distance.dtype == torch.float64
    doubled = wasserstein(first.to(dtype=torch.float64), second.to(dtype=torch.float64))
    assert float(found.distance) == pytest.approx(float(doubled), rel=1e-7)


def test_one_particle_and_equal_clouds() -> None:
    """Assert that one particle is compared with many, and that a cloud is at distance zero from itself, proven."""
    point, other = ParticleCloud(torch.zeros(1, 3, dtype=torch.float64)), cloud(30, 3, seed=1)
    expected = float((other.masses @ other.positions.square().sum(dim=1)).sqrt())
    assert float(wasserstein(point, other)) == pytest.approx(expected, rel=1e-13)
    for here in (point, other, cloud(30, 3, seed=1, equal=True)):
        found = transport(here, here)
        assert float(found.distance) == 0.0 and found.gap == 0.0 and found.is_exact


def test_unknown_methods_are_refused() -> None:
    """Assert that a misspelt method gets the names."""
    with pytest.raises(ValueError, match="method is 'emd', but one of 'auto', 'exact', 'line', 'assignment'"):
        wasserstein(cloud(3, 2, seed=1), cloud(3, 2, seed=2), method="emd")
