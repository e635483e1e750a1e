"""The task of E3.4: its density and rate in every dimension, its starts, its clock, and its limit."""

import math

import pytest
import torch

from limits import Shells
from particles import ParticleCloud
from runs.studies.vignettes.bumps import Bumps, Hill, begun, distance, limit


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_hills_are_densities_of_known_concavity(dim: int) -> None:
    """Assert that f has integral one on the ball and second derivative -mu, and that the rate is 4 mu / |Omega|."""
    hill = Hill(dim)
    shells = Shells(1.0, dim, 2000)
    assert abs(float(hill.along(shells.centres) @ shells.volumes) - 1.0) < 1e-6
    x = torch.tensor([[0.1] * dim, [0.2] * dim, [0.3] * dim], dtype=torch.float64)
    bend = hill.target(x).diff().diff() / 0.01
    assert abs(float(bend) / (-hill.concavity * dim) - 1.0) < 1e-9
    assert abs(hill.rate - 4.0 * (dim + 2.0) / hill.volume**2) < 1e-12
    assert dim > 1 or abs(hill.rate - 3.0) < 1e-12


def test_starts_are_of_the_law_of_the_limit() -> None:
    """Assert that W1 of many centres to the density from which the limit starts is what chance leaves of them."""
    law = limit(50, 0.5, 4)
    cloud = Bumps(Hill(1), 4000, 0.1).start(3)
    assert float(cloud.positions.abs().max()) <= 1.0
    assert distance(cloud, law, 0) < 4.0 * 0.25 / math.sqrt(4000)
    assert distance(cloud.moved(cloud.positions + 0.05), law, 0) > 0.03
    assert float(begun(torch.tensor(0.4))) == 1.0


@pytest.mark.parametrize("dim", [2, 3])
def test_starts_in_balls_are_inside(dim: int) -> None:
    """Assert that bumps start in the small ball beside zero, the same for one seed."""
    bumps = Bumps(Hill(dim), 50, 0.3)
    start = bumps.start(1)
    away = start.positions - torch.tensor([0.3, *[0.0] * (dim - 1)], dtype=torch.float64)
    assert float(away.norm(dim=1).max()) <= 0.3
    assert torch.equal(start.positions, bumps.start(1).positions)


def test_time_is_that_of_the_paper() -> None:
    """Assert that a mean that no wall disturbs decays as exp(-2 mu t / |Omega|) = exp(-3 t / 2) in reported times."""
    seen = Bumps(Hill(1), 200, 0.05).seen(0, 0.02, 2)
    means = [float(each.cloud.positions.mean()) for each in seen]
    assert [each.time for each in seen] == pytest.approx([0.0, 0.01, 0.02])
    free = ParticleCloud(0.5 * seen[0].cloud.positions)
    risk = Bumps(Hill(1), 200, 0.05).risk
    speed = float(2.0 * risk.velocity(free).mean() / free.positions.mean())
    assert abs(speed / -1.5 - 1.0) < 0.01
    assert means[2] < means[1] < means[0]


def test_noise_and_batches_change_the_run() -> None:
    """Assert that they are what they say: all three start from one cloud, and end in others, between the walls."""
    bumps = Bumps(Hill(1), 60, 0.2)
    ends = [bumps.seen(0, 0.2, 4, **kind)[-1] for kind in ({}, {"temperature": 0.2}, {"batch": 4})]
    assert len({each.excess for each in ends}) == 3
    assert all(float(each.cloud.positions.abs().max()) <= 1.0 for each in ends)
    with pytest.raises(TypeError, match="Quantiles are of one coordinate"):
        distance(ends[0].cloud, Hill(2).medium(10).solve(torch.ones_like, [0.0]), 0)
