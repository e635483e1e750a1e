"""What a transport problem is made of, and what is turned away before any solver is called."""

import math

import pytest
import torch

from limits.transport import wasserstein
from limits.transport.problem import measure, posed
from particles import MassError, ParticleCloud, ShapeError
from tests.draws import normals
from tests.limits.transport.clouds import cloud
from tests.tolerances import assert_identical

FIRST, SECOND = cloud(6, 4, seed=1), cloud(5, 4, seed=2)


def test_massless_particles_are_left_out_and_numbers_kept() -> None:
    """Assert that atoms of mass zero vanish, the others keep their row of the cloud, and nothing else changes."""
    masses = torch.tensor([0.5, 0.0, 0.25, 0.0, 0.0, 0.25], dtype=torch.float64)
    problem = posed(ParticleCloud(FIRST.positions, masses), SECOND, 2.0)
    assert problem.first.numbers.tolist() == [0, 2, 5]
    assert torch.equal(problem.first.points, FIRST.positions[[0, 2, 5]])
    assert torch.equal(problem.first.masses, masses[[0, 2, 5]])


def test_masses_in_single_precision_are_made_to_sum_to_one() -> None:
    """Assert that float32 masses summing to less than one by rounding become float64 masses summing to one."""
    masses = torch.full((3,), 1.0 / 3.0, dtype=torch.float32)
    masses[0] -= 6e-8
    single = ParticleCloud(normals(3, 4, seed=3, dtype=torch.float32), masses)
    assert float(masses.double().sum()) < 1.0 - 2e-8
    problem = posed(single, SECOND, 2.0)
    assert problem.first.masses.dtype == problem.first.points.dtype == torch.float64
    assert abs(float(problem.first.masses.sum()) - 1.0) < 1e-15


def test_mean_cost_is_that_of_independent_pairs() -> None:
    """Assert that the mean cost for p = 2 is sum_ij a_i b_j |x_i - y_j|^2, and for p = 1 its root."""
    squares = (FIRST.positions[:, None] - SECOND.positions[None]).square().sum(dim=2)
    mean = float(FIRST.masses @ squares @ SECOND.masses)
    assert posed(FIRST, SECOND, 2.0).mean_cost == pytest.approx(mean, rel=1e-13)
    assert posed(FIRST, SECOND, 1.0).mean_cost == pytest.approx(math.sqrt(mean), rel=1e-13)


@pytest.mark.parametrize(
    ("parts", "outputs", "columns"),
    [
        ("hidden", 1, [0, 1, 2]),
        ("output", 1, [3]),
        ("hidden", 2, [0, 1]),
        ("output", 2, [2, 3]),
        (slice(1, 3), 1, [1, 2]),
        ([2, 0], 1, [2, 0]),
        ((-1,), 1, [3]),
        (None, 1, [0, 1, 2, 3]),
    ],
)
def test_parts_choose_coordinates(parts: object, outputs: int, columns: list[int]) -> None:
    """Assert that names, slices and numbers choose the coordinates they say."""
    problem = posed(FIRST, SECOND, 2.0, parts, outputs)
    assert_identical(problem.first.points, FIRST.positions[:, columns])
    assert_identical(problem.second.points, SECOND.positions[:, columns])


@pytest.mark.parametrize(
    ("parts", "outputs", "said"),
    [
        ("weights", 1, "parts is 'weights', but 'hidden', 'output', a slice or numbers"),
        ("hidden", 4, "Particles of 4 coordinates cannot have 4 output weights beside hidden ones"),
        ("output", 0, "cannot have 0 output weights"),
        (slice(4, 9), 1, r"leaves none of the 4 coordinates; choose at least one"),
        ([1, 4], 1, r"names coordinates \[1, 4\], but particles have 4"),
    ],
)
def test_impossible_parts_are_refused(parts: object, outputs: int, said: str) -> None:
    """Assert that parts that are not there are refused with what there is."""
    with pytest.raises(ValueError, match=said):
        posed(FIRST, SECOND, 2.0, parts, outputs)


@pytest.mark.parametrize("p", [0.5, math.inf, math.nan])
def test_powers_below_one_are_refused(p: float) -> None:
    """Assert that p must be a finite number of at least 1."""
    with pytest.raises(ValueError, match="The power p is .*, but a finite number of at least 1 is needed"):
        wasserstein(FIRST, SECOND, p)


@pytest.mark.parametrize("scale", [1e160, 1e-160])
def test_costs_beyond_the_range_of_numbers_are_refused(scale: float) -> None:
    """Assert that distances whose squares overflow, or round to zero and would be called exact, are refused."""
    first, second = FIRST.moved(scale * FIRST.positions), SECOND.moved(scale * SECOND.positions)
    with pytest.raises(ValueError, match=r"The positions span .*e.160, and their distances to the power 2 leave"):
        wasserstein(first, second)
    modest = scale**0.5
    first, second = FIRST.moved(modest * FIRST.positions), SECOND.moved(modest * SECOND.positions)
    assert float(wasserstein(first, second)) == pytest.approx(modest * float(wasserstein(FIRST, SECOND)), rel=1e-12)
    with pytest.raises(ValueError, match="to the power 4 leave the range of float64; rescale them"):
        wasserstein(first, second, 4.0)


def test_clouds_that_cannot_be_compared_are_refused(without_shape_checks: None) -> None:
    """Assert that other dimensions, other objects, lost mass and infinite positions each get their sentence."""
    with pytest.raises(ShapeError, match="have 4 and 3 coordinates; compare clouds of one neuron"):
        wasserstein(FIRST, cloud(5, 3, seed=2))
    with pytest.raises(TypeError, match=r"as cloud1, but a ParticleCloud is needed; write ParticleCloud\(cloud1\)"):
        wasserstein(FIRST.positions, SECOND)
    lost = FIRST._unchecked(FIRST.positions, 0.7 * FIRST.masses)
    with pytest.raises(MassError, match="has total mass 0.7, but transport moves equal totals of 1; normalise"):
        wasserstein(SECOND, lost)
    with pytest.raises(ValueError, match="positions that are not finite, but distances need finite ones"):
        wasserstein(FIRST.moved(FIRST.positions * math.inf), SECOND)
    with pytest.raises(ShapeError, match="at least one of each is needed"):
        ParticleCloud(torch.zeros(0, 4, dtype=torch.float64))


def test_measures_may_have_any_total_but_no_signs() -> None:
    """Assert that a measure keeps its total, may be empty, and refuses negative masses and wrong shapes."""
    points = normals(3, 2, seed=5)
    assert float(measure(points, torch.tensor([0.5, 0.0, 3.0]).double()).masses.sum()) == 3.5
    assert measure(points, torch.zeros(3).double()).count == 0
    with pytest.raises(MassError, match="finite non-negative masses; signs go into two measures"):
        measure(points, torch.tensor([0.5, -0.1, 3.0]).double())


def test_measure_of_wrong_shape_is_refused(without_shape_checks: None) -> None:
    """Assert that points and masses must belong together."""
    with pytest.raises(ShapeError, match=r"Points of shape \(3, 2\) came with masses of shape \(2,\)"):
        measure(normals(3, 2, seed=5), torch.ones(2).double())
