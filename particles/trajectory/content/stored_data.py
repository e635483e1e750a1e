"""The data of a run inside its file, stored where they are few, so that f can be compared with them without us."""

from typing import Any

import h5py
import numpy as np
import torch

from particles.risk.dataset import Dataset
from particles.trajectory.content.creation import pure_dimension
from particles.trajectory.files.checked_nodes import check_size, child_dataset, child_group, has
from particles.trajectory.layout import PARAMETERS

#: Largest number of bytes of data that are stored: 2,700 inputs in the plane with one target, or 160 of 50 coordinates.
DATA_BYTES = 2**16

DATA = "data"
#: The parts of data, each with the dimensions of its axes.
PARTS = {"inputs": ("datum", "input"), "targets": ("datum", "output"), "weights": ("datum",)}
#: Names that data may have, each with its dimension: texts, numbers for numeric classes, bytes for truth values.
NAMES = {"input_names": "input", "target_names": "output", "classes": "output"}


def kept_data(flow: object) -> Dataset | None:
    """The data of the flow's risk if they take at most `DATA_BYTES`; None otherwise and for a flow without a risk."""
    data = getattr(getattr(flow, "risk", None), "data", None)
    if not isinstance(data, Dataset):
        return None
    size = sum(getattr(data, name).nbytes for name in PARTS)
    return data if size <= DATA_BYTES else None


def write_data(file: h5py.File, data: Dataset) -> None:
    """Write inputs [datum, input], targets [datum, output] and weights [datum] in their dtype below the parameters.

    If the data have them, names of inputs [input], targets and classes [output] are written too.
    """
    group = child_group(file, PARAMETERS).create_group(DATA)
    sizes = {"datum": data.count, "input": data.inputs.shape[1], "output": data.outputs}
    scales = {name: pure_dimension(group, name, size) for name, size in sizes.items()}
    for name, dimensions in PARTS.items():
        values = group.create_dataset(name, data=getattr(data, name).detach().cpu().numpy())
        for axis, dimension in enumerate(dimensions):
            values.dims[axis].attach_scale(scales[dimension])
    for name, dimension in NAMES.items():
        names = getattr(data, name)
        if names is not None:
            kind = np.uint8 if isinstance(names[0], bool) else None
            written = [*map(str, names)] if isinstance(names[0], str) else np.array(names, dtype=kind)
            group.create_dataset(name, data=written).dims[0].attach_scale(scales[dimension])


def read_data(file: h5py.File) -> Dataset | None:
    """The data in a file, or None; raises TrajectoryError for links and damage, ValueError for wrong numbers."""
    parameters = child_group(file, PARAMETERS)
    if not has(parameters, DATA):
        return None
    group = child_group(parameters, DATA)
    parts: dict[str, Any] = {name: torch.from_numpy(_values(group, name)) for name in PARTS}
    return Dataset(**parts, **{name: _names(group, name) for name in NAMES if has(group, name)})


def _names(group: h5py.Group, name: str) -> list[Any]:
    values = _values(group, name)
    names: list[Any] = (values.astype(bool) if values.dtype == np.uint8 else values).tolist()
    return names


def _values(group: h5py.Group, name: str) -> np.ndarray:
    """All values of a dataset, with text as str."""
    dataset = child_dataset(group, name)
    check_size(dataset)
    values: np.ndarray = dataset.asstr()[()] if h5py.check_string_dtype(dataset.dtype) else dataset[()]
    return values
