"""Entropy from nearest neighbours: against known laws with and without masses, and that its error bar is one."""

import math

import pytest
import torch
from scipy.special import digamma

from limits.mean_field.entropy import entropy
from particles import ParticleCloud, masses
from tests.long import long_after
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
    with pytest.raises(ValueError, match="50 different places with mass, but 120 are needed for 4 neighbours"):
        entropy(ParticleCloud(numbers(0, 50, 1)))
    with pytest.raises(ValueError, match="1 different places with mass, but 120 are needed for 4 neighbours"):
        entropy(ParticleCloud(torch.zeros(400, 2).double()))
    frozen = torch.cat([numbers(0, 400, 1), torch.ones(400, 1).double()], dim=1)
    frozen[200:, 1] = -1.0
    with pytest.raises(ValueError, match="Coordinate 1 takes 2 values at .* places, so they resolve no density; remo"):
        entropy(ParticleCloud(frozen))
    with pytest.raises(ValueError, match="The number of neighbours is 0, but a positive integer"):
        entropy(ParticleCloud(numbers(0, 500, 1)), neighbours=0)


HEAVY = {
    "zipf": lambda count: masses.zipf(count, 0.7),
    "steep zipf": lambda count: masses.zipf(count, 0.4),
    "asymmetrical": lambda count: masses.asymmetrical(count, 0.5, 0.7),
    "half steep": lambda count: masses.asymmetrical(count, 0.5, 0.4),
    "stable": lambda count: masses.stable(count, 0.8, seed=count),
}


@pytest.mark.parametrize("kind", long_after(2, HEAVY))
@pytest.mark.parametrize("dim", long_after(1, [1, 3]))
def test_heavy_masses_leave_the_law_of_the_positions(kind: str, dim: int) -> None:
    """Assert that masses whose largest does not vanish leave the entropy of a normal law to 0.12 in root mean square
    over 10 clouds of 4000, less than 400 leave, and that the stated errors cover nine of ten or more."""
    errors = {}
    for count in (400, 4000):
        found = [entropy(ParticleCloud(numbers(seed, count, dim), HEAVY[kind](count))) for seed in range(10)]
        off = [one.value - normal_entropy(dim) for one in found]
        held = [abs(error) < 1.96 * at.standard_error + at.bias for error, at in zip(off, found, strict=True)]
        assert sum(held) >= 9
        errors[count] = math.sqrt(sum(error**2 for error in off) / 10.0)
    assert errors[4000] < 0.12 and errors[4000] < 0.85 * errors[400]


@pytest.mark.parametrize("apart", [0.0, 1e-12, 1e-6])
@pytest.mark.parametrize("copies", [2, 7])
def test_copies_are_one_particle(apart: float, copies: int) -> None:
    """Assert that every particle given several times, exactly or almost, is the cloud of them once."""
    places = numbers(3, 600, 2)
    many = places.repeat(copies, 1) + apart * numbers(4, 600 * copies, 2)
    once, again = entropy(ParticleCloud(places)), entropy(ParticleCloud(many))
    assert abs(again.value - once.value) < 1e-4
    assert abs(again.value - normal_entropy(2)) < Z * again.standard_error + again.bias


def test_masses_split_over_copies_are_added() -> None:
    """Assert that two thirds of a particle at its place and a third beside it are the particle."""
    places, weights = numbers(3, 600, 2), masses.from_values(numbers(5, 600).square() + 0.1)
    split = ParticleCloud(places.repeat(2, 1), torch.cat([weights / 3.0, 2.0 * weights / 3.0]))
    assert abs(entropy(split).value - entropy(ParticleCloud(places, weights)).value) < 1e-3


def test_order_does_not_make_the_error_small() -> None:
    """Assert that sorted particles have the standard error of shuffled ones, to a factor of 1.6."""
    places = numbers(6, 4000, 1)
    mixed, ordered = (entropy(ParticleCloud(at)) for at in (places, places.sort(dim=0).values))
    assert ordered.value == pytest.approx(mixed.value, abs=1e-12)
    assert 1.0 / 1.6 < ordered.standard_error / mixed.standard_error < 1.6
