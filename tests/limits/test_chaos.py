"""Rates of propagation of chaos: slopes, floors and errors on clouds whose limits are known."""

import math

import numpy as np
import pytest
import torch

from limits.chaos import StandIn, approach, deviation, root_mean, sampled, slope, stand_in
from limits.transport import wasserstein
from particles import ParticleCloud, masses
from tests.draws import normals, untouched_generators
from tests.limits.transport.clouds import cloud
from tests.tolerances import PLANTED_Z, Z


def independent(count: int, seed: int) -> ParticleCloud:
    """Standard normal particles in three dimensions."""
    return ParticleCloud(normals(count, 3, seed=seed))


def together(count: int, seed: int) -> ParticleCloud:
    """The same with one displacement of size 2 / sqrt(count) for all: particles that are not independent."""
    positions = normals(count, 3, seed=seed)
    return ParticleCloud(positions + 2.0 / math.sqrt(count) * normals(1, 3, seed=seed + 77_777))


def second_moment(at: ParticleCloud) -> torch.Tensor:
    """Mean of |x|^2."""
    return at.masses @ at.positions.square().sum(dim=1)


COUNTS = (20, 40, 80, 160)


def test_slope_of_an_exact_power_is_the_power() -> None:
    """Assert that samples proportional to count^-0.7 have that slope, with an interval of no width."""
    samples = np.outer(np.array(COUNTS, dtype=float) ** -0.7, np.full(5, 3.0))
    found = slope(COUNTS, samples**2, root_mean)
    assert found.value == pytest.approx(-0.7, abs=1e-12)
    assert found.low == pytest.approx(-0.7, abs=1e-12) and found.high == pytest.approx(-0.7, abs=1e-12)


def test_interval_covers_the_slope() -> None:
    """Assert that of 200 intervals of 95 % from 40 normal repetitions 88 % to 99 % hold -1/2, and few hold -1/3."""
    random = np.random.default_rng(0)
    scales = np.array(COUNTS, dtype=float)[:, None] ** -0.5
    found = [slope(COUNTS, scales * random.standard_normal((4, 40)), deviation, resamples=300) for _ in range(200)]
    covered = sum(one.low <= -0.5 <= one.high for one in found)
    assert 176 <= covered <= 198
    assert sum(one.low <= -1.0 / 3.0 <= one.high for one in found) < 100


def test_level_widens_the_interval() -> None:
    """Assert that an interval of 99 % holds that of 50 %, and that a seed gives one interval."""
    samples = np.random.default_rng(1).standard_normal((4, 30))
    narrow, wide = (slope(COUNTS, samples, deviation, level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert slope(COUNTS, samples, deviation, seed=3) == slope(COUNTS, samples, deviation, seed=3)


def test_fluctuations_of_independent_particles_fall_as_the_root() -> None:
    """Assert that the second moment's deviation has slope -1/2 within its interval, and not 0 or -1."""
    found = slope(COUNTS, sampled(independent, second_moment, COUNTS, 60), deviation)
    assert found.low < -0.5 < found.high < -0.2 and found.low > -0.8


def test_every_cloud_has_a_seed_of_its_own() -> None:
    """Assert that no seed is used twice in a call, stand-ins included, so that no two clouds share particles."""
    seen: list[int] = []

    def watched(count: int, seed: int) -> ParticleCloud:
        seen.append(seed)
        return independent(count, seed)

    sampled(watched, second_moment, COUNTS, 3, seed=5)
    limit = stand_in(watched, 200, clouds=3, seed=5)
    assert len(seen) == len(set(seen)) == 15
    approach(watched, limit, (10, 20), 2, seed=17)
    assert len(seen) == len(set(seen)) == 19


def test_stand_in_knows_its_error() -> None:
    """Assert that the second moment of 8 clouds of 1000 is 3 within five errors, and the error is that of 8000."""
    found = stand_in(independent, 1000, clouds=8).estimate(second_moment)
    assert abs(found.value - 3.0) < Z * found.error
    assert 0.4 < found.error / math.sqrt(6.0 / 8000) < 1.8


def test_distance_between_stand_ins_is_theirs() -> None:
    """Assert that the error of a stand-in is W_2 of its first two clouds, in the parts asked for."""
    limit = stand_in(independent, 60)
    assert limit.error() == float(wasserstein(*limit.clouds))
    assert limit.error(slice(0, 1)) == float(wasserstein(*limit.clouds, parts=slice(0, 1))) < limit.error()


def test_independent_particles_have_no_excess() -> None:
    """Assert that W_2^2 of independent particles is at its floor, |z| < 5, though the floor is far above zero."""
    found = approach(independent, stand_in(independent, 600, clouds=13), (20, 60), 12)
    for count, excess in zip(found.counts, found.excess, strict=True):
        assert abs(excess.value) < Z * excess.error, count
    assert float(found.floors.mean()) > PLANTED_Z * found.excess[0].error


def test_floors_come_from_the_other_clouds_in_turn() -> None:
    """Assert that repetition r draws its floor from cloud 1 + r, so that repetitions share no particle."""
    places = [ParticleCloud(torch.full((20, 2), 10.0**number, dtype=torch.float64)) for number in range(4)]
    found = approach(lambda count, seed: cloud(count, 2, seed=seed), StandIn(tuple(places)), (5, 10), 4)
    expected = [2.0 * (10.0**number - 1.0) ** 2 for number in (1, 2, 3, 1)]
    assert np.allclose(found.floors, expected, rtol=1e-9)


def test_common_displacement_is_the_excess() -> None:
    """Assert that particles displaced together by 2 / sqrt(m) have an excess of about 12 / m, above the floor."""
    found = approach(together, stand_in(independent, 600, clouds=41), (10, 40), 40)
    for count, excess in zip(found.counts, found.excess, strict=True):
        assert abs(excess.value - 12.0 / count) < Z * excess.error + 0.15 * 12.0 / count
        assert excess.value > 4.0 * excess.error
    assert found.excess[0].value / found.excess[1].value == pytest.approx(4.0, rel=0.6)


def test_floor_has_the_masses_of_the_cloud() -> None:
    """Assert that clouds of unequal masses are compared with as many independent particles of the same masses."""

    def heavy(count: int, seed: int) -> ParticleCloud:
        return independent(count, seed).reweighted(masses.zipf(count, 0.5))

    found = approach(heavy, stand_in(independent, 300, clouds=26), (10, 30), 25)
    for excess in found.excess:
        assert abs(excess.value) < Z * excess.error
    equal = approach(independent, stand_in(independent, 300, clouds=26), (10, 30), 25)
    assert float(found.floors.mean() - equal.floors.mean()) > PLANTED_Z * float(equal.floors.std()) / math.sqrt(50)


def test_global_generators_are_left_alone() -> None:
    """Assert that exchanges and floors draw from their own seeds."""
    limit = StandIn((cloud(30, 2, seed=1), cloud(30, 2, seed=2)))
    with untouched_generators():
        approach(lambda count, seed: cloud(count, 2, seed=seed), limit, (5, 10), 2)
        slope((5, 10), np.ones((2, 3)), root_mean, resamples=5)


def test_what_cannot_be_measured_is_refused() -> None:
    """Assert that one count, equal counts, one repetition, one cloud and small stand-ins are refused."""
    limit = stand_in(independent, 30)
    with pytest.raises(ValueError, match=r"The counts are \[5\], but two or more different positive ones are needed"):
        approach(independent, limit, (5,), 3)
    with pytest.raises(ValueError, match=r"The counts are \[5, 5\], but two or more different"):
        sampled(independent, second_moment, (5, 5), 3)
    with pytest.raises(ValueError, match="There are 1 repetitions, but two or more are needed for an error"):
        sampled(independent, second_moment, (5, 6), 1)
    with pytest.raises(ValueError, match="A stand-in of 1 clouds cannot tell its own error; make two or more"):
        stand_in(independent, 30, clouds=1)
    with pytest.raises(ValueError, match="Clouds of 31 particles need a stand-in that is larger than 30"):
        approach(independent, limit, (5, 31), 2)
