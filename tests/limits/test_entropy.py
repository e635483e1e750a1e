"""Entropy from nearest neighbours: against known laws with and without masses, and that its error bar is one."""

import math

import pytest
import torch
from scipy.special import digamma

from limits.entropy import entropy
from particles import ParticleCloud, masses
from tests.problems import numbers
from tests.tolerances import Z


def normal_entropy(dim: int, variance: float = 1.0) -> float:
    """That of N(0, variance I)."""
    return 0.5 * dim * math.log(2.0 * math.pi * math.e * variance)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_entropy_of_a_gaussian(dim: int) -> None:
    """Assert that 5000 particles give the entropy of a normal law within five standard errors, these below 0.05."""
    found = entropy(ParticleCloud(numbers(dim, 5000, dim)))
    assert abs(found.value - normal_entropy(dim)) < Z * found.standard_error
    assert found.standard_error < 0.05


def test_equal_masses_give_the_known_estimator() -> None:
    """Assert that for equal masses H = psi(m) - psi(k) + log V_d + (d / m) sum log e_j, distances written out."""
    places = numbers(0, 300, 2)
    radii = torch.cdist(places, places).sort(dim=1).values[:, 3]
    expected = digamma(300) - digamma(3) + math.log(math.pi) + 2.0 * float(radii.log().mean())
    assert abs(entropy(ParticleCloud(places), neighbours=3).value - expected) < 1e-12


@pytest.mark.parametrize("kind", ["independent", "smooth"])
def test_masses_count(kind: str) -> None:
    """Assert that masses drawn independently leave the law of the positions, that smooth ones make it another."""
    places = numbers(7, 8000, 1)
    if kind == "independent":
        weights, expected = masses.from_values(numbers(8, 8000).square() + 0.1), normal_entropy(1)
    else:
        weights, expected = masses.from_values(torch.exp(-0.5 * places[:, 0].square())), normal_entropy(1, 0.5)
    found = entropy(ParticleCloud(places, weights))
    assert abs(found.value - expected) < Z * found.standard_error
    assert found.standard_error < 0.05


def test_entropy_grows_with_the_scale() -> None:
    """Assert that particles twice as far apart in every coordinate have dim log 2 more."""
    places = numbers(1, 400, 3)
    one, two = (entropy(ParticleCloud(scale * places)).value for scale in (1.0, 2.0))
    assert abs(two - one - 3.0 * math.log(2.0)) < 1e-12


def test_standard_error_is_the_spread_of_repetitions() -> None:
    """Assert that forty clouds scatter as much as each says of itself, to a factor of 1.4."""
    found = [entropy(ParticleCloud(numbers(seed, 800, 2))) for seed in range(40)]
    values = torch.tensor([one.value for one in found], dtype=torch.float64)
    said = math.sqrt(sum(one.standard_error**2 for one in found) / 40.0)
    assert 1.0 / 1.4 < float(values.std()) / said < 1.4


def test_bias_covers_what_is_not_resolved() -> None:
    """Assert that in one to ten dimensions the bias and five standard errors cover the truth, and that the bias says
    where particles are too few: far above the standard error in ten dimensions, not in one."""
    found = {dim: entropy(ParticleCloud(numbers(dim, 2000, dim))) for dim in (1, 2, 3, 4, 6, 10)}
    for dim, one in found.items():
        assert abs(one.value - normal_entropy(dim)) < one.bias + Z * one.standard_error
    assert found[10].bias > Z * found[10].standard_error
    assert found[1].bias < Z * found[1].standard_error


def test_massless_particles_do_not_count() -> None:
    """Assert that particles of mass zero change nothing."""
    places = numbers(2, 400, 1)
    weights = torch.cat([torch.full((300,), 1.0 / 300.0, dtype=torch.float64), torch.zeros(100).double()])
    assert entropy(ParticleCloud(places, weights)) == entropy(ParticleCloud(places[:300]))


def test_clouds_without_a_density_are_refused() -> None:
    """Assert that too few particles, copies and wrong numbers of neighbours are refused with what is needed."""
    with pytest.raises(ValueError, match="50 particles with mass, but 120 are needed for 4 neighbours"):
        entropy(ParticleCloud(numbers(0, 50, 1)))
    with pytest.raises(ValueError, match="400 particles coincide with 4 others, so they resolve no density"):
        entropy(ParticleCloud(torch.zeros(400, 2).double()))
    with pytest.raises(ValueError, match="The number of neighbours is 0, but a positive integer"):
        entropy(ParticleCloud(numbers(0, 500, 1)), neighbours=0)
