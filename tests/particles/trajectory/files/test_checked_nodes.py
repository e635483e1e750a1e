"""Links lead nowhere, and no size that a file declares is believed beyond what the file holds."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory
from tests.particles.trajectory.plays import START, played

POSITION = "particles/cloud/position"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A run of six steps."""
    return played(tmp_path / "run.h5", 6)


def external_link(file: h5py.File, outside: Path) -> None:
    """Positions that are a link to another file."""
    del file[f"{POSITION}/value"]
    file[f"{POSITION}/value"] = h5py.ExternalLink(str(outside), f"{POSITION}/value")


def soft_link(file: h5py.File, outside: Path) -> None:
    """Positions that are a symbolic link."""
    file.move(f"{POSITION}/value", "elsewhere")
    file[f"{POSITION}/value"] = h5py.SoftLink("/elsewhere")


def linked_group(file: h5py.File, outside: Path) -> None:
    """Observables that are a link to another file."""
    del file["observables"]
    file["observables"] = h5py.ExternalLink(str(outside), "observables")


def virtual(file: h5py.File, outside: Path) -> None:
    """Positions that are a view into another file."""
    layout = h5py.VirtualLayout((4, 5, 2), np.float64)
    layout[:] = h5py.VirtualSource(str(outside), f"{POSITION}/value", (4, 5, 2))
    del file[f"{POSITION}/value"]
    file.create_virtual_dataset(f"{POSITION}/value", layout)


def external_storage(file: h5py.File, outside: Path) -> None:
    """Positions whose bytes are those of another file."""
    del file[f"{POSITION}/value"]
    file.create_dataset(f"{POSITION}/value", (4, 5, 2), np.float64, external=[(str(outside), 0, 320)])


def objects(file: h5py.File, outside: Path) -> None:
    """Positions that are a compound type."""
    del file[f"{POSITION}/value"]
    file[f"{POSITION}/value"] = np.zeros((4, 5, 2), dtype=[("opaque", "V8")])


def linked_cloud(file: h5py.File, outside: Path) -> None:
    """Frames that are a link to another file."""
    del file["particles/cloud"]
    file["particles/cloud"] = h5py.ExternalLink(str(outside), "particles/cloud")


def linked_masses(file: h5py.File, outside: Path) -> None:
    """Masses that are a link to another file."""
    del file["particles/cloud/mass"]
    file["particles/cloud/mass"] = h5py.ExternalLink(str(outside), "particles/cloud/mass")


def linked_particles(file: h5py.File, outside: Path) -> None:
    """A group that is a link into another file, with our frames behind it."""
    del file["particles"]
    file["particles"] = h5py.ExternalLink(str(outside), "particles")


def cycle(file: h5py.File, outside: Path) -> None:
    """A group that holds itself in place of masses."""
    del file["particles/cloud/mass"]
    file["particles/cloud/mass"] = file["particles/cloud"]


def huge_masses(file: h5py.File, outside: Path) -> None:
    """Masses of a size that no memory holds, of which nothing was written."""
    del file["particles/cloud/mass"]
    file["particles/cloud"].create_dataset("mass", (2**45,), np.float64, chunks=(1024,))


def huge_steps(file: h5py.File, outside: Path) -> None:
    """As many records as no memory holds, the last of them written."""
    for name in ("step", "time", "value"):
        dataset = file[f"{POSITION}/{name}"]
        dataset.resize(2**40, axis=0)
    file[f"{POSITION}/step"][-1] = 1


def huge_text(file: h5py.File, outside: Path) -> None:
    """Parameters of a fixed length that no memory holds."""
    del file["parameters/configuration"]
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(2**31 - 1)
    h5py.h5d.create(file["parameters"].id, b"configuration", kind, h5py.h5s.create(h5py.h5s.SCALAR))


@pytest.mark.parametrize("plant", [huge_masses, huge_steps, huge_text, cycle])
def test_declared_sizes_beyond_the_file_are_refused(
    tmp_path: Path, path: Path, plant: Callable[[h5py.File, Path], None]
) -> None:
    """Assert that reading everything asks for no more memory than the file is long, and ends in our sentence."""
    with h5py.File(path, "r+") as file:
        plant(file, tmp_path)
    sentence = r"declares \d+ bytes in /\S+ but is \d+ bytes long|no dataset"
    with pytest.raises(TrajectoryError, match=sentence), Trajectory.open(path) as reader:
        list(reader), dict(reader.observables), reader.parameters


@pytest.mark.parametrize("compression", ["gzip", "lzf"])
def test_compressed_frames_may_be_larger_than_their_file(tmp_path: Path, compression: str) -> None:
    """Assert that frames of zeros, which compress a thousandfold, are read."""
    with Trajectory.create(tmp_path / "zeros.h5", compression=compression) as writer:
        for step in range(50):
            writer(step, float(step), START.moved(torch.zeros_like(START.positions)))
    with Trajectory.open(tmp_path / "zeros.h5") as reader:
        assert len(list(reader)) == 50


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (linked_cloud, "has a link instead of content at /particles/cloud"),
        (linked_masses, "has a link instead of content at /particles/cloud/mass"),
        (linked_particles, "has a link instead of content at /particles"),
        (external_link, "has a link instead of content at /particles/cloud/position/value, so it is not a trajectory"),
        (soft_link, "has a link instead of content at /particles/cloud/position/value"),
        (linked_group, "has a link instead of content at /observables"),
        (virtual, "has values of /particles/cloud/position/value outside the file"),
        (external_storage, "has values of /particles/cloud/position/value outside the file"),
        (objects, "has neither numbers nor text in /particles/cloud/position/value"),
    ],
)
def test_nothing_outside_the_file_is_followed(
    tmp_path: Path, path: Path, plant: Callable[[h5py.File, Path], None], sentence: str
) -> None:
    """Assert that links, views and foreign types in place of our datasets are refused."""
    outside = played(tmp_path / "outside.h5", 6)
    with h5py.File(path, "r+") as file:
        plant(file, outside)
    with pytest.raises(TrajectoryError, match=sentence):
        Trajectory.open(path)
