"""Frames keep positions and masses to the bit, round them only on request, and belong to one cloud."""

from pathlib import Path

import h5py
import pytest
import torch

from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryReader
from tests.draws import normals, unequal
from tests.particles.trajectory.plays import START, at_step, played

#: Sixty thousand coordinates in float64: half a megabyte more than a chunk, so that a frame has two.
WIDE = ParticleCloud(normals(6000, 30, seed=75))


def stored(path: Path, *clouds: ParticleCloud, **options: object) -> TrajectoryReader:
    """Reader of a new file with these clouds."""
    with Trajectory.create(path, **options) as writer:
        for step, cloud in enumerate(clouds):
            writer(step, float(step), cloud)
    return Trajectory.open(path)


@pytest.mark.parametrize("cloud", [START, START.to(dtype=torch.float32), WIDE], ids=["double", "single", "wide"])
def test_frames_are_the_clouds_to_the_bit(tmp_path: Path, cloud: ParticleCloud) -> None:
    """Assert that positions and masses come back equal and in their dtype, in frames of one chunk or several."""
    moved = cloud.moved(cloud.positions * 1.5)
    with stored(tmp_path / "run.h5", cloud, moved) as reader:
        for frame, expected in enumerate((cloud, moved)):
            assert torch.equal(reader[frame].positions, expected.positions) and reader[frame].dtype == cloud.dtype
            assert torch.equal(reader[frame].masses, cloud.masses)


def test_positions_are_rounded_on_request(tmp_path: Path) -> None:
    """Assert that dtype=torch.float32 stores float32 positions, and the masses as they are."""
    with stored(tmp_path / "run.h5", START, dtype=torch.float32) as reader:
        assert reader[0].dtype == torch.float32
        assert torch.equal(reader[0].positions, START.positions.float())
    with h5py.File(tmp_path / "run.h5", "r") as file:
        assert file["particles/cloud/position/value"].dtype == "float32"
        assert file["particles/cloud/mass"][:].tolist() == START.masses.tolist()
    with Trajectory.append(tmp_path / "run.h5") as writer:
        assert writer.last[2].dtype == torch.float64
        assert torch.equal(writer.last[2].positions, START.positions.float().double())
        writer(1, 1.0, START)


def test_moving_masses_are_part_of_the_frames(tmp_path: Path) -> None:
    """Assert that every frame has the masses it had, also after an append."""
    clouds = [START, START.reweighted(START.masses.flip(0)), START.reweighted(torch.full_like(START.masses, 0.2))]
    path = tmp_path / "run.h5"
    stored(path, *clouds[:2], moving_masses=True).close()
    with Trajectory.append(path) as writer:
        assert torch.equal(writer.last[2].masses, clouds[1].masses)
        writer(2, 2.0, clouds[2])
    with Trajectory.open(path) as reader:
        assert all(torch.equal(frame.masses, cloud.masses) for frame, cloud in zip(reader, clouds, strict=True))


def test_equal_masses_of_another_tensor_are_accepted(tmp_path: Path) -> None:
    """Assert that masses are compared by value, not by the tensor that holds them."""
    with stored(tmp_path / "run.h5", START, ParticleCloud(START.positions, START.masses.clone())) as reader:
        assert len(reader) == 2


BROKEN = START.moved(torch.where(START.positions == START.positions[0, 0], torch.nan, START.positions))

REFUSED = [
    (ParticleCloud(normals(4, 2, seed=1)), "A cloud of 4 particles in 2 dimensions came for .*run.h5, which holds 5"),
    (ParticleCloud(normals(5, 3, seed=1), unequal(5)), "A cloud of 5 particles in 3 dimensions came for .*run.h5, whi"),
    (START.to(dtype=torch.float32), "A cloud in torch.float32 came for .*run.h5, whose run is in torch.float64; conv"),
    (START.reweighted(START.masses.flip(0)), "A cloud with other masses came for .*run.h5, where masses are fixed; cr"),
    (BROKEN, "Positions that are not finite in torch.float64 came for a frame, which holds finite ones; stop the run"),
]


@pytest.mark.parametrize(("cloud", "sentence"), REFUSED, ids=["count", "dim", "dtype", "masses", "finite"])
@pytest.mark.parametrize("resumed", [False, True])
def test_another_cloud_is_refused(tmp_path: Path, cloud: ParticleCloud, sentence: str, resumed: bool) -> None:
    """Assert that a cloud the file cannot hold is refused, in the first session and after, and leaves no trace."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        writer(0, 0.0, START)
        if not resumed:
            with pytest.raises(TrajectoryError, match=sentence):
                writer(1, 1.0, cloud)
    with Trajectory.append(path) as writer:
        if resumed:
            with pytest.raises(TrajectoryError, match=sentence):
                writer(1, 1.0, cloud)
        writer(1, 1.0, at_step(1))
    with Trajectory.open(path) as reader:
        assert reader.steps.tolist() == [0, 1] and torch.equal(reader[1].positions, at_step(1).positions)


def test_a_cloud_beyond_single_precision_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Assert that rounding to infinity is refused, and that a first cloud that is refused decides nothing."""
    with Trajectory.create(tmp_path / "run.h5", dtype=torch.float32) as writer:
        with pytest.raises(TrajectoryError, match="not finite in torch.float32 came for a frame"):
            writer(0, 0.0, ParticleCloud(torch.full((3, 1), 1e39, dtype=torch.float64)))
        writer(0, 0.0, START)


@pytest.mark.parametrize("moving", [False, True])
def test_masses_of_fewer_frames_are_damage(tmp_path: Path, moving: bool) -> None:
    """Assert that a file without all the masses of its frames is refused."""
    path = tmp_path / "run.h5"
    stored(path, START, START, moving_masses=moving).close()
    with h5py.File(path, "r+") as file:
        if moving:
            file["particles/cloud/mass/value"].resize(1, axis=0)
        else:
            del file["particles/cloud/mass"]
    sentence = "has masses of 1 frames but 2 steps" if moving else "has no dataset mass"
    with pytest.raises(TrajectoryError, match=sentence):
        Trajectory.open(path)


def test_positions_of_another_kind_are_refused(tmp_path: Path) -> None:
    """Assert that positions that are no [frames, particles, dim] of floats are not taken for some."""
    path = played(tmp_path / "run.h5", 2)
    with h5py.File(path, "r+") as file:
        position = file["particles/cloud/position"]
        del position["value"]
        position["value"] = [[1, 2], [3, 4]]
    with pytest.raises(
        TrajectoryError, match=r"has positions of shape \(2, 2\) in int64, but \[frames, particles, dim"
    ):
        Trajectory.open(path)
