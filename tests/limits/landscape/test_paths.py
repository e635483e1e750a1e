"""Paths begin and end where they should, and go there as they say."""

import pytest
import torch

from limits import PolygonalPath, StraightPath, TransportPath, wasserstein
from particles import ParticleCloud, Ranks, ReLU, ShapeError, SharedCloud
from tests.draws import normals, unequal
from tests.limits.landscape.clouds import cloud, risk
from tests.tolerances import assert_identical

START, END = cloud(12, 0), cloud(12, 1)
HEAVY = cloud(9, 2, unequal(9))


def test_lines_are_straight_in_positions_and_masses() -> None:
    """Assert that a third of the way is a third of both, and that the ends are the clouds themselves."""
    start, end = ParticleCloud(normals(9, 4, seed=1)), ParticleCloud(normals(9, 4, seed=2), unequal(9))
    path = StraightPath(start, end)
    there = path(1.0 / 3.0)
    assert_identical(there.positions, (2.0 * start.positions + end.positions) / 3.0)
    assert_identical(there.masses, (2.0 * start.masses + end.masses) / 3.0)
    assert torch.equal(path(0.0).positions, start.positions) and torch.equal(path(1.0).masses, end.masses)


def test_broken_lines_meet_every_cloud() -> None:
    """Assert that corners are where the clouds are, and that between two of them nothing of the others is seen."""
    clouds = [cloud(5, seed) for seed in range(4)]
    path = PolygonalPath(clouds)
    for place, met in zip(path.corners, clouds, strict=True):
        assert_identical(path(place).positions, met.positions)
    assert_identical(path(0.5).positions, 0.5 * (clouds[1].positions + clouds[2].positions))


@pytest.mark.parametrize("end", [END, HEAVY], ids=["equal", "unequal"])
def test_transport_is_a_geodesic(end: ParticleCloud) -> None:
    """Assert that W_2 from the start and to the end are s and 1 - s of the distance, with the masses of both."""
    path = TransportPath(START, end)
    distance = wasserstein(START, end)
    for place in (0.0, 0.25, 0.7, 1.0):
        assert_identical(wasserstein(START, path(place)) + 1.0, place * distance + 1.0, operations=1e6)
        assert_identical(wasserstein(path(place), end) + 1.0, (1.0 - place) * distance + 1.0, operations=1e6)


def test_transport_keeps_the_networks_at_its_ends() -> None:
    """Assert that splitting particles changes no prediction, and that pairs are those of the shortest way."""
    path = TransportPath(START, HEAVY)
    for place, met in ((0.0, START), (1.0, HEAVY)):
        assert_identical(risk().predictions(path(place)), risk().predictions(met))
    shuffled = ParticleCloud(START.positions.flip(0))
    assert_identical(TransportPath(START, shuffled)(0.5).positions.sum(dim=0), START.positions.sum(dim=0))
    assert float(TransportPath(START, shuffled).transport.distance) == 0.0


def test_odd_neurons_go_to_the_nearer_of_two_ends() -> None:
    """Assert that flips of (w, a) are no distance to odd neurons, and are met as the same network; others refuse."""
    neuron, signs = risk().neuron, torch.where(torch.arange(12) % 3 == 0, -1.0, 1.0).double()
    flipped = ParticleCloud(signs[:, None] * START.positions)
    path = TransportPath(START, flipped, odd=neuron)
    assert float(path.transport.distance) == 0.0
    assert_identical(risk().predictions(path(0.5)), risk().predictions(flipped))
    assert float(TransportPath(START, flipped).transport.distance) > 0.1
    with pytest.raises(ValueError, match="ReLU is not odd"):
        TransportPath(START, END, odd=risk(activation=ReLU()).neuron)


def test_what_is_no_path_is_refused() -> None:
    """Assert that places outside, single clouds, other sizes and parts of clouds get a sentence each."""
    with pytest.raises(ValueError, match="place on the path is 1.5, but a number from 0 to 1"):
        StraightPath(START, END)(1.5)
    with pytest.raises(ShapeError, match="two clouds or more, but 1 came"):
        PolygonalPath([START])
    with pytest.raises(ShapeError, match="12 particles in 5 dimensions meets 9 in 5; .* TransportPath"):
        StraightPath(START, HEAVY)
    shared = SharedCloud.of(cloud(256, 0), Ranks())
    with pytest.raises(TypeError, match="one process holds, but a SharedCloud"):
        StraightPath(shared, shared)


def test_single_precision_is_kept() -> None:
    """Assert that a path is in the dtype of its start."""
    start = START.to(dtype=torch.float32)
    assert StraightPath(start, END)(0.5).dtype == torch.float32
    assert TransportPath(start, HEAVY)(0.5).dtype == torch.float32
