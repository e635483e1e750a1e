"""The frames of a file: positions and masses of one moving cloud, written and read under particles/cloud."""

from collections.abc import Iterator, Sequence

import h5py
import numpy as np
import torch

from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.trajectory.content.creation import add_element, add_group, pure_dimension
from particles.trajectory.content.element import Element
from particles.trajectory.content.labels import MASS, POSITION, coordinate_names, label
from particles.trajectory.content.provenance import device_name
from particles.trajectory.content.row_writer import Rows
from particles.trajectory.files.checked_nodes import check_size, child, child_dataset, child_group, json_object
from particles.trajectory.layout import CLOUD, CONFIGURATION, PARAMETERS, PARTICLES, Options, fixed_text, frame_chunk

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Frames:
    """Access to the recorded positions [frames, particles, dim] and masses of a file."""

    def __init__(self, file: h5py.File) -> None:
        """Read the frames of a file; raises TrajectoryError where they do not have our layout."""
        cloud = child_group(file, CLOUD)
        self.position = Element(child_group(cloud, "position"))
        value = self.position.value
        if value.ndim != 3 or str(value.dtype) not in _DTYPES:
            raise TrajectoryError(
                f"{file.filename} has positions of shape {value.shape} in {value.dtype}, but [frames, particles, dim] "
                "in float64 or float32 is needed; give a file that we wrote."
            )
        self.moving = isinstance(child(cloud, "mass"), h5py.Group)
        self.mass: h5py.Dataset = child_dataset(cloud, "mass/value" if self.moving else "mass")
        check_size(self.mass, len(self) if self.moving else None)
        if self.moving and len(self.mass) < len(self):
            raise TrajectoryError(
                f"{file.filename} has masses of {len(self.mass)} frames but {len(self)} steps, as only a damaged file "
                "has; restore it from a copy."
            )
        self.dtype = _DTYPES[bytes(value.attrs["cloud_dtype"]).decode()]
        self._fixed_masses = None if self.moving else torch.from_numpy(self.mass[()])
        self._accepted: torch.Tensor | None = None
        self._sample: ParticleCloud | None = None

    @classmethod
    def create(cls, file: h5py.File, first: ParticleCloud, options: Options) -> "Frames":
        """Create empty datasets for clouds like the first one; raises TrajectoryError if that cannot be a frame."""
        for _ in _stored_positions(first, _DTYPES[options.dtype] if options.dtype else first.dtype):
            pass
        names = coordinate_names(json_object(child_group(file, PARAMETERS), CONFIGURATION), first.dim)
        add_group(child_group(file, PARTICLES), "cloud", lambda group: _fill(group, first, options, names))
        return cls(file)

    def __len__(self) -> int:
        return self.position.length

    @property
    def device(self) -> str:
        """The device of the first cloud, in words."""
        return bytes(self.position.value.attrs["device"]).decode()

    @property
    def count(self) -> int:
        """The number of particles."""
        return int(self.position.value.shape[1])

    @property
    def dim(self) -> int:
        """The number of coordinates of one particle."""
        return int(self.position.value.shape[2])

    def check(self, cloud: ParticleCloud) -> None:
        """Raise TrajectoryError for a cloud of another count, dim or dtype, or of other masses if these are fixed."""
        file = self.position.value.file.filename
        if (cloud.count, cloud.dim) != (self.count, self.dim):
            raise TrajectoryError(
                f"A cloud of {cloud.count} particles in {cloud.dim} dimensions came for {file}, which holds "
                f"{self.count} particles in {self.dim}; write it to a file of its own."
            )
        if cloud.dtype != self.dtype:
            raise TrajectoryError(
                f"A cloud in {cloud.dtype} came for {file}, whose run is in {self.dtype}; convert it with "
                ".to(dtype=...)."
            )
        if not self.moving and not self._has_masses(cloud):
            raise TrajectoryError(
                f"A cloud with other masses came for {file}, where masses are fixed; create the file with "
                "moving_masses=True."
            )

    def put(self, time: float, cloud: ParticleCloud) -> None:
        """Write a frame after the committed ones; raises TrajectoryError for positions that are not finite."""
        self.position.put_parts(_stored_positions(cloud, _DTYPES[str(self.position.value.dtype)]), time)
        if self.moving:
            Rows(self.mass).put(len(self), np.asarray(cloud.masses.detach().cpu(), dtype=self.mass.dtype))

    def trim(self, length: int) -> None:
        """Cut positions, and masses where they move, to the first `length` frames."""
        self.position.trim(length)
        if self.moving and len(self.mass) != length:
            self.mass.resize(length, axis=0)

    def cloud(self, index: int, dtype: torch.dtype | None = None) -> ParticleCloud:
        """The cloud [particles, dim] of one frame, in main memory, in the stored dtype unless another is given."""
        positions = torch.from_numpy(self.position.value[index]).to(dtype=dtype)
        if self._fixed_masses is None:
            return ParticleCloud(positions, torch.from_numpy(self.mass[index]))
        if self._sample is None or self._sample.dtype != positions.dtype:
            self._sample = ParticleCloud(positions, self._fixed_masses)
        return self._sample.moved(positions)

    def _has_masses(self, cloud: ParticleCloud) -> bool:
        """Whether the cloud has the masses of the file; the tensor that was accepted last is not compared again."""
        if cloud.masses is not self._accepted:
            held = self._fixed_masses
            rows = cloud.rows(cloud.masses)
            if held is None or not all(torch.equal(masses.detach().cpu(), held[part]) for part, masses in rows):
                return False
            self._accepted = cloud.masses
        return True


def _stored_positions(cloud: ParticleCloud, dtype: torch.dtype) -> Iterator[tuple[slice, np.ndarray]]:
    """Slices of particles with their positions in the stored dtype; raises TrajectoryError where not finite in it."""
    for part, rows in cloud.rows(cloud.positions):
        positions = rows.detach().to(device="cpu", dtype=dtype)
        if not bool(torch.isfinite(positions.sum())) and not bool(torch.isfinite(positions).all()):
            raise TrajectoryError(
                f"Positions that are not finite in {dtype} came for a frame, which holds finite ones; stop the run "
                "where it diverges."
            )
        yield part, positions.numpy()


def _fill(group: h5py.Group, first: ParticleCloud, options: Options, names: Sequence[str]) -> None:
    """Fill the group of a cloud: an open box, dimensions, empty frames and, if they are fixed, the masses."""
    box = group.create_group("box")
    box.attrs["dimension"] = np.int64(first.dim)
    box.attrs["boundary"] = np.full(first.dim, b"none")
    particle = pure_dimension(group, "particle", first.count)
    coordinate = pure_dimension(group, "coordinate", first.dim)
    own = np.dtype(str(first.dtype).removeprefix("torch."))
    stored = np.dtype(options.dtype or own)
    chunk = frame_chunk(first.count, first.dim, stored.itemsize)
    position = group.create_group("position", track_order=True)
    shape = (first.count, first.dim)
    axes = (particle, coordinate)
    packed = options.compression
    add_element(position, shape, stored, chunk, dimensions=axes, compression=packed, words=POSITION, names=names)
    position["value"].attrs["cloud_dtype"] = fixed_text(own.name)
    position["value"].attrs["device"] = fixed_text(device_name(first.device))
    if options.moving_masses:
        mass_chunk = frame_chunk(first.count, 1, own.itemsize)[:2]
        mass = group.create_group("mass", track_order=True)
        add_element(mass, shape[:1], own, mass_chunk, dimensions=(particle,), beside=position, words=MASS)
    else:
        fixed = group.create_dataset("mass", shape=shape[:1], dtype=own)
        for part, masses in first.rows(first.masses):
            fixed[part] = masses.detach().cpu().numpy()
        fixed.dims[0].attach_scale(particle)
        label(fixed, MASS)
