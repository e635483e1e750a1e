"""The plane in which particles are drawn: coordinates by number, and principal directions by their definition."""

from pathlib import Path

import numpy as np
import pytest
import torch

from particles import ParticleCloud, Trajectory
from runs.recorded.plane import FIRST, plane_of
from runs.system.refusal import Refusal
from tests.draws import normals
from tests.runs.inspect.recorded import position, recorded


def cloud_file(path: Path, positions: torch.Tensor, masses: torch.Tensor) -> Path:
    """A trajectory of frames at positions [frames, particles, dim]."""
    with Trajectory.create(path) as writer:
        for step, frame in enumerate(positions):
            writer(step, float(step), ParticleCloud(frame, masses))
    return path


def test_first_two_coordinates_by_default(tmp_path: Path) -> None:
    """Assert that nothing asked for is the first two, and two numbers are those, under the file's own names."""
    with Trajectory.open(recorded(tmp_path / "a.h5", dim=4)) as trajectory:
        assert plane_of(trajectory) is FIRST
        np.testing.assert_array_equal(FIRST.of(position(1, dim=4)), position(1, dim=4)[:, :2])
        plane = plane_of(trajectory, "3, 0")
        assert plane.labels == ("theta_3", "theta_0")
        np.testing.assert_array_equal(plane.of(position(1, dim=4)), position(1, dim=4)[:, [3, 0]])


@pytest.mark.parametrize(("count", "dim"), [(30, 5), (4, 12)])
def test_principal_directions_are_those_of_numpy(tmp_path: Path, count: int, dim: int) -> None:
    """Assert that they are eigenvectors of the covariance by mass of first and last frame, whichever is the larger."""
    masses = normals(count, seed=1).abs()
    masses = masses / masses.sum()
    frames = torch.stack([normals(count, dim, seed=seed) * torch.arange(1.0, dim + 1.0) for seed in (2, 3, 4)])
    with Trajectory.open(cloud_file(tmp_path / "a.h5", frames, masses)) as trajectory:
        plane = plane_of(trajectory, "PCA")
    points = torch.cat([frames[0], frames[-1]]).numpy()
    covariance = np.cov(points.T, aweights=np.tile(masses.numpy(), 2), ddof=0)
    variances, vectors = np.linalg.eigh(covariance)
    found = plane.of(frames[0])
    middle = np.average(points, axis=0, weights=np.tile(masses.numpy(), 2))
    for place in (0, 1):
        direction = vectors[:, -1 - place] * np.sign(vectors[np.abs(vectors[:, -1 - place]).argmax(), -1 - place])
        np.testing.assert_allclose(found[:, place], (frames[0].numpy() - middle) @ direction, rtol=1e-9, atol=1e-9)
        share = 100.0 * variances[-1 - place] / variances.sum()
        assert plane.labels[place] == f"{('1st', '2nd')[place]} principal direction, {share:.0f} %"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("0", "Coordinates '0' are neither two numbers nor pca: write --coordinates 0,2"),
        ("a,b", "Coordinates 'a,b' are neither"),
        ("0,1,2", "Coordinates '0,1,2' are neither"),
        ("0,3", "Coordinates 0 and 3 were asked for, but two different ones from 0 to 2 are needed"),
        ("1,1", "Coordinates 1 and 1 were asked for"),
        ("-1,0", "Coordinates '-1,0' are neither"),
    ],
)
def test_other_planes_are_refused(tmp_path: Path, asked: str, said: str) -> None:
    """Assert that a text that names no plane is refused, with one that does."""
    with (
        Trajectory.open(recorded(tmp_path / "a.h5", dim=3)) as trajectory,
        pytest.raises(Refusal, match=said),
    ):
        plane_of(trajectory, asked)


def test_particles_without_a_plane_are_refused(tmp_path: Path) -> None:
    """Assert that one coordinate is too few, and that places beyond all bounds have no principal directions."""
    with (
        Trajectory.open(recorded(tmp_path / "a.h5", dim=1)) as trajectory,
        pytest.raises(Refusal, match="There is no frame of particles with two coordinates"),
    ):
        plane_of(trajectory, "pca")
