"""Export to a plain H5MD file with three coordinates of each particle, for programs of molecular dynamics."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from particles.trajectory.content.provenance import distribution_version
from particles.trajectory.layout import frame_chunk, write_identity
from particles.trajectory.reader import Series, TrajectoryReader

#: Name of the group under /particles; MDAnalysis reads the number of particles only from there.
GROUP = "trajectory"
#: Number of coordinates of a point in such programs.
DIMENSION = 3
#: Names that MDAnalysis uses for other values of a frame; an observable of such a name gets an underscore.
TAKEN = ("step", "time", "dt", "time_offset")


def write_molecular(
    path: Path, trajectory: TrajectoryReader, coordinates: Sequence[int], texts: Mapping[str, str]
) -> None:
    """Write three coordinates of every frame to an H5MD 1.1 file, one frame in memory at a time.

    `coordinates` are up to three column numbers of the positions; missing coordinates are zero. Masses are the H5MD
    element `mass`, [particles] or [frames, particles]. An observable has a value for each frame, NaN where it has no
    record at the frame's step and time, and is left out where it has none at any frame. `texts` are stored under
    /parameters by name. No value has a unit. An existing file is overwritten. Raises OSError where the path cannot be
    written, TrajectoryError where the trajectory cannot be read.
    """
    steps, times = trajectory.steps, trajectory.times
    with h5py.File(path, "w") as file:
        write_identity(file, distribution_version())
        parameters = file.create_group("parameters")
        parameters["coordinates"] = np.array(coordinates, dtype=np.int64)
        for name, text in texts.items():
            parameters.create_dataset(name, data=text, dtype=h5py.string_dtype())
        group = file.create_group(f"particles/{GROUP}")
        box = group.create_group("box")
        box.attrs["dimension"] = np.int64(DIMENSION)
        box.attrs["boundary"] = np.full(DIMENSION, b"none")
        position = group.create_group("position")
        position["step"], position["time"] = steps, times
        _write_frames(group, trajectory, coordinates)
        observables = file.create_group("observables")
        for name, series in trajectory.observables.items():
            values = at_frames(series, steps, times)
            if values is not None:
                _element(observables, name + "_" * (name in TAKEN), position)["value"] = values


def at_frames(series: Series, steps: np.ndarray, times: np.ndarray) -> np.ndarray | None:
    """Values [frames, ...] of an observable at the frames' steps and times.

    A frame without a record has NaN, and then the values are float64; otherwise they keep their dtype. None where no
    frame has a record.
    """
    places = {
        moment: index for index, moment in enumerate(zip(series.steps.tolist(), series.times.tolist(), strict=True))
    }
    found = [places.get(moment, -1) for moment in zip(steps.tolist(), times.tolist(), strict=True)]
    numbers = np.array(found, dtype=np.int64)
    recorded = numbers >= 0
    if not recorded.any():
        return None
    if recorded.all():
        return np.asarray(series.values[numbers])
    values = np.full((len(steps), *series.values.shape[1:]), np.nan)
    values[recorded] = series.values[numbers[recorded]]
    return values


def _write_frames(group: h5py.Group, trajectory: TrajectoryReader, coordinates: Sequence[int]) -> None:
    """Write positions frame by frame, and masses: fixed ones once, moving ones frame by frame."""
    first = trajectory[0]
    frames = len(trajectory)
    own = first.positions.numpy().dtype
    value = group["position"].create_dataset(
        "value",
        (frames, first.count, DIMENSION),
        own,
        chunks=frame_chunk(first.count, DIMENSION, own.itemsize),
    )
    masses = None
    if trajectory.has_moving_masses:
        masses = _element(group, "mass", group["position"]).create_dataset("value", (frames, first.count), own)
    else:
        group["mass"] = first.masses.numpy()
    columns = list(coordinates)
    for number, cloud in enumerate(trajectory):
        points = np.zeros((first.count, DIMENSION), own)
        points[:, : len(columns)] = cloud.positions.numpy()[:, columns]
        value[number] = points
        if masses is not None:
            masses[number] = cloud.masses.numpy()


def _element(parent: h5py.Group, name: str, beside: h5py.Group) -> h5py.Group:
    """A group for an element that shares step and time with another one by hard links."""
    group = parent.create_group(name)
    group["step"], group["time"] = beside["step"], beside["time"]
    return group
