"""Streaming changes nothing but memory: any tile size gives the same numbers, and large clouds write no matrix."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from particles import (
    L2,
    NTK,
    Identity,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    as_neuron,
    jacobian_product,
    jacobian_transpose_product,
    tangent_gram,
)
from particles.compute.tiles import KEPT_ENTRIES, Tiles
from tests.draws import normals, unequal
from tests.house.source import ROOT
from tests.particles.risk.contracts.members import NEURONS, name_of
from tests.particles.risk.contracts.plain import dataset
from tests.tolerances import assert_identical

COUNT = 50
#: For neurons that a user wrote, which are slow one by one.
FEW = 15
SIZES = [1, 7, 4096]


def tile_by(monkeypatch: pytest.MonkeyPatch, size: int, data: int, *, kept: bool) -> None:
    """Cut every cloud into tiles of this many particles, and keep them between two passes or not."""
    monkeypatch.setattr("particles.compute.tiles.SMALLEST_TILE", 1)
    monkeypatch.setattr("particles.compute.tiles.KEPT_ENTRIES", sys.maxsize if kept else 0)
    monkeypatch.setattr("particles.compute.tiles.KEPT_SHARE", 0)
    monkeypatch.setattr("particles.cloud.Tiles", partial(Tiles, entries=size * data))


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "anew"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_tile_size_changes_nothing(monkeypatch: pytest.MonkeyPatch, neuron: Perceptron, size: int, kept: bool) -> None:
    """Assert that risk, potential, velocity, Gram matrix and Jacobian products are those of one tile, to rounding.

    NTK scaling and unequal masses, because mean-field rates are one for every particle and would hide a wrong slice.
    """
    outputs = as_neuron(neuron).outputs
    each = getattr(neuron, "entries_per_datum", outputs)
    risk = Risk(neuron, NTK(), Squared(), dataset(Squared(), outputs), L2(0.3))
    at = ParticleCloud(normals(FEW, neuron.dim, seed=141), unequal(FEW))
    moving = normals(FEW, neuron.dim, seed=142)
    there = normals(3, 3, seed=146)
    asked = [
        *(risk, risk.potential, risk.velocity),
        lambda cloud: risk.predictions(cloud, there),
        lambda cloud: tangent_gram(risk, cloud, there, risk.data.inputs),
        lambda cloud: jacobian_product(risk, cloud, moving),
        lambda cloud: jacobian_transpose_product(risk, cloud, risk.data.targets),
    ]
    expected = [ask(at) for ask in asked]
    tile_by(monkeypatch, size, risk.data.count * each, kept=kept)
    again = ParticleCloud(at.positions.clone(), at.masses)
    assert len(list(risk.at(again).tiles)) == -(-FEW // size)
    for ask, number in zip(asked, expected, strict=True):
        assert_identical(ask(again), number)


def test_tiles_cover_every_particle_once_in_order() -> None:
    """Assert that the slices are adjacent, of the size that entries and data give, the last one shorter."""
    phi, positions = normals(10, 3, seed=143), normals(COUNT, 4, seed=144)
    tiles = list(Tiles(Perceptron(Tanh(), Identity(3)), positions, phi, entries=200))
    assert [len(range(COUNT)[part]) for part, _ in tiles] == [20, 20, 10]
    assert [index for part, _ in tiles for index in range(COUNT)[part]] == list(range(COUNT))
    for part, tangent in tiles:
        assert torch.equal(tangent.positions, positions[part])


def test_small_cloud_is_linearised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a second pass hands out the same tangents for a small cloud, and new ones for a large cloud."""
    phi, positions = normals(10, 3, seed=143), normals(COUNT, 4, seed=144)
    neuron = Perceptron(Tanh(), Identity(3))
    for kept in (True, False):
        monkeypatch.setattr("particles.compute.tiles.KEPT_ENTRIES", COUNT * 10 - (not kept))
        tiles = Tiles(neuron, positions, phi, entries=200)
        same = [first is second for (_, first), (_, second) in zip(list(tiles), list(tiles), strict=True)]
        assert same == [kept] * 3


@pytest.mark.parametrize("neuron", NEURONS, ids=name_of)
def test_tangents_kept_for_many_products_change_nothing(neuron: Perceptron) -> None:
    """Assert that products with J and J^T of the tangents that are kept are those of the others, tile by tile."""
    neuron = as_neuron(neuron)
    phi, positions = neuron.embed(dataset(Squared(), neuron.outputs).inputs), normals(FEW, neuron.dim, seed=144)
    factors, tiles = unequal(FEW), Tiles(neuron, positions, phi, entries=4 * len(phi))
    velocities, cotangents = normals(FEW, neuron.dim, seed=145), normals(len(phi), neuron.outputs, seed=146)
    for _ in range(2):
        assert_identical(tiles.kept().push(factors, velocities), tiles.push(factors, velocities))
        assert_identical(tiles.kept().pull(factors, cotangents), tiles.pull(factors, cotangents))


@pytest.mark.parametrize("kept", [True, False])
def test_many_products_need_one_evaluation_where_memory_allows(monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """Assert that values and slopes are computed once for all products, and above a number of bytes for each anew."""
    calls: list[int] = []
    value = Tanh.overwrite
    monkeypatch.setattr(Tanh, "overwrite", lambda *given: calls.append(1) or value(*given))
    monkeypatch.setattr("particles.compute.tiles.KEPT_ENTRIES", 0)
    monkeypatch.setattr("particles.compute.tiles.KEPT_SHARE", 0)
    monkeypatch.setattr("particles.compute.tiles.KEPT_BYTES", 2 * 8 * COUNT * 10 - (not kept))
    phi, positions = normals(10, 3, seed=143), normals(COUNT, 4, seed=144)
    tiles = Tiles(Perceptron(Tanh(), Identity(3), trained="both"), positions, phi, entries=10 * COUNT).kept()
    for _ in range(3):
        tiles.push(unequal(COUNT), positions)
        tiles.pull(unequal(COUNT), normals(10, 1, seed=146))
    assert len(calls) == (1 if kept else 6)


@pytest.mark.parametrize(("inputs", "kept"), [(19, True), (18, False)])
def test_cloud_of_many_inputs_is_linearised_once(monkeypatch: pytest.MonkeyPatch, inputs: int, kept: bool) -> None:
    """Assert that a large cloud is kept too where n is at most twice the coordinates of a particle."""
    monkeypatch.setattr("particles.compute.tiles.KEPT_ENTRIES", 0)
    phi, positions = normals(40, inputs, seed=143), normals(COUNT, inputs + 1, seed=144)
    tiles = Tiles(Perceptron(Tanh(), Identity(inputs)), positions, phi, entries=200)
    same = [first is second for (_, first), (_, second) in zip(list(tiles), list(tiles), strict=True)]
    assert set(same) == {kept}


def test_cloud_cut_where_tiles_end_gives_the_same_bits() -> None:
    """Assert that particles 20 to 49, a cloud of their own, move bit for bit as they do in the whole cloud.

    The first tile has small z and the others large ones, so that tanh is computed in two ways.
    """
    phi, positions, factors = normals(10, 3, seed=143), normals(COUNT, 4, seed=144), unequal(COUNT)
    positions[:20] *= 1e-3
    neuron, cotangents = Perceptron(Tanh(), Identity(3)), normals(10, 1, seed=147)
    whole, part = (Tiles(neuron, positions[first:], phi, entries=200) for first in (0, 20))
    assert torch.equal(whole.pull(factors, cotangents)[20:], part.pull(factors[20:], cotangents))


def test_pass_broken_off_leaves_no_trace() -> None:
    """Assert that a pass that stops after the first tile does not make later passes shorter."""
    tiles = Tiles(Perceptron(Tanh(), Identity(3)), normals(COUNT, 4, seed=144), normals(10, 3, seed=143), entries=200)
    next(iter(tiles))
    assert len(list(tiles)) == len(list(tiles)) == 3


@pytest.mark.parametrize("count", [0, 1, COUNT // 2, COUNT])
def test_particles_without_weight_are_left_out_of_gram_matrices(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Assert that the matrix is the same, and that up to half of the particles are taken alone."""
    neuron, phi, other = Perceptron(Tanh(), Identity(3)), normals(9, 3, seed=145), normals(4, 3, seed=146)
    positions, weights = normals(COUNT, 4, seed=144), torch.zeros(COUNT, dtype=torch.float64)
    weights[COUNT - count :] = 0.5
    others = (phi, other)
    whole = [neuron.tangent(positions, phi).gram(weights, neuron.tangent(positions, there)) for there in others]
    seen: list[int] = []
    tangent = Perceptron.tangent

    def counted(self: Perceptron, positions: torch.Tensor, phi: torch.Tensor) -> object:
        seen.append(positions.shape[0])
        return tangent(self, positions, phi)

    monkeypatch.setattr(Perceptron, "tangent", counted)
    tiles = Tiles(neuron, positions, phi, entries=9 * COUNT)
    for there, expected in zip((None, other), whole, strict=True):
        assert_identical(tiles.gram(weights, there), expected)
    assert set(seen) == {count or COUNT}


def test_tiles_are_not_smaller_than_worth_while() -> None:
    """Assert that a great number of data does not cut the cloud into single particles."""
    neuron, phi = Perceptron(Tanh(), Identity(3)), normals(1000, 3, seed=145)
    (first, _), *_ = Tiles(neuron, normals(COUNT, 4, seed=144), phi, entries=1)
    assert first == slice(0, 16)


#: Velocities in float32 in a process of its own: prints by how many MB each raised the peak memory, then the peak.
PROGRAM = """
import sys
from dataclasses import replace
import torch
import particles.compute.tiles
from particles import Dataset, Identity, NTK, ParticleCloud, Perceptron, Risk, Squared, Tanh

def peak():
    with open("/proc/self/status") as status:  # ru_maxrss would begin at what the parent had when it forked
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

torch.set_num_threads(1)
count, data, inputs, *limits = (int(word) for word in sys.argv[1:])
numbers = torch.Generator().manual_seed(0)
x = torch.randn(data, inputs, generator=numbers)
risk = Risk(Perceptron(Tanh(), Identity(inputs)), NTK(), Squared(), Dataset(x, x[:, :1]))
cloud = ParticleCloud(torch.randn(count, inputs + 1, generator=numbers))
replace(risk, fused=True).velocity(ParticleCloud(cloud.positions[:64]))  # what compiling takes comes before
for particles.compute.tiles.KEPT_ENTRIES in limits:
    before = peak()
    risk.velocity(ParticleCloud(cloud.positions))
    print(peak() - before)
print(peak())
"""
MANY, DATA, INPUTS = 60_000, 500, 10
MATRIX = MANY * DATA * 4 / 2**20
POSITIONS = MANY * (INPUTS + 1) * 4 / 2**20


def megabytes(count: int, data: int, *limits: int) -> list[float]:
    """What the program prints for this many particles and data, keeping tiles up to each of these limits in turn."""
    command = [sys.executable, "-c", PROGRAM, *map(str, (count, data, INPUTS, *limits))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=True)
    return [float(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def growths() -> list[float]:
    """Growth of memory as the library is, and with tiles kept whatever their number."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to read the peak memory of a process")
    return megabytes(MANY, DATA, KEPT_ENTRIES, sys.maxsize)


def test_large_cloud_writes_no_matrix_of_particles_and_data(growths: list[float]) -> None:
    """Assert that a velocity needs memory for a few tensors of positions and a few tiles, far below the matrix."""
    allowed = 4.0 * POSITIONS + 0.1 * MATRIX
    assert growths[0] < allowed < 0.2 * MATRIX


def test_matrix_of_particles_and_data_would_be_seen(growths: list[float]) -> None:
    """Assert that the measure above sees the matrix where tiles are kept, less what it finds of freed memory."""
    assert growths[1] > 0.9 * MATRIX


@pytest.mark.validation
def test_two_million_particles_fit_into_little_memory() -> None:
    """Assert that a velocity of 2,000,000 particles at 1000 data of 10 inputs leaves a whole process below 1.5 GB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to read the peak memory of a process")
    assert megabytes(2_000_000, 1000, KEPT_ENTRIES)[-1] < 1.5e9 / 2**20
