"""Addition of groups and growing datasets to a file; a killed process leaves each of them whole or not at all.

Objects are created without a name, flushed, and named last. Naming is a single write into the header of the group
around them.
"""

from collections.abc import Callable, Mapping, Sequence

import h5py
import numpy as np

from particles.trajectory.content.labels import COORDINATE, STEP, TIME, label
from particles.trajectory.layout import COORDINATE_NAME, RECORDS_PER_CHUNK, UNWRITTEN, fixed_text

_PURE_DIMENSION = "This is a netCDF dimension but not a netCDF variable.{:10d}"


def add_group(parent: h5py.Group, name: str, fill: Callable[[h5py.Group], None]) -> h5py.Group:
    """Add a group with the content that `fill` writes into it, and return it."""
    group = parent.create_group(None, track_order=True)
    fill(group)
    parent.file.flush()
    parent[name] = group
    parent.file.flush()
    return parent[name]


def add_text(parent: h5py.Group, name: str, text: str) -> None:
    """Add a scalar dataset of text."""
    dataset = parent.create_dataset(None, data=text, dtype=h5py.string_dtype())
    parent.file.flush()
    parent[name] = dataset
    parent.file.flush()


def add_element(
    group: h5py.Group,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    chunk: tuple[int, ...],
    *,
    dimensions: tuple[h5py.Dataset, ...] | None = None,
    beside: h5py.Group | None = None,
    compression: str | None = None,
    words: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
) -> None:
    """Make an empty group an H5MD element {step, time, value} for records of one shape and dtype.

    The dimension of records is their time, which increases; several records of one step share its number.

    `chunk` is the chunk of value [records, *shape]. `dimensions` are the scales of the axes of a record; with None the
    element gets scales of its own, called component, component_1, ... `beside` is the group of an element sampled at
    the same steps, whose step and time are shared by hard links, as H5MD asks. `words` are attributes of value
    (`labels`). `names` are names of the places along its last axis and are stored beside it.
    """
    parts: dict[str, h5py.Dataset] = {}
    if beside is None:
        parts["step"] = _growing(group, (), np.dtype(np.int64), (RECORDS_PER_CHUNK,), empty=UNWRITTEN)
        parts["time"] = _growing(group, (), np.dtype(np.float64), (RECORDS_PER_CHUNK,))
        parts["time"].make_scale("time")
        label(parts["time"], TIME)
        label(parts["step"], STEP)
        parts["step"].dims[0].attach_scale(parts["time"])
    else:
        parts |= {"step": beside["step"], "time": beside["time"]}
    if dimensions is None:
        axes = [f"component_{axis}" if axis else "component" for axis in range(len(shape))]
        parts |= {name: pure_dimension(group, None, size) for name, size in zip(axes, shape, strict=True)}
        dimensions = tuple(parts[name] for name in axes)
    parts["value"] = _growing(group, shape, dtype, chunk, compression=compression)
    label(parts["value"], words or {})
    parts["value"].attrs["coordinates"] = fixed_text("step")
    for axis, scale in enumerate((parts["time"], *dimensions)):
        parts["value"].dims[axis].attach_scale(scale)
    if names:
        parts[COORDINATE_NAME] = _named(group, names, dimensions[-1])
        parts["value"].attrs["coordinates"] = fixed_text(f"step {COORDINATE_NAME}")
    group.file.flush()
    for name, dataset in parts.items():
        group[name] = dataset
    group.file.flush()


def add_names(group: h5py.Group, names: Sequence[str], dimension: h5py.Dataset) -> None:
    """Add names of the places along the last axis to an element that has none."""
    dataset = _named(group, names, dimension)
    group.file.flush()
    group[COORDINATE_NAME] = dataset
    group.file.flush()


def _named(group: h5py.Group, names: Sequence[str], dimension: h5py.Dataset) -> h5py.Dataset:
    dataset = group.create_dataset(None, data=list(names), dtype=h5py.string_dtype())
    label(dataset, COORDINATE)
    dataset.dims[0].attach_scale(dimension)
    return dataset


def pure_dimension(group: h5py.Group, name: str | None, size: int) -> h5py.Dataset:
    """Create a dimension scale of fixed size without values; it takes no space for values in the file."""
    scale = group.create_dataset(name, shape=(size,), dtype=">f4")
    scale.make_scale(_PURE_DIMENSION.format(size))
    return scale


def _growing(
    group: h5py.Group,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    chunk: tuple[int, ...],
    *,
    empty: int = 0,
    compression: str | None = None,
) -> h5py.Dataset:
    """A dataset [1, *shape] without a name, with space for a first record that is written later.

    Thus the index of its chunks is on disk before the dataset has a name, and the first record is written like any
    other.
    """
    dataset = group.create_dataset(
        None,
        shape=(1, *shape),
        maxshape=(None, *shape),
        dtype=dtype,
        chunks=chunk,
        fillvalue=empty,
        compression=compression,
    )
    dataset[(0,) * dataset.ndim] = empty
    return dataset
